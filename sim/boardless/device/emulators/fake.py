"""The fake board: the firmware is a program of the host. For tests; it counts nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec

from boardless.core import checked
from boardless.device.emulators.base import ProcessSession
from boardless.device.records import Board


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """[emulator.fake] of a board.toml: nothing to set."""


def settings(table: dict[str, object]) -> Settings:
    return checked.convert(table, Settings)


def version(board: Board) -> str:
    return "1"


def start(board: Board, elf: Path, *, shared: bool) -> ProcessSession:
    return ProcessSession.start(
        [str(elf), "@LINE@", "@MEMORY@"],
        line_fd="@LINE@",
        shared_fd="@MEMORY@",
        shared_bytes=board.memory.shared_bytes if shared else 0,
    )


def instructions(board: Board, ticks: int) -> int | None:
    return None
