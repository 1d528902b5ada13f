"""Boots devices, feeds them pictures over the UART or through memory, and counts.

Pictures are cut into batches; each of `jobs` devices takes the next one. The first batch is picture
0 alone, on device 0, because the device only knows the layers of its last inference.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput, LinkError, ToolFailed
from boardless.data.records import Pictures
from boardless.device import build as building
from boardless.device import cycle_counter, emulators
from boardless.device.counting.devices import Devices, check, check_layers
from boardless.device.emulators import Emulator, Session, serial_port
from boardless.device.link.client import Client
from boardless.device.link.faults import BadLine, Faults
from boardless.device.plugin.counter import Counter
from boardless.device.records import Build, Counts

NOT_ASKED = "cycles not available: not asked for"
SLOWEST = 100 / 16e6  # seconds per MAC: float32 in software on a Cortex-M0 at 16 MHz, and some
BATCH = {"memory": 64, "uart": 4}  # pictures between two looks at progress


@dataclass(frozen=True)
class Options:
    """How to run; `link` None takes memory where board and emulator can."""

    emulator: str
    link: str | None = None
    jobs: int = 1
    bad_line: Faults | None = None
    cycles: bool = True  # count, where that is possible, what cycles are computed of
    caches: tuple[str, ...] = ()  # to simulate meanwhile, see cycles/plugin/cache.h
    cancel: threading.Event = field(default_factory=threading.Event)  # set from another thread


@dataclass
class Shared:
    """What the devices fill, picture by picture."""

    outputs: npt.NDArray[Any]
    ticks: npt.NDArray[np.uint32]
    inferences: npt.NDArray[np.int64]  # (N, 2): device, and the inference's number on it from 0
    cycles: npt.NDArray[np.uint32]  # of the core's own counter, 0 where it has none
    waited: npt.NDArray[np.float64]  # seconds, by our clock, for the answer to each inference
    layer_ticks: list[int]  # of picture 0
    stack_bytes: int = 0
    first_ready: float = 0.0
    about: dict[str, str] = field(default_factory=dict)  # what the first device says of itself


def choose_link(build: Build, options: Options) -> str:
    """memory or uart; BadInput where memory is asked for and the board has none."""
    settings = build.board.emulators[options.emulator]
    can = build.board.memory.shared_bytes and getattr(settings, "shared_memory", True)
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
    client = Client(session, describe_pc=lambda pc: building.function_at(build.elf, pc))
    if options.bad_line:
        client.session = BadLine(session, options.bad_line)
        client.patience, client.tries, client.block_bytes = 0.5, 200, 256
    try:
        if hardware(emulator):
            client.patience, client.patience_max, client.tries, client.gap = 10.0, 60.0, 4, 0.005
            client.thinking = SLOWEST * sum(layer.macs for layer in build.layers)
            _attach(client, build)
        else:
            client.boot()
            client.hello(build)
    except BaseException:
        client.session.close()
        raise
    return client


def hardware(emulator: Emulator) -> bool:
    """What it starts is a real board."""
    return bool(getattr(emulator, "HARDWARE", False))


def _attach(client: Client, build: Build) -> None:
    """Finds this very build on a real board; says where it looked, and what to flash."""
    flash = serial_port.flash_hint(build.board, build.elf)
    try:
        client.attach()
        client.hello(build)
    except LinkError as error:
        error.where, error.hint = serial_port.version(build.board), flash
        raise


def run(
    build: Build, pictures: Pictures, options: Options, progress: Callable[[int], None]
) -> tuple[npt.NDArray[Any], Counts, int, dict[str, float]]:
    """(raw outputs (N, classes), counts, stack bytes, seconds) of all pictures."""
    link = choose_link(build, options)
    emulator = emulators.load(options.emulator)
    began = time.monotonic()
    step = BATCH[link]
    batches: queue.SimpleQueue[range] = queue.SimpleQueue()
    starts = range(1, len(pictures), step)  # picture 0 is a batch of its own
    for first in starts:
        batches.put(range(first, min(first + step, len(pictures))))
    infer = by_memory if link == "memory" else _by_line
    warm_up = hardware(emulator) or bool(options.caches)  # an empty cache would slow picture 0
    shared = empty(build, pictures)
    devices = Devices(missing=NOT_ASKED)
    if options.cycles:
        devices = Devices.of(build, emulator, options.caches)
    stop = threading.Event()
    clients: list[Client] = []

    def work(device: int) -> None:
        with contextlib.ExitStack() as stack:
            count = stack.enter_context(devices.counter(device))
            client = open_client(build, options, shared=link == "memory", count=count)
            stack.enter_context(client)
            clients.append(client)
            shared.first_ready = shared.first_ready or time.monotonic()
            if device == 0:
                shared.about = client.about
                if warm_up:
                    infer(client, build, pictures, range(1), shared, lambda _: None)
                infer(client, build, pictures, range(1), shared, progress)
                shared.layer_ticks = client.layer_ticks()
            while not (stop.is_set() or options.cancel.is_set()):
                try:
                    batch = batches.get_nowait()
                except queue.Empty:
                    break
                infer(client, build, pictures, batch, shared, progress)
                shared.inferences[batch, 0] = device
            shared.stack_bytes = max(shared.stack_bytes, client.stack_bytes())

    jobs = max(1, min(options.jobs, len(starts)))
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        try:
            _join([pool.submit(work, i) for i in range(jobs)])
        except BaseException:
            stop.set()
            for client in clients:
                client.session.terminate()  # each worker sees the end of its line and closes it
            raise
    if options.cancel.is_set():
        raise ToolFailed("cancelled")  # whoever cancelled has a better reason to give
    ended = time.monotonic()
    boot = shared.first_ready - began
    seconds = {"boot": boot, "infer": ended - shared.first_ready}
    counts = _with_cycles(build, _counts(build, emulator, shared), devices, shared)
    return shared.outputs, counts, shared.stack_bytes, seconds


def _join(futures: list[Future[None]]) -> None:
    """Waits for all; the first failure is raised at once."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()


