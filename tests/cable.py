"""A real board's serial port, played by a pseudo-terminal in front of an emulated one."""

from __future__ import annotations

import os
import select
import termios
import threading
import tty

from boardless.device import emulators
from boardless.device.link import messages
from boardless.device.records import Build


def sampled(data: bytes, sent_at: int, read_at: int) -> bytes:
    """Returns the bytes that a UART at `read_at` baud receives when they are sent at `sent_at`: one
    start bit, 8 data bits from the lowest, one stop bit. The reader samples in the middle of its
    bits."""
    bits = "1" * 20 + "".join(f"0{byte:08b}"[:1] + f"{byte:08b}"[::-1] + "1" for byte in data)

    def level(time: float) -> int:  # seconds since the first bit began
        i = int(time * sent_at)
        return int(bits[i]) if i < len(bits) else 1

    end, now, step = len(bits) / sent_at, 0.0, 1 / (16 * read_at)
    out = bytearray()
    while now < end:
        if level(now):
            now += step
            continue
        out.append(sum(level(now + (1.5 + i) / read_at) << i for i in range(8)))
        now += 9.5 / read_at
        while not level(now):  # a break: no byte starts before the line has been high again
            now += step
    return bytes(out)


BAUDS = {getattr(termios, f"B{baud}"): baud for baud in (9600, 38400, 115200, 230400)}


class Cable:
    """A pseudo-terminal with a started device behind it, which runs at `baud` as a UART does.

    `pull_after` bytes from the device the cable is pulled out; `noise_every` so many bytes of it
    one is turned over; `restarts` makes the device restart when the first byte comes, as boards do
    whose reset is wired to DTR; `dwt` gives it the cycle counter that QEMU's Cortex-M lack."""

    def __init__(
        self,
        build: Build,
        emulator: str,
        *,
        baud: int = 115200,
        pull_after: int | None = None,
        noise_every: int = 0,
        restarts: bool = False,
        dwt: bool = False,
    ) -> None:
        self.session = emulators.load(emulator).start(build.board, build.elf, shared=False)
        self.baud, self.left, self.restarts = baud, pull_after, restarts
        self.noise_every, self.passed = noise_every, 0  # bytes to the host so far
        self.counter = Counter() if dwt else None
        self.ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        self.theirs = theirs  # held open until somebody speaks, or ours would read end of file
        self.stop, self.stopped = os.pipe()
        self.thread = threading.Thread(target=self.pump)
        self.thread.start()

    def line(self, data: bytes, to_host: bool) -> bytes:
        host = BAUDS[termios.tcgetattr(self.ours)[5]]
        if host == self.baud:
            return data
        ends = (self.baud, host) if to_host else (host, self.baud)
        return sampled(data, *ends)

    def pump(self) -> None:
        while True:
            ready, _, _ = select.select([self.ours, self.session.fileno(), self.stop], [], [])
            if self.stop in ready:
                return
            if self.ours in ready:
                data = os.read(self.ours, 4096)
                if self.restarts:
                    self.restarts, data = False, messages.command("reset")
                self.session.send(self.line(data, False))
            if self.session.fileno() in ready:
                data = self.session.receive(0)
                if self.left is not None:
                    self.left -= len(data)
                    if self.left < 0:
                        os.close(self.theirs)
                        os.close(self.ours)
                        self.ours = self.theirs = -1
                        return
                data = self.counter.beside(data) if self.counter else data
                os.write(self.ours, self.line(self.noisy(data), True))

    def noisy(self, data: bytes) -> bytes:
        at = range(self.passed, self.passed + len(data))
        self.passed += len(data)
        if not self.noise_every:
            return data
        return bytes(b ^ (k % self.noise_every == 0) for k, b in zip(at, data, strict=True))

    def close(self) -> None:
        os.write(self.stopped, b"x")
        self.thread.join(timeout=60)
        for end in (self.ours, self.theirs, self.stop, self.stopped):
            if end >= 0:
                os.close(end)
        self.session.close()


class Counter:
    """Answers as a core with a DWT gives them: its counter runs as fast as the board's timer, and
    some cycles longer."""

    AROUND = 30  # cycles

    def __init__(self) -> None:
        self.rest, self.ticks = b"", 0

    def beside(self, data: bytes) -> bytes:
        *lines, self.rest = (self.rest + data).split(b"\n")
        return b"".join(self.line(line) + b"\n" for line in lines)

    def line(self, line: bytes) -> bytes:
        reply = messages.reply(line.rstrip(b"\r"))
        key, _, value = reply.text.removesuffix("]").partition("-[")
        if key == "m-cycles":
            assert value == "none"
            return self.said("m-cycles-[dwt]", reply.trusted)
        if key == "m-ticks" and value.isdigit():
            self.ticks = int(value)
        elif key == "m-output" and not value.startswith(("int8 ", "float32 ")):
            cycles = (self.ticks + self.AROUND) % 2**32
            return self.said(f"m-cycles-[{cycles}]", reply.trusted) + b"\n" + line
        return line

    def said(self, text: str, trusted: bool) -> bytes:
        return (messages.checksummed(text) if trusted else text).encode() + b"\r"
