"""The main path: model -> program -> build -> pictures -> predictions -> reference -> verdict.

Each step takes a frozen record and returns one; an exception stops the path and says why.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from boardless import (
    boards,
    build,
    compare,
    compiler,
    emulators,
    pictures,
    records,
    reference,
    run,
    zoo,
)
from boardless.emulators import serial_port
from boardless.errors import BadInput, ToolMissing
from boardless.link.faults import Faults


@dataclass(frozen=True)
class Request:
    """One model on one board, as asked for on the command line."""

    model: str
    board: str
    emulator: str | None = None
    images: Path | None = None
    limit: int | None = None
    pixels: str | None = None
    link: str | None = None
    port: str | None = None  # of a real board, instead of an emulator
    baud: int | None = None
    jobs: int | None = None
    bad_line: Faults | None = None
    fold: bool = True  # channels that carry no information are taken out
    keep_input: bool = False  # the server then needs no copy of the picture
    cancel: threading.Event = field(default_factory=threading.Event)  # ends it from another thread


Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


def firmware(request: Request, progress: Progress) -> tuple[zoo.Model, records.Build, str]:
    """(model, build, emulator) of a request: all that `serve` needs."""
    model = zoo.find(request.model)
    board = boards.load(request.board)
    wanted = request.emulator
    if request.port:
        board, wanted = serial_port.on_port(board, request.port, request.baud), "serial_port"
    emulator = choose_emulator(board, wanted)
    program = compiler.compile_graph(
        model.graph, board.twins, fold=request.fold, keep_input=request.keep_input
    )
    progress("building", 0, 0)
    return model, build.build(program, board), emulator


def evaluate(request: Request, progress: Progress) -> tuple[records.Run, records.Verdict]:
    """Runs one request from the .tflite to the verdict."""
    began = time.monotonic()
    model, built, emulator = firmware(request, progress)
    fed = pictures.load(model, request.images, request.limit, request.pixels)
    done = 0

    def advance(what: str) -> Callable[[int], None]:
        def step(n: int) -> None:
            nonlocal done
            done += n
            progress(what, done, 2 * len(fed))

        step(0)
        return step

    expected = reference.predict(model.content, fed.inputs, advance("reference"))
    options = run.Options(
        emulator=emulator,
        link=request.link,
        jobs=1 if run.hardware(emulators.load(emulator)) else request.jobs or os.cpu_count() or 1,
        bad_line=request.bad_line,
        cancel=request.cancel,
    )
    outputs, counts, stack_bytes, seconds = run.run(built, fed, options, advance("inferring"))
    result = records.Run(
        build=built,
        emulator=emulator,
        emulator_version=emulators.load(emulator).version(built.board),
        link=run.choose_link(built, options),
        pictures=fed,
        outputs=outputs,
        reference=expected,
        counts=counts,
        stack_bytes=stack_bytes,
        seconds={"build": built.seconds, **seconds, "total": time.monotonic() - began},
    )
    return result, compare.compare(outputs, expected, fed.labels)


def footprint(request: Request, progress: Progress) -> tuple[records.Build, int]:
    """(build, deepest stack in bytes) of one inference on a random input."""
    model, built, emulator = firmware(request, progress)
    source = model.graph.input_tensor
    noise = np.random.default_rng(0).integers(-128, 128, (1, *source.shape[1:]))
    fed = records.Pictures(noise.astype(source.dtype), labels=None, origin="noise")
    _, _, stack_bytes, _ = run.run(built, fed, run.Options(emulator=emulator), lambda _: None)
    return built, stack_bytes


def choose_emulator(board: records.Board, wanted: str | None) -> str:
    """The emulator asked for, else the board's first that is installed."""
    if wanted is not None:
        if wanted not in board.emulators:
            raise BadInput(
                f"board {board.name} does not run on {wanted}",
                hint=f"it runs on {', '.join(sorted(board.emulators))}",
            )
        emulators.load(wanted).version(board)  # says what is missing
        return wanted
    problems = []
    for name in board.emulators:
        try:
            emulators.load(name).version(board)
            return name
        except ToolMissing as error:
            problems.append(error)
    raise problems[0] if problems else BadInput(f"board {board.name} names no emulator")