def _by_line(
    client: Client,
    build: Build,
    pictures: Pictures,
    batch: range,
    shared: Shared,
    progress: Callable[[int], None],
) -> None:
    for i in batch:
        ticks, output = client.predict(pictures.inputs[i].tobytes())
        shared.ticks[i] = ticks
        shared.inferences[i, 1] = client.inferences - 1
        shared.cycles[i] = client.cycles or 0
        shared.waited[i] = client.waited
        shared.outputs[i] = np.frombuffer(output, shared.outputs.dtype)
        progress(1)


def by_memory(
    client: Client,
    build: Build,
    pictures: Pictures,
    batch: range,
    shared: Shared,
    progress: Callable[[int], None],
) -> None:
    """The layout is that of run_bulk in firmware/app/server.c: inputs, then results of two 32-bit
    words (ticks, status) and the output; each entry starts at a multiple of 8 bytes."""
    memory = client.session.shared
    if memory is None:
        raise ToolFailed("the emulator maps no shared memory", hint="use --link uart")
    input_stride = (build.input_bytes + 7) // 8 * 8
    result_stride = (8 + shared.outputs[0].nbytes + 7) // 8 * 8
    fit = len(memory) // (input_stride + result_stride)
    if not fit:
        raise BadInput("the picture does not fit into shared memory", hint="use --link uart")
    for first in range(batch.start, batch.stop, fit):
        part = range(first, min(first + fit, batch.stop))
        for k, i in enumerate(part):
            picture = pictures.inputs[i].tobytes()
            memory[k * input_stride : k * input_stride + len(picture)] = picture
        results = len(part) * input_stride
        client.bulk(len(part), 0, results)
        for k, i in enumerate(part):
            at = results + k * result_stride
            ticks, status = np.frombuffer(memory[at : at + 8], np.uint32)
            if status:
                raise ToolFailed(
                    f"a kernel refused its parameters (status {status}) on picture {i}",
                    hint="this is a bug of boardless, please report it",
                )
            shared.ticks[i] = ticks
            shared.inferences[i, 1] = client.inferences - len(part) + k
            end = at + 8 + shared.outputs[i].nbytes
            shared.outputs[i] = np.frombuffer(memory[at + 8 : end], shared.outputs.dtype)
        progress(len(part))


def empty(build: Build, pictures: Pictures) -> Shared:
    return Shared(
        outputs=np.zeros((len(pictures), build.output_count), build.output_dtype),
        ticks=np.zeros(len(pictures), np.uint32),
        inferences=np.zeros((len(pictures), 2), np.int64),
        cycles=np.zeros(len(pictures), np.uint32),
        waited=np.zeros(len(pictures)),
        layer_ticks=[],
    )


def _counts(build: Build, emulator: Emulator, shared: Shared) -> Counts:
    def instructions(ticks: int) -> int | None:
        return emulator.instructions(build.board, ticks)

    if hardware(emulator):
        here: serial_port.Settings = build.board.emulators["serial_port"]
        found, problem = cycle_counter.read(
            shared.about,
            shared.cycles.tolist(),
            shared.ticks.tolist(),
            shared.layer_ticks,
            shared.waited.tolist(),
            here.clock_hz,
        )
        what = f", and {problem}" if problem else ""
        return Counts(missing=f"a real board counts no instructions{what}", measured=found)
    if instructions(0) is None:
        return Counts(missing="this emulator does not count instructions")
    at = [instructions(t) or 0 for t in shared.layer_ticks]
    return Counts(
        instructions=tuple(instructions(int(t)) or 0 for t in shared.ticks),
        layers=tuple(b - a for a, b in itertools.pairwise(at)),
    )


def _with_cycles(build: Build, counts: Counts, devices: Devices, shared: Shared) -> Counts:
    """Adds what the plugin counted, after comparing it with the emulator's own counts."""
    if devices.missing:
        return dataclasses.replace(counts, cycles_missing=devices.missing)
    counted = devices.counted([(int(d), int(n)) for d, n in shared.inferences])
    if not counts.missing:
        check(counted, counts.instructions, build.board)
        check_layers(counted, counts.layers, build.board)
    return dataclasses.replace(counts, counted=counted)
