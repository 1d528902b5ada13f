"""The main path: model -> program -> build -> pictures -> predictions -> reference -> verdict.

Each step takes a frozen record and returns one; an exception stops the path and says why.
"""

from __future__ import annotations

import dataclasses
import os
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from pathlib import Path

import numpy as np

from boardless import runtimes
from boardless.core.errors import BadInput, ToolMissing
from boardless.cycles import cores, estimate
from boardless.cycles.estimate import Cycles, Target
from boardless.data import pictures
from boardless.data.records import Pictures
from boardless.device import boards, emulators, records, run
from boardless.device.emulators import serial_port
from boardless.device.link.faults import Faults
from boardless.judge import predictions
from boardless.model import reference, zoo


@dataclass(frozen=True)
class Request:
    """One model on one board, as asked for on the command line."""

    model: str
    board: str
    _: KW_ONLY
    runtime: str = runtimes.OURS
    emulator: str | None = None
    images: Path | None = None
    limit: int | None = None
    pixels: str | None = None
    link: str | None = None
    port: str | None = None  # of a real board, instead of an emulator
    baud: int | None = None
    flash: bool = False  # put the firmware onto the real board first
    clock: int | None = None  # Hz of the core: of parts that are estimated, of a real board
    jobs: int | None = None
    bad_line: Faults | None = None
    fold: bool = True  # channels that carry no information are taken out
    cycles: bool = True  # count what cycles are computed of
    cores: tuple[str, ...] = ()  # to estimate for; none and no parts: the board's own
    parts: tuple[str, ...] = ()
    keep_input: bool = False  # the server then needs no copy of the picture
    cancel: threading.Event = field(default_factory=threading.Event)  # ends it from another thread


Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


def named(progress: Progress, names: str, cancel: threading.Event | None = None) -> Progress:
    """Progress of one of several, until it is cancelled."""

    def say(what: str, done: int, total: int) -> None:
        if not (cancel and cancel.is_set()):
            progress(f"{names} {what}", done, total)

    return say


def firmware(request: Request, progress: Progress) -> tuple[zoo.Model, records.Build, str]:
    """(model, build, emulator) of a request: all that `serve` needs."""
    model = zoo.find(request.model)
    board = boards.load(request.board)
    wanted = request.emulator
    if request.port:
        board = serial_port.on_port(board, request.port, request.baud, request.clock)
        wanted = "serial_port"
    emulator = choose_emulator(board, wanted)
    progress("building", 0, 0)
    runtime = runtimes.load(request.runtime)
    built = runtime.build(model.graph, board, fold=request.fold, keep_input=request.keep_input)
    return model, built, emulator


def evaluate(
    request: Request,
    progress: Progress,
    load: Callable[[zoo.Model], Pictures] | None = None,
) -> tuple[records.Run, predictions.Verdict]:
    """Runs one request from the .tflite to the verdict; `load` brings pictures of its own."""
    began = time.monotonic()
    wanted = targets(request)
    model, built, emulator = firmware(request, progress)
    if request.flash:
        progress("flashing", 0, 0)
        serial_port.flash(built.board, built.elf)
    if load is None:
        fed = pictures.load(model, request.images, request.limit, request.pixels)
    else:
        fed = load(model)
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
        cycles=request.cycles,
        caches=estimate.caches(wanted, *built.board.memory.flash),
        cancel=request.cancel,
    )
    outputs, counts, stack_bytes, seconds = run.run(built, fed, options, advance("inferring"))
    verdict = predictions.compare(outputs, expected, fed.labels)
    if run.hardware(emulators.load(emulator)) and request.cycles and verdict.ok:
        counts = counted_beside(
            built, fed, counts, lambda _: progress("counting", 0, 0), options.caches
        )
    if counts.measured:
        wanted = tuple(target.at(counts.measured.clock_hz) for target in wanted)
    cycles, notes = price(counts, verdict, wanted, lambda: progress("pricing", 0, 0))
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
        cycles=cycles,
        notes=notes,
        seconds={"build": built.seconds, **seconds, "total": time.monotonic() - began},
    )
    return result, verdict


def counted_beside(
    built: records.Build,
    fed: Pictures,
    counts: records.Counts,
    step: Callable[[int], None],
    caches: tuple[str, ...] = (),
) -> records.Counts:
    """What a real board measured, with what the same build executes in an emulator: so an estimate
    can stand beside the measurement. `caches` are simulated meanwhile."""
    try:
        name = emulator_beside(built.board)
        _, found, _, _ = run.run(built, fed, run.Options(name, caches=caches), step)
    except (BadInput, ToolMissing) as error:
        return dataclasses.replace(counts, cycles_missing=f"no estimate to compare with: {error}")
    return dataclasses.replace(counts, counted=found.counted, cycles_missing=found.cycles_missing)


def emulator_beside(board: records.Board) -> str:
    """What runs the firmware of a real board, too: one that counts cycles, if there is one."""
    known = {k: v for k, v in board.emulators.items() if not run.hardware(emulators.load(k))}
    counting = {k: v for k, v in known.items() if hasattr(emulators.load(k), "counter")}
    return choose_emulator(dataclasses.replace(board, emulators=counting or known), None)


def targets(request: Request) -> tuple[Target, ...]:
    """Cores and parts to estimate cycles for; BadInput for unknown ones."""
    if request.cores or request.parts:
        found = estimate.targets(request.cores, request.parts)
        return tuple(target.at(request.clock) for target in found) if request.clock else found
    own = boards.load(request.board).core
    return estimate.targets([own] if own in cores.names() else [], [])


def price(
    counts: records.Counts,
    verdict: predictions.Verdict,
    wanted: Sequence[Target],
    say: Callable[[], None],
) -> tuple[tuple[Cycles, ...], tuple[str, ...]]:
    """(estimates, what is missing and why). Of wrong predictions no cycles are stated."""
    notes = [counts.missing] if counts.missing else []
    if counts.counted is None:
        return (), (*notes, counts.cycles_missing)
    if not verdict.ok:
        return (), (*notes, "cycles not estimated: the predictions are wrong")
    if not wanted:
        return (), (*notes, "cycles not available: no table for this core")
    say()
    kept = counts.counted.tally().interrupts_kept
    if kept:
        notes.append(f"{kept} interrupt handlers are part of the counts: their end was not seen")
    return tuple(estimate.estimate(counts.counted, target) for target in wanted), tuple(notes)


def footprint(request: Request, progress: Progress) -> tuple[records.Build, int]:
    """(build, deepest stack in bytes) of one inference on a random input."""
    model, built, emulator = firmware(request, progress)
    source = model.graph.input_tensor
    noise = np.random.default_rng(0).integers(-128, 128, (1, *source.shape[1:]))
    fed = Pictures(noise.astype(source.dtype), labels=None, origin="noise")
    _, _, stack_bytes, _ = run.run(
        built, fed, run.Options(emulator=emulator, cycles=False), lambda _: None
    )
    return built, stack_bytes


def choose_emulator(board: records.Board, wanted: str | None) -> str:
    """The emulator asked for, else the board's first that is installed."""
    if wanted is not None:
        wanted = wanted.replace("-", "_")
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
