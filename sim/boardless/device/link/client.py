"""Talks to the firmware over a session: commands with checksums, retries, resynchronisation.

with Client(session) as client:
    client.boot()
    ticks, output = client.predict(picture_bytes)
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from boardless.core.closing import Closing
from boardless.core.errors import DeviceFault, LinkError
from boardless.device.emulators.base import Session
from boardless.device.link import answers, messages
from boardless.device.records import Build
from boardless.device.watch import LOOK, Watch

PROTOCOL = "1"
MAX_LINE = 1 << 20  # bytes without a line end: more is not our firmware
MAX_LINES = 10_000  # in a row, without a command between them: our firmware is not that talkative
SMALLEST_BLOCK = 16
DAMAGED = "e-[Block is damaged: length or checksum is wrong]"  # in transit: send it again


class _Noise(Exception):
    """The answer did not come, or not whole; worth another try."""


class WrongFirmware(LinkError):
    """Another build, or another model, runs on the device."""


class Refused(LinkError):
    """The device understood the command and answered with an error."""


@dataclass
class Client(Closing):
    """One device. `patience` is the wall-clock guard in seconds for an answer: long on a line that
    loses nothing, short on a bad one, where it grows from try to try up to `patience_max`."""

    session: Session
    patience: float = 300.0
    patience_max: float = 300.0
    thinking: float = 0.0  # seconds that an inference may take, on top of it
    tries: int = 1
    block_bytes: int = 1024
    watch: Watch | None = None  # ends an inference that does not end
    describe_pc: Callable[[int], str] | None = None  # code address -> function, for fault reports
    gap: float = 0.0  # seconds of silence between a block's command and its bytes: see load()
    buffer: bytearray = field(default_factory=bytearray)
    heard: bytes = b""  # the last bytes that came, for messages
    lines: int = 0  # that have come since a command was sent
    nonce: int = 0
    inferences: int = 0  # since the device began, with the last one that was answered
    about: dict[str, str] = field(default_factory=dict)  # the last answer to hello()
    cycles: int | None = None  # of the last predict(), where the core has a counter
    coarse: float = 0.0  # by how much real outputs may be off, as the device prints them
    waited: float = 0.0  # seconds until the device began its answer to the last command
    output_bytes: int | None = None  # of the build that hello() has found
    marks: int | None = None  # numbers that layer_ticks() gives, of that build

    def close(self) -> None:
        self.session.close()

    def _send(self, data: bytes) -> None:
        self.lines = 0
        self.session.send(data)

    # ---- lines ----

    def line(self, deadline: float) -> messages.Reply:
        """The next line that is not empty."""
        while True:
            end = self.buffer.find(b"\n")
            if end >= 0:
                raw = bytes(self.buffer[:end]).rstrip(b"\r")
                del self.buffer[: end + 1]
                self.lines += 1
                if self.lines > MAX_LINES:
                    raise LinkError("the device sends line after line, and no end of its answer")
                if raw.strip():
                    return self._checked(messages.reply(raw))
                continue
            left = deadline - time.monotonic()
            if left <= 0 or len(self.buffer) > MAX_LINE:
                raise _Noise(f"no answer; last bytes {bytes(self.buffer[-60:])!r}")
            fresh = self.session.receive(min(left, LOOK) if self.watch else left)
            if self.watch and not fresh:
                self.watch.check()
            self.buffer += fresh
            self.heard = (self.heard + fresh)[-400:]

    def _checked(self, reply: messages.Reply) -> messages.Reply:
        if reply.text.startswith("e-[fault "):
            what = answers.fault(reply.text, self.describe_pc)
            raise DeviceFault(what, hint="see the map of the build, or gdb")
        if reply.text == "m-init-done":
            raise DeviceFault("the device restarted in mid-run", hint="run it again")
        return reply

    def boot(self) -> None:
        """Waits for the firmware's first words."""
        deadline = time.monotonic() + self.patience_max
        try:
            while True:
                try:
                    reply = self.line(deadline)
                except DeviceFault as fault:
                    if "restarted" in fault.what:  # m-init-done is what a boot says
                        continue
                    raise
                if reply.text == "m-ready":
                    return None
        except _Noise as error:
            if self.tries > 1:
                return self.resync()  # the words may have been lost; the device is there or not
            raise LinkError(
                f"the firmware did not start: {error}", hint="boardless doctor"
            ) from error

    # ---- commands ----

    def command(self, text: str, thinking: float = 0.0) -> list[str]:
        """The reply lines without the closing m-ready. Refused where the device answers e-[...].
        The device may take `thinking` seconds to begin."""
        if self.watch and self.tries == 1:  # a line that loses nothing
            return self._watched(text, 0)
        return self._ask(messages.command(text), text, thinking)

    def _ask(self, request: bytes, what: str, thinking: float) -> list[str]:
        patience = self.patience
        for attempt in range(self.tries):
            try:
                if attempt:
                    self.resync()
                sent = time.monotonic()
                self._send(request)
                first = self._answer_line(sent + patience + thinking)
                self.waited = time.monotonic() - sent
                return self._answer(time.monotonic() + patience, first)
            except _Noise as error:
                last = error
                patience = min(patience * 1.5, self.patience_max)
        raise LinkError(
            f"no whole answer to {what!r} in {self.tries} tries: {last}",
            hint="check the line; `boardless run --link uart` shows the same without shared memory",
        )

    def _answer(self, deadline: float, first: str = "") -> list[str]:
        """The lines before m-ready; `first` has come already."""
        lines: list[str] = []
        text = first or self._answer_line(deadline)
        while text != "m-ready":
            lines.append(text)
            text = self._answer_line(deadline)
        return lines

    def _answer_line(self, deadline: float) -> str:
        reply = self.line(deadline)
        if not reply.trusted:
            raise _Noise(f"a line without a right checksum: {reply.text[:60]!r}")
        if reply.text == DAMAGED:
            raise _Noise(reply.text)
        if reply.text.startswith("e-["):
            raise Refused(f"the device says {reply.text}")
        return reply.text

    def resync(self) -> None:
        """Brings both sides back to the start of a command, whatever was lost before."""
        patience = self.patience
        for _ in range(max(self.tries, 3)):
            self.nonce += 1
            try:
                self._send(messages.RESYNC + messages.command(f"sync {self.nonce}"))
                self._synchronised(time.monotonic() + patience)
                return
            except _Noise:
                patience = min(patience * 1.5, self.patience_max)
        raise LinkError("the device does not answer", hint="check the line, then run it again")

    def attach(self, patience: float = 8.0) -> None:
        """Finds the firmware on a line where it has been running for long, or begins to run only
        now: many boards restart when their port is opened. LinkError says what came instead."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.nonce += 1
            self._send(messages.RESYNC + messages.command(f"sync {self.nonce}"))
            try:
                self._synchronised(min(time.monotonic() + 1.0, end))
                return
            except _Noise:
                self.buffer.clear()
            except DeviceFault as fault:
                if "restarted" not in fault.what:
                    raise
        raise LinkError(answers.strange(self.heard))

    def _synchronised(self, deadline: float) -> None:
        """Reads up to the end of the answer to the last sync."""
        wanted = messages.Reply(f"m-sync-[{self.nonce}]", True)
        while self.line(deadline) != wanted:
            pass  # what is left of older answers
        while self.line(deadline) != messages.Reply("m-ready", True):
            pass

    # ---- what the firmware can do ----

    def hello(self, build: Build | None = None) -> dict[str, str]:
        """The device's description; LinkError where it is not the firmware of `build`."""
        about = messages.fields(self.command("hello"))
        if about.get("protocol") != PROTOCOL:
            raise LinkError(
                f"the firmware speaks protocol {about.get('protocol')}, boardless {PROTOCOL}",
                hint="build and flash it again",
            )
        self.about = about
        if build and (about.get("build"), about.get("model")) != (build.build_id, build.model):
            raise WrongFirmware(
                f"the firmware is build {about.get('build')} of {about.get('model')}, "
                f"wanted is {build.build_id} of {build.model}",
                hint=f"flash or start {build.elf}",
            )
        if build:
            self.output_bytes = build.output_count * np.dtype(build.output_dtype).itemsize
            self.marks = len(build.layers) + 1
        return about

    def load(self, picture: bytes) -> None:
        """Puts the model's input into the device, in checksummed blocks."""
        offset, size, failures = 0, self.block_bytes, 0
        while offset < len(picture):
            piece = picture[offset : offset + size]
            try:
                patience = min(self.patience * 1.5**failures, self.patience_max)
                self._send_block(messages.block(offset, piece))
                self._answer(time.monotonic() + patience)
                offset += len(piece)
            except _Noise as error:
                failures += 1
                if failures >= self.tries:
                    raise LinkError(
                        f"a block of {size} bytes did not get through: {error}"
                    ) from error
                self.resync()
                size = max(size // 2, SMALLEST_BLOCK)  # short blocks survive a worse line

    def _send_block(self, block: bytes) -> None:
        """A UART without a FIFO loses what comes while the firmware reads the command."""
        if not self.gap:
            self._send(block)
            return
        command, mark, data = block.partition(b"%")
        self._send(command + mark)
        time.sleep(self.gap)
        self._send(data)

    def predict(self, picture: bytes) -> tuple[int, bytes]:
        """(timer ticks, raw output bytes) of one inference, picture and result over the line."""
        self.load(picture)
        answer = messages.fields(self._watched("predict", 1))
        self.inferences = answers.number(answer, "inferences", low=1)
        self.cycles = answers.number(answer, "cycles") if "cycles" in answer else None
        return answers.number(answer, "ticks"), answers.raw(answer, "output", self.output_bytes)

    def bulk(self, count: int, inputs: int, results: int) -> None:
        """`count` inferences in shared memory; offsets in bytes, multiples of 8."""
        answer = messages.fields(self._watched(f"bulk {count} {inputs} {results}", count))
        self.inferences = answers.number(answer, "inferences", low=count)

    def _watched(self, command: str, inferences: int) -> list[str]:
        """Returns the answer to a command of so many inferences, within their budget."""
        request = messages.command(command)
        if not self.watch:
            return self._ask(request, command, inferences * self.thinking)
        self.watch.begin(inferences)
        try:
            return self._ask(request, command, self.watch.allowed)
        finally:
            self.watch.over()

    def layer_ticks(self) -> list[int]:
        """Ticks at the start of each layer of the last inference, then at its end."""
        return answers.numbers(messages.fields(self.command("layers")), "ticks", self.marks)

    def stack_bytes(self) -> int:
        return answers.number(messages.fields(self.command("stack")), "stack")

    def reset(self) -> None:
        self._send(messages.command("reset"))
        self.boot()
