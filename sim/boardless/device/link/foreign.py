"""Firmware that boardless has not built: it speaks our protocol, or MLPerf Tiny's.

    client = attach(session, foreign)
    _, output = client.predict(picture_bytes)

What it does not answer, such as the depth of its stack, is not known; what it does, is checked.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field

import numpy as np

from boardless.core.errors import DeviceFault, LinkError
from boardless.device.emulators.base import Session
from boardless.device.link import answers, messages, mlperf
from boardless.device.link.client import Client, Refused
from boardless.device.link.plain import PlainLine, Silence
from boardless.device.records import Foreign

PATIENCE = 60.0  # seconds of the clock for a device that says nothing
BUSY = 4  # seconds of the clock for one of the processor time that an inference may take


def attach(session: Session, foreign: Foreign) -> Client:
    """Waits for the firmware's m-ready and finds out what it speaks. LinkError where it says
    nothing, or is made for another input or output."""
    terminal = PlainLine(session, PATIENCE)
    try:
        while terminal.next_line().split(" ~")[0] != "m-ready":
            pass
    except Silence as error:
        raise LinkError(
            f"the firmware does not say m-ready: {error}",
            hint="does it speak boardless's protocol or MLPerf Tiny's, on the board's first UART?",
        ) from error
    _wake(session)
    about = messages.fields([line.split(" ~")[0] for line in terminal.ask("hello")])
    for key, wanted in (("input", foreign.input), ("output", foreign.output)):
        if about.get(key, wanted) != wanted:
            raise LinkError(
                f"the firmware's {key} is {about[key]}, the model's {wanted}",
                hint="is it a firmware of this model?",
            )
    kind = OurProtocol if "protocol" in about else MlperfProtocol
    client = kind(session, foreign=foreign, terminal=terminal)
    client.buffer += terminal.received
    client.about = about
    if isinstance(client, OurProtocol):
        client.hello()
    else:
        mlperf.identify(terminal)
    return client


def _wake(session: Session) -> None:
    """Makes QEMU look again at whether the UART takes bytes. It had looked before the firmware
    enabled its receiver, and sleeps since then, if the firmware polls and nothing else happens."""
    debugger = getattr(session, "debugger", None)
    if debugger is not None:
        with contextlib.suppress(OSError, ValueError, LookupError):
            debugger.counter()


@dataclass
class _Foreign(Client):
    """The part that is the same for both protocols."""

    foreign: Foreign = field(kw_only=True)
    terminal: PlainLine = field(kw_only=True)

    def layer_ticks(self) -> list[int]:
        """Returns nothing: nobody here knows its layers."""
        return []

    def _fed(self, picture: bytes) -> bytes:
        flipped = self.foreign.unsigned_input
        return bytes(byte ^ 0x80 for byte in picture) if flipped else picture

    def _answered(self, output: bytes) -> bytes:
        flipped = self.foreign.unsigned_output
        return bytes(byte ^ 0x80 for byte in output) if flipped else output


class OurProtocol(_Foreign):
    """It understands hello, block and predict; a `stack` is welcome."""

    def predict(self, picture: bytes) -> tuple[int, bytes]:
        """Returns (0, raw output bytes): what its ticks are, nobody here knows."""
        self.load(self._fed(picture))
        answer = messages.fields(self._watched("predict", 1))
        self.inferences += 1
        return 0, self._answered(answers.raw(answer, "output", self.foreign.output_bytes))

    def stack_bytes(self) -> int:
        """Returns 0 where it does not know."""
        try:
            return super().stack_bytes()
        except Refused:
            return 0


@dataclass
class MlperfProtocol(_Foreign):
    """It understands name, profile, db, infer and results, whose values have three decimals."""

    coarse: float = 0.00051

    def predict(self, picture: bytes) -> tuple[int, bytes]:
        """Returns (0, raw output bytes); integers are those that are next to the decimals."""
        mlperf.load(self.terminal, self._fed(picture))
        began = time.monotonic()
        results, _ = self._inferred()
        self.waited = time.monotonic() - began
        self.inferences += 1
        values = np.array(results, np.float64)
        if values.size != self.foreign.output_count:
            raise LinkError(
                f"the device answers {values.size} results, not {self.foreign.output_count}",
                hint="is it a firmware of this model?",
            )
        if self.foreign.output.startswith("float"):
            return 0, values.astype(np.float32).tobytes()
        whole = np.rint(values / self.foreign.scale) + self.foreign.zero_point
        bounds = np.iinfo(self.foreign.output_dtype)
        return 0, np.clip(whole, bounds.min, bounds.max).astype(self.foreign.output_dtype).tobytes()

    def _inferred(self) -> tuple[list[float], int]:
        if self.watch:  # the clock goes faster than the processor time of a busy machine
            self.watch.begin(1)
            self.terminal.timeout = max(PATIENCE, BUSY * self.watch.allowed)
        try:
            return mlperf.infer(self.terminal, 1, 0)
        except Silence as error:
            if self.watch:
                raise DeviceFault(
                    f"the inference does not end; it is {self.watch.place()}",
                    hint="look for a loop there",
                ) from error
            raise

    def stack_bytes(self) -> int:
        """Returns 0: the protocol has no word for it."""
        return 0
