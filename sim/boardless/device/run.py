"""Boots devices, feeds them pictures over the UART or through memory, and counts.

Pictures are cut into batches; each of `jobs` devices takes the next one. The first batch is picture
0 alone, on device 0, because the device only knows the layers of its last inference.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from boardless.core.errors import BadInput, LinkError
from boardless.cycles.counts import Counted
from boardless.data.records import Pictures
from boardless.device import cycle_counter, emulators, feed, wrapped_timer
from boardless.device.counting.devices import Devices, check, check_layers, of_layers
from boardless.device.elf import function_at
from boardless.device.emulators import Emulator, Session, serial_port
from boardless.device.feed import Span
from boardless.device.link import foreign
from boardless.device.link.client import Client
from boardless.device.link.faults import BadLine, Faults
from boardless.device.plugin.counter import Counter
from boardless.device.records import Build, Counts
from boardless.device.watch import Watch

NOT_ASKED = "cycles not available: not asked for"
SLOWEST = 100 / 16e6  # seconds per MAC: float32 in software on a Cortex-M0 at 16 MHz, and some
BATCH = {"memory": 64, "uart": 4}  # pictures between two looks at progress


@dataclass(frozen=True)
class Options:
    """Settings of a run; `link` None takes memory if board and emulator can."""

    emulator: str
    link: str | None = None
    jobs: int = 1
    in_order: bool = False  # each picture once, by one device: an inference leaves state behind
    bad_line: Faults | None = None
    cycles: bool = True  # count, where that is possible, what cycles are computed of
    caches: tuple[str, ...] = ()  # to simulate meanwhile, see cycles/plugin/cache.h


def choose_link(build: Build, options: Options) -> str:
    """memory or uart; BadInput where memory is asked for and the board has none."""
    settings = build.board.emulators[options.emulator]
    if build.foreign and options.link != "memory":
        return "uart"
    can = (
        not build.foreign
        and build.board.memory.shared_bytes
        and getattr(settings, "shared_memory", True)
    )
    if options.link == "memory" and not can:
        raise BadInput(
            f"board {build.board.name} has no memory that the host can see", hint="use --link uart"
        )
    return options.link or ("memory" if can else "uart")


def open_client(
    build: Build,
    options: Options,
    *,
    shared: bool,
    count: Counter | None = None,
    tap: Callable[[Session], Session] = lambda s: s,
) -> Client:
    """A booted device that runs this very build; the caller closes it. `tap` may wrap its line."""
    emulator = emulators.load(options.emulator)
    counting: dict[str, Any] = {"count": count} if count else {}
    session = tap(emulator.start(build.board, build.elf, shared=shared, **counting))
    client = Client(session, describe_pc=lambda pc: function_at(build.elf, pc))
    if options.bad_line:
        client.session = BadLine(session, options.bad_line)
        client.patience, client.tries, client.block_bytes = 0.5, 200, 256
    try:
        if build.foreign:
            client = foreign.attach(session, build.foreign)
            client.watch = Watch.of(session, build)
            client.describe_pc = lambda pc: function_at(build.elf, pc)
        elif emulators.hardware(emulator):
            client.patience, client.patience_max, client.tries, client.gap = 10.0, 60.0, 4, 0.005
            client.thinking = SLOWEST * sum(layer.macs for layer in build.layers)
            _attach(client, build)
        else:
            client.watch = Watch.of(session, build)
            client.boot()
            client.hello(build)
    except BaseException:
        session.close()
        raise
    return client


def _attach(client: Client, build: Build) -> None:
    """Finds this very build on a real board; says where it looked, and what to flash."""
    flash = serial_port.flash_hint(build.board, build.elf)
    try:
        client.attach()
        client.hello(build)
    except LinkError as error:
        error.where, error.hint = serial_port.version(build.board), flash
        raise


@dataclass(frozen=True)
class Answers:
    """The answers of devices to one set of pictures."""

    outputs: npt.NDArray[Any]  # (N, classes) raw
    counts: Counts
    stack_bytes: int  # deepest use so far
    seconds: dict[str, float]  # boot, infer
    coarse: float = 0.0  # by how much real outputs may be off, as the link gives them


def run(build: Build, pictures: Pictures, options: Options, progress: feed.Progress) -> Answers:
    """Returns what freshly booted devices answer to `pictures`."""
    (answers,) = run_all(build, [pictures], options, progress)
    return answers


def run_all(
    build: Build, sets: Sequence[Pictures], options: Options, progress: feed.Progress
) -> list[Answers]:
    """Returns what the same devices, booted once, answer to each set of pictures in turn."""
    link = choose_link(build, options)
    emulator = emulators.load(options.emulator)
    began = time.monotonic()
    spans = [Span.of(build, pictures, BATCH[link]) for pictures in sets]
    jobs = max(1, min(options.jobs, *(span.batches.qsize() for span in spans)))
    jobs = 1 if options.in_order else jobs
    infer: feed.Feed = feed.by_memory if link == "memory" else feed.by_uart
    warm_up = emulators.hardware(emulator) or bool(options.caches)  # an empty cache slows it down
    warm_up = warm_up and not options.in_order
    devices = Devices(missing=NOT_ASKED)
    if options.cycles:
        devices = Devices.of(build, emulator, options.caches)
    stop = threading.Event()
    sessions: list[Session] = []
    clients: list[Client] = []
    about: dict[str, str] = {}

    def begun(session: Session) -> Session:
        """Notes a device that has not booted yet: one that hangs must be ended, too."""
        sessions.append(session)
        if stop.is_set():
            session.terminate()
        return session

    def work(device: int) -> None:
        with contextlib.ExitStack() as stack:
            count = stack.enter_context(devices.counter(device))
            client = open_client(build, options, shared=link == "memory", count=count, tap=begun)
            stack.enter_context(client)
            clients.append(client)
            if device == 0:
                about.update(client.about)
                if warm_up:
                    infer(client, build, spans[0], range(1), lambda _: None)
            for span in spans:
                span.began = span.began or time.monotonic()
                if device == 0:
                    infer(client, build, span, range(1), progress)
                    span.layer_ticks = client.layer_ticks()
                while not stop.is_set() and (batch := span.take()):
                    infer(client, build, span, batch, progress)
                    span.inferences[batch, 0] = device
                span.end(client.stack_bytes())
            devices.inferences[device] = client.inferences

    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            _join([pool.submit(work, i) for i in range(jobs)])
        except BaseException:
            stop.set()
            for session in sessions:
                session.terminate()  # each worker sees the end of its UART and closes it
            raise
    boot = spans[0].began - began
    return [
        Answers(
            span.outputs,
            _counts(build, emulator, span, about, devices),
            span.stack_bytes,
            {"boot": boot, "infer": span.ended - span.began},
            max(client.coarse for client in clients),
        )
        for span in spans
    ]


def _join(futures: list[Future[None]]) -> None:
    """Waits for all; the first failure is raised at once."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


