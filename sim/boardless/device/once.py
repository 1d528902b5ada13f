"""Asks a firmware one question, on an emulator of its board.

answer(build, bytes(build.input_bytes))
"""

from __future__ import annotations

import dataclasses

from boardless.core.errors import BadInput
from boardless.device import emulators
from boardless.device.records import Board, Build
from boardless.device.run import Options, open_client


def answer(build: Build, given: bytes) -> bytes:
    """Returns the output bytes of one inference, with `given` as its input. BadInput where the
    board has no emulator, ToolMissing where it is not installed."""
    options = Options(_emulator(build.board), link="uart", cycles=False)
    with open_client(build, options, shared=False) as client:
        return client.predict(given)[1]


def _emulator(board: Board) -> str:
    known = {k: v for k, v in board.emulators.items() if not emulators.hardware(emulators.load(k))}
    if not known:
        raise BadInput("this runtime needs an emulator", where=f"board {board.name}")
    return emulators.choose(dataclasses.replace(board, emulators=known))
