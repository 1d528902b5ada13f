"""Runs any bare-metal ELF on an emulated board and counts what it executes.

    result = run(Path("a.elf"), boards.load("mps2-an386"), regions=["begin:end"])
    result.counted.tally(0).instructions, result.exit_code, result.stdout

Semihosting prints, tells the time and ends the run. Files of the host are there below `root` alone.
"""

from __future__ import annotations

import os
import re
import select
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boardless.core.errors import BadInput, BoardlessError, DeviceFault, ToolFailed
from boardless.cycles import image as images
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.cycles.image import Image, Symbol
from boardless.device.counting import crash, watch
from boardless.device.emulators import qemu
from boardless.device.emulators.base import ProcessSession
from boardless.device.plugin.counter import Counter
from boardless.device.records import Board
from boardless.device.semihosting import Output, Semihosting

SECONDS = 600.0  # default, of wall-clock time
AGAIN_SECONDS = 60.0  # at most, of the run that looks for the place of a fault


@dataclass(frozen=True)
class BareRun:
    """One whole run. Without regions all of it is OUTSIDE, and there are no passes."""

    image: Image
    counted: Counted
    exit_code: int
    stdout: bytes  # what it printed: semihosting and first UART
    stderr: tuple[str, ...]  # lines


def run(
    elf: Path,
    board: Board,
    *,
    regions: Sequence[str] = (),
    caches: Sequence[str] = (),
    seconds: float = SECONDS,
    output: Callable[[bytes], object] = lambda _: None,
    root: Path | None = None,
) -> BareRun:
    """`regions` are BEGIN:END, symbols or addresses: region k of the result begins each time BEGIN
    is reached and ends where END is, which is not part of it. `output` gets what the program prints
    as it comes. The program may use files below `root`. DeviceFault where the core locks up,
    ToolFailed where it does not end in time."""
    if "qemu" not in board.emulators:
        raise BadInput(f"board {board.name} does not run on qemu", hint="see `boardless boards`")
    image = images.load(elf)
    settings: qemu.Settings = board.emulators["qemu"]
    plugin = qemu.counter(board)
    watched = watch.program(image, board, [region(image, text) for text in regions], caches)
    printed = Output(output)
    with (
        Counter(plugin, watch.cuts(image), watched, where=str(elf)) as counter,
        Semihosting(image, settings.program, printed, root) as host,
    ):
        session, uart = _start(image, board, counter, host)
        try:
            ended = _listen(uart, host, printed, time.monotonic() + seconds)
            session.terminate()
            status = session.process.wait(timeout=30)
            said = session.said()
        finally:
            session.close()
            os.close(uart)
        if not ended:
            counted = Counted.of(counter.read())
            busy, what = _busiest(image, counted)
            stops = crash.handlers(image, board)
            fault = ""
            if busy and any(busy.range[0] <= stop < busy.range[1] for stop in stops):
                fault = _fault(image, board, stops, seconds)
            raise ToolFailed(
                f"the program did not end within {seconds:g} s{what}{fault}",
                where=str(elf),
                hint="give it more time, or end it by a semihosting exit",
            )
        if host.exit_status is not None:
            status = host.exit_status
        elif status < 0 or any(line.startswith("qemu: fatal") for line in said):
            fault = _fault(image, board, crash.handlers(image, board), seconds)
            raise DeviceFault(_crash(image, status, said, fault), where=str(elf))
        elif any(line.startswith(("qemu-system", "boardless counter")) for line in said):
            raise ToolFailed(said[0], where=str(elf), hint="is it an ELF for this board?")
        lines = bytes(printed.stderr).decode("utf8", "replace").splitlines()
        counted = Counted.of(counter.read())
        return BareRun(image, counted, status, bytes(printed.stdout), tuple(lines))


def region(image: Image, text: str) -> tuple[int, int]:
    """Addresses of BEGIN:END."""
    begin, colon, end = text.partition(":")
    if not (begin and colon and end):
        raise BadInput(f"region {text!r} is not BEGIN:END", hint="such as main:0x1f4")
    return image.address(begin), image.address(end)


