"""The places that a model may fit into: boards, and parts that have no board here.

chosen(("mps2-an386",), ("stm32l4r5",))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from boardless.core.errors import BoardlessError
from boardless.cycles import parts
from boardless.device import boards, build, emulators
from boardless.device import parts as memories
from boardless.device.records import Board
from boardless.front.fit import roomy

HOST = "host"  # the fake board's hal


@dataclass(frozen=True)
class Place:
    """A board, or a part alone. Bytes are what it has, 0 where that is not known."""

    name: str
    kind: str  # "board" or "part"
    core: str
    flash_bytes: int
    ram_bytes: int
    part: str  # by which its milliseconds are estimated, "" where a board's is not known

    @property
    def board(self) -> bool:
        return self.kind == "board"


def chosen(board_names: Sequence[str], part_names: Sequence[str]) -> list[Place]:
    """Returns these boards and parts, or all of both where neither is named; BadInput for unknown
    ones."""
    every = not board_names and not part_names
    names = [*boards.names()] if every else [*dict.fromkeys(board_names)]
    found = [_board(boards.load(name)) for name in names]
    more = parts.names() if every else dict.fromkeys(part_names)
    return [place for place in found if place] + [_part(name) for name in more]


def _board(board: Board) -> Place | None:
    """Returns a board's place; None for the fake board, which has no core of its own."""
    if board.hal == HOST:
        return None
    memory = board.memory
    return Place(board.name, "board", board.core, memory.flash_bytes, memory.ram_bytes, board.part)


def _part(name: str) -> Place:
    core, memory = parts.load(name).core, memories.load(name)
    flash, ram = (memory.flash_bytes, memory.ram_bytes) if memory else (0, 0)
    return Place(name, "part", core, flash, ram, name)


def reference(core: str) -> Board | None:
    """Returns the board on which programs of a core are emulated: the one with most memory. None
    where this machine can emulate none."""
    if name := roomy.of(core):
        return _if_available(boards.load(name))
    own = [b for b in map(boards.load, boards.names()) if b.core == core and b.hal != HOST]
    own.sort(key=lambda board: (-board.memory.ram_bytes, board.name))
    return next((board for board in own if _if_available(board)), None)


def _if_available(board: Board) -> Board | None:
    try:
        build.toolchain(board)
        name = emulators.choose(board)
    except BoardlessError:
        return None
    return None if emulators.hardware(emulators.load(name)) else board
