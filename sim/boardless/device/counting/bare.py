"""Runs any bare-metal ELF on an emulated board and counts what it executes.

    result = run(Path("a.elf"), boards.load("mps2-an386"), regions=["begin:end"])
    result.counted.tally(0).instructions, result.exit_code, result.stdout

Semihosting works as on a debug probe: output is passed on, and an exit ends the run.
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

from boardless.core.errors import BadInput, DeviceFault, ToolFailed
from boardless.cycles import image as images
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.cycles.image import Image
from boardless.device.counting import watch
from boardless.device.emulators import qemu
from boardless.device.emulators.base import ProcessSession
from boardless.device.plugin.counter import Counter
from boardless.device.records import Board

SECONDS = 600.0  # of wall clock, unless told otherwise


@dataclass(frozen=True)
class Result:
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
) -> Result:
    """`regions` are BEGIN:END, symbols or addresses: region k of the result begins each time BEGIN
    is reached and ends where END is, which is not part of it. `output` gets what the program prints
    as it comes. DeviceFault where the core locks up, ToolFailed where it does not end in time."""
    if "qemu" not in board.emulators:
        raise BadInput(f"board {board.name} does not run on qemu", hint="see `boardless boards`")
    image = images.load(elf)
    plugin = qemu.counter(board)
    watched = watch.program(image, board, [region(image, text) for text in regions], caches)
    with Counter(plugin, watch.cuts(image), watched, where=str(elf)) as counter:
        session, printed = _start(image, board, counter)
        try:
            stdout, ended = _listen(printed, time.monotonic() + seconds, output)
            session.terminate()
            status = session.process.wait(timeout=30)
            said = session.said()
        finally:
            session.close()
            os.close(printed)
        if not ended:
            counted = Counted.of(counter.read())
            raise ToolFailed(
                f"the program did not end within {seconds:g} s{_busiest(image, counted)}",
                where=str(elf),
                hint="give it more time, or end it by a semihosting exit",
            )
        if status < 0 or any(line.startswith("qemu: fatal") for line in said):
            raise DeviceFault(_crash(image, status, said), where=str(elf))
        if any(line.startswith(("qemu-system", "boardless counter")) for line in said):
            raise ToolFailed(said[0], where=str(elf), hint="is it an ELF for this board?")
        return Result(image, Counted.of(counter.read()), status, stdout, tuple(said))


def region(image: Image, text: str) -> tuple[int, int]:
    """Addresses of BEGIN:END."""
    begin, colon, end = text.partition(":")
    if not (begin and colon and end):
        raise BadInput(f"region {text!r} is not BEGIN:END", hint="such as main:0x1f4")
    return image.address(begin), image.address(end)


def _start(image: Image, board: Board, counter: Counter) -> tuple[ProcessSession, int]:
    """(the emulator, the pipe from which to read what the program prints)."""
    settings: qemu.Settings = board.emulators["qemu"]
    # A Cortex-M starts by its vector table. An ELF without one is started at its entry point.
    booted = image.isa != "thumb" or images.has_vectors(image, board.memory.flash_origin)
    load = f"loader,file={str(image.path).replace(',', ',,')},cpu-num=0"
    ours, theirs = os.pipe()
    pipe = f"path=/proc/self/fd/{theirs},append=on"
    command = [
        *qemu.machine(settings),
        *("-chardev", f"file,id=uart,{pipe}", "-serial", "chardev:uart"),
        *("-chardev", f"file,id=host,{pipe}"),
        *("-semihosting-config", "enable=on,target=native,chardev=host"),
        *(("-kernel", str(image.path)) if booted else ("-device", load)),
        *counter.arguments,
    ]
    try:
        session = ProcessSession.start(
            command,
            line_fd="@LINE@",
            shared_fd="@MEMORY@",
            shared_bytes=0,
            descriptors=[*counter.descriptors, theirs],
            stdout=theirs,  # QEMU hands the guest its own output where it opens one as a file
        )
    except BaseException:
        os.close(ours)
        raise
    finally:
        os.close(theirs)
    return session, ours


def _listen(pipe: int, deadline: float, output: Callable[[bytes], object]) -> tuple[bytes, bool]:
    """(all that was printed, whether the program ended before the deadline)."""
    printed = bytearray()
    while (left := deadline - time.monotonic()) > 0:
        ready, _, _ = select.select([pipe], [], [], left)
        if not ready:
            break
        data = os.read(pipe, 65536)
        if not data:
            return bytes(printed), True
        printed += data
        output(data)
    return bytes(printed), False


def _busiest(image: Image, counted: Counted) -> str:
    """Where most instructions went, for a message."""
    if not len(counted.code.address):
        return ""
    total = counted.tally().executed + counted.tally(OUTSIDE).executed
    sums: dict[str, int] = {}
    for address, n in zip(counted.code.address.tolist(), total.tolist(), strict=True):
        function = image.function_at(address)
        name = function.name if function else f"{address:#x}"
        sums[name] = sums.get(name, 0) + n
    name = max(sums, key=lambda k: sums[k])
    return f"; {sums[name] / int(np.sum(total)):.0%} of its instructions were in {name}"


def _crash(image: Image, status: int, said: list[str]) -> str:
    """Such as: the core locked up at main+0x8: can't escalate 3 to HardFault."""
    text = "\n".join(said)
    cause = re.search(r"qemu: fatal: (.*)", text)
    counter = re.search(r"\b(?:R15|PC|pc)\s*=?\s*([0-9a-fA-F]{8})", text)
    at = ""
    if counter:
        address = int(counter[1], 16)
        if function := image.function_at(address):
            at = f" at {function.name}+{address - function.address:#x}"
    if cause:
        what = cause[1].removeprefix("Lockup: ")
        return f"the core locked up{at}: {what}"
    how = signal.Signals(-status).name if status < 0 else f"status {status}"
    return f"the emulator ended with {how}{at}" + (f": {said[0]}" if said else "")