def _fault(image: Image, board: Board, stops: frozenset[int], seconds: float) -> str:
    """Returns where the program faulted and who had called, found in a second run that counts
    nothing and has no files; "" where it does not fault there."""
    if not stops:
        return ""
    settings: qemu.Settings = board.emulators["qemu"]
    silent = Output(lambda _: None)
    with Semihosting(image, settings.program, silent) as host:
        host.handler = traps = crash.Traps(host.remote, host.calls, stops)
        session, uart = _start(image, board, None, host)
        try:
            _listen(uart, host, silent, time.monotonic() + min(seconds, AGAIN_SECONDS))
        except BoardlessError:
            return ""  # of the first run enough is known to tell
        finally:
            session.close()
            os.close(uart)
    return f"; the fault was at {crash.told(image, traps.fault)}" if traps.fault else ""


def _start(
    image: Image, board: Board, counter: Counter | None, host: Semihosting
) -> tuple[ProcessSession, int]:
    """(the emulator, the pipe from which to read what the UART sends)."""
    settings: qemu.Settings = board.emulators["qemu"]
    # A Cortex-M starts by its vector table. An ELF without one is started at its entry point.
    booted = image.isa != "thumb" or images.has_vectors(image, board.memory.flash_origin)
    load = f"loader,file={str(image.path).replace(',', ',,')},cpu-num=0"
    ours, theirs = os.pipe()
    command = [
        *qemu.machine(settings),
        *("-chardev", f"file,id=uart,path=/proc/self/fd/{theirs},append=on"),
        *("-serial", "chardev:uart"),
        *host.arguments,
        *(("-kernel", str(image.path)) if booted else ("-device", load)),
        *(counter.arguments if counter else ()),
    ]
    try:
        session = ProcessSession.start(
            command,
            line_fd="@LINE@",
            shared_fd="@MEMORY@",
            shared_bytes=0,
            descriptors=[*(counter.descriptors if counter else ()), *host.descriptors, theirs],
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return session, ours


def _listen(uart: int, host: Semihosting, printed: Output, deadline: float) -> bool:
    """Collects what is printed, and answers the program's calls; False where it did not end before
    the deadline."""
    asking = host.begin()
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([uart, *([host.fileno()] if asking else [])], [], [], left)
        if not ready:
            break
        if uart in ready:  # first: it was sent before the program made its call
            data = os.read(uart, 65536)
            if not data:
                return True
            printed.print(data)
        elif asking:
            asking = host.answer()
    return False


def _busiest(image: Image, counted: Counted) -> tuple[Symbol | None, str]:
    """Returns the function with most instructions, if it has a name, and words for a message."""
    if not len(counted.code.address):
        return None, ""
    total = counted.tally().executed + counted.tally(OUTSIDE).executed
    sums: dict[str, int] = {}
    for address, n in zip(counted.code.address.tolist(), total.tolist(), strict=True):
        function = image.function_at(address)
        name = function.name if function else f"{address:#x}"
        sums[name] = sums.get(name, 0) + n
    name = max(sums, key=lambda k: sums[k])
    what = f"; {sums[name] / int(np.sum(total)):.0%} of its instructions were in {name}"
    return image.symbols.get(name), what


def _place(image: Image, address: int) -> str:
    """Returns the function at an address, such as (main+0x8); nothing where there is none."""
    for f in image.named:
        if f.range[0] <= address < f.range[1]:
            return f" ({f.name}+{address - f.address:#x})"
    return ""


def _crash(image: Image, status: int, said: list[str], fault: str) -> str:
    """Describes a crash, such as: the core locked up at 0x108 (main+0x8): can't escalate 3; `fault`
    says where it came from."""
    text = "\n".join(said)
    cause = re.search(r"qemu: fatal: (.*)", text)
    counter = re.search(r"\b(?:R15|PC|pc)\s*=?\s*([0-9a-fA-F]{8})", text)
    at = ""
    if counter:
        address = int(counter[1], 16)
        at = f" at {address:#x}{_place(image, address)}"
        caller = re.search(r"\b(?:R14|LR|ra)\s*=?\s*([0-9a-fA-F]{8})", text)
        if not fault and caller and _place(image, int(caller[1], 16) & ~1):
            at += f", called from {int(caller[1], 16) & ~1:#x}"
            at += _place(image, int(caller[1], 16) & ~1)
    if cause:
        what = cause[1].removeprefix("Lockup: ")
        return f"the core locked up{at}: {what}{fault}"
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"the emulator ended with {how}{at}" + (f": {said[0]}" if said else "")
