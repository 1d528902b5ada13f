"""The path's first step: from a request to a firmware, and what will run it.

prepared = prepare(Request("digits_cnn:int8", "mps2-an386"))
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass

from boardless import runtimes
from boardless.core.errors import BoardlessError, TooSmall
from boardless.cycles import cores, estimate, parts
from boardless.cycles.estimate import Target
from boardless.device import boards, emulators, foreign
from boardless.device.emulators import serial_port
from boardless.device.records import Build
from boardless.model import profiles, zoo
from boardless.model.reference import followed
from boardless.path.request import PICTURES, Progress, Request, quiet


@dataclass(frozen=True)
class Prepared:
    """A firmware that waits for pictures."""

    request: Request
    model: zoo.Model
    build: Build
    emulator: str
    targets: tuple[Target, ...]  # what cycles are estimated for
    began: float  # time.monotonic()


def prepare(request: Request, progress: Progress = quiet, build: Build | None = None) -> Prepared:
    """Reads the model and builds its firmware, unless it is given. Says what is wrong with the
    request, or missing on this machine, before it builds."""
    began = time.monotonic()
    wanted = targets(request)
    profiles.load(request.reference).need()
    model = followed.find(request.model, request.reference)
    board = boards.load(request.board)
    emulator = request.emulator
    if request.port:
        board = serial_port.on_port(board, request.port, request.baud, request.clock)
        emulator = "serial_port"
    chosen = emulators.choose(board, emulator)
    progress("building", 0, 0)
    runtime = runtimes.load(request.runtime)
    if request.elf:
        build = foreign.described(
            request.elf, board, model.graph, request.region, uint8=request.uint8
        )
    if build is None:
        graph = model.graph.replace(keeps_states=request.keep_state)
        build = runtime.build(
            graph,
            board,
            content=model.content,
            fold=request.fold,
            keep_input=request.keep_input,
        )
    return Prepared(request, model, build, chosen, wanted, began)


def build_ahead(
    requests: Sequence[Request], progress: Progress = quiet
) -> list[Build | TooSmall | None]:
    """Returns the firmwares of requests that differ in nothing but their models: together takes
    less time than one after another. Where there is None, `prepare` says why."""
    progress("building", 0, 0)
    found: list[Build | TooSmall | None] = [None] * len(requests)
    graphs = {}
    for number, request in enumerate(requests):
        with contextlib.suppress(BoardlessError):
            model = followed.find(request.model, request.reference)
            graphs[number] = model.graph, model.content
    one = requests[0]
    with contextlib.suppress(BoardlessError):
        board, runtime = boards.load(one.board), runtimes.load(one.runtime)
        emulators.choose(board, one.emulator)
        together = runtime.build_together(
            [*graphs.values()], board, fold=one.fold, keep_input=one.keep_input
        )
        for number, build in zip(graphs, together, strict=True):
            found[number] = build
    return found


def targets(request: Request) -> tuple[Target, ...]:
    """Returns the cores and parts to estimate cycles for; BadInput for unknown ones. Without names
    they are the board's own core and, where a user has asked for the pictures, the part that it
    carries; the gate judges cycles of the core alone. Memory that never waits adds nothing to the
    core's cycles, so a part without flash is left out."""
    if request.cores or request.parts:
        found = estimate.targets(request.cores, request.parts)
        return tuple(target.at(request.clock) for target in found) if request.clock else found
    board = boards.load(request.board)
    carried = [board.part] if PICTURES in request.sets and _waits(board.part) else []
    return estimate.targets([board.core] if board.core in cores.names() else [], carried)


def _waits(part: str) -> bool:
    return bool(part) and parts.load(part).flash is not None