def _counts(
    build: Build, emulator: Emulator, span: Span, about: dict[str, str], devices: Devices
) -> Counts:
    """Returns what the emulator, or the board, has counted, and what the plugin has."""
    if build.foreign:
        return _of_region(span, devices)
    if emulators.hardware(emulator):
        here: serial_port.Settings = build.board.emulators["serial_port"]
        found, problem = cycle_counter.read(
            about,
            span.cycles.tolist(),
            span.ticks.tolist(),
            span.layer_ticks,
            span.waited.tolist(),
            here.clock_hz,
        )
        what = f", and {problem}" if problem else ""
        counts = Counts(missing=f"a real board counts no instructions{what}", hardware=found)
    elif emulator.instructions(build.board, 0) is None:
        counts = _by_plugin(build, span, devices)
    else:
        counts = _by_timer(build, emulator, span, devices)
    if devices.missing:
        return dataclasses.replace(counts, cycles_missing=devices.missing)
    counted = _counted(span, devices)
    if not counts.missing and emulator.instructions(build.board, 0) is not None:
        slack = getattr(emulator, "TIMER_SLACK", 0)
        check(counted, counts.instructions, build.board, slack)
        check_layers(counted, counts.layers, build.board, slack)
        if slack:  # the timer only confirms: the counts are exact
            counts = dataclasses.replace(
                counts,
                instructions=tuple(counted.instructions.tolist()),
                layers=tuple(of_layers(counted, len(counts.layers))),
            )
    return dataclasses.replace(counts, counted=counted)


def _of_region(span: Span, devices: Devices) -> Counts:
    """Returns the counts of the region of foreign firmware, which runs once per inference."""
    if devices.missing:
        return Counts(missing=devices.missing, cycles_missing=devices.missing)
    devices.check_passes()
    counted = _counted(span, devices)
    return Counts(instructions=tuple(counted.instructions.tolist()), counted=counted)


def _by_plugin(build: Build, span: Span, devices: Devices) -> Counts:
    """Returns the plugin's counts, for an emulator whose timer tells no instructions."""
    if devices.missing:
        return Counts(missing="instructions not available: on this emulator only a plugin counts")
    counted = _counted(span, devices)
    layers = tuple(of_layers(counted, len(build.layers)))
    return Counts(instructions=tuple(counted.instructions.tolist()), layers=layers)


def _counted(span: Span, devices: Devices) -> Counted:
    return devices.counted([(int(d), int(n)) for d, n in span.inferences])


def _by_timer(build: Build, emulator: Emulator, span: Span, devices: Devices) -> Counts:
    """Returns the instructions by the board's timer. Where it may have wrapped within a layer, the
    plugin's counts say how often; without them they are not known."""

    def convert(ticks: int) -> int:
        return emulator.instructions(build.board, ticks) or 0

    ticks = span.ticks.tolist()
    at = wrapped_timer.marks(span.layer_ticks, convert)
    if wrapped_timer.too_long([x.macs for x in build.layers], build.output_dtype, convert):
        if devices.missing:
            return Counts(
                missing=f"instructions not known: a layer may take more than the "
                f"{convert(wrapped_timer.WRAP):,} that this board's timer counts"
            )
        counted = _counted(span, devices)
        layers = of_layers(counted, len(build.layers))
        known = [0, *itertools.accumulate(layers)]
        at = [
            wrapped_timer.unwrapped(t, about, convert)
            for t, about in zip(span.layer_ticks, known, strict=True)
        ]
    first = at[-1] if at else 0
    return Counts(
        instructions=wrapped_timer.totals(ticks, first, convert),
        layers=tuple(b - a for a, b in itertools.pairwise(at)),
    )
