"""The path's first step: from a request to a firmware, and what will run it.

prepared = prepare(Request("digits_cnn:int8", "mps2-an386"))
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from boardless import runtimes
from boardless.cycles import cores, estimate
from boardless.cycles.estimate import Target
from boardless.device import boards, emulators
from boardless.device.emulators import serial_port
from boardless.device.records import Build
from boardless.model import zoo
from boardless.path.request import Progress, Request, quiet


@dataclass(frozen=True)
class Prepared:
    """A firmware that waits for pictures."""

    request: Request
    model: zoo.Model
    build: Build
    emulator: str
    targets: tuple[Target, ...]  # what cycles are estimated for
    began: float  # time.monotonic()


def prepare(request: Request, progress: Progress = quiet) -> Prepared:
    """Reads the model and builds its firmware. Says what is wrong with the request, or missing on
    this machine, before it builds."""
    began = time.monotonic()
    wanted = targets(request)
    model = zoo.find(request.model)
    board = boards.load(request.board)
    emulator = request.emulator
    if request.port:
        board = serial_port.on_port(board, request.port, request.baud, request.clock)
        emulator = "serial_port"
    chosen = emulators.choose(board, emulator)
    progress("building", 0, 0)
    runtime = runtimes.load(request.runtime)
    build = runtime.build(model.graph, board, fold=request.fold, keep_input=request.keep_input)
    return Prepared(request, model, build, chosen, wanted, began)


def targets(request: Request) -> tuple[Target, ...]:
    """Returns the cores and parts to estimate cycles for; BadInput for unknown ones."""
    if request.cores or request.parts:
        found = estimate.targets(request.cores, request.parts)
        return tuple(target.at(request.clock) for target in found) if request.clock else found
    own = boards.load(request.board).core
    return estimate.targets([own] if own in cores.names() else [], [])
