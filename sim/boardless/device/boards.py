"""Boards: folders with a board.toml, found by name in firmware/boards and in BOARDLESS_BOARDS.

board = load("mps2-an386")
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec

from boardless.core import checked, paths
from boardless.core.errors import BadInput
from boardless.cycles import parts
from boardless.device import emulators
from boardless.device.records import Board, BoardMemory, Toolchain


class BoardFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """board.toml"""

    description: str
    core: str
    hal: str
    toolchain: Toolchain
    memory: BoardMemory
    emulator: dict[str, dict[str, Any]]
    variants: tuple[str, ...] = ()
    default: bool = False
    part: str = ""
    clock_hz: int = 0


def roots() -> list[Path]:
    """Folders that hold board folders; a user's own (BOARDLESS_BOARDS, as PATH) come first."""
    own = os.environ.get("BOARDLESS_BOARDS", "")
    return [*(Path(p).absolute() for p in own.split(os.pathsep) if p), paths.BOARDS]


def names() -> list[str]:
    return sorted({p.parent.name for root in roots() for p in root.glob("*/board.toml")})


def load(name: str) -> Board:
    """The board of this name; BadInput where it is unknown or its file is wrong."""
    for root in roots():
        path = root / name / "board.toml"
        if Path(name).name == name and path.is_file():
            return read(path)
    raise BadInput(f"unknown board {name!r}", hint=f"known boards: {', '.join(names())}")


def read(path: Path) -> Board:
    """Returns the board of a board.toml; BadInput where a field is wrong. Its folder has its
    name."""
    hint = "CONTRIBUTING.md lists the fields"
    file = checked.file(path, BoardFile, hint)
    try:
        settings = {
            name: emulators.load(name).settings(table) for name, table in file.emulator.items()
        }
    except msgspec.ValidationError as error:
        raise BadInput(str(error), where=str(path), hint=hint) from error
    except BadInput as error:
        raise BadInput(error.what, where=str(path), hint=error.hint or hint) from error
    return Board(
        name=path.parent.name,
        folder=path.parent,
        description=file.description,
        core=file.core,
        hal=file.hal,
        variants=file.variants,
        default=file.default,
        part=_part(file, path),
        clock_hz=file.clock_hz,
        toolchain=file.toolchain,
        memory=file.memory,
        emulators=settings,
    )


def _part(file: BoardFile, path: Path) -> str:
    """Returns the part that the board carries, "" where none is named; BadInput where there is no
    table of it, or it has another core."""
    if not file.part:
        return ""
    try:
        core = parts.load(file.part).core
    except BadInput as error:
        raise BadInput(error.what, where=str(path), hint=error.hint) from error
    if core != file.core:
        what = f"part {file.part!r} has a {core}, not a {file.core}"
        raise BadInput(what, where=str(path), hint="leave out `part`, or correct `core`")
    return file.part
