"""A booted firmware as a test sees it: pictures in, predictions out, and what to say when it fails.

    with Device.open(model, build, "qemu") as device:
        assert device.predict(picture).output.argmax() == 3

The pytest plugin and the Robot library are made of it.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.closing import Closing
from boardless.core.errors import BadInput, DeviceFault, LinkError, ToolFailed
from boardless.cycles import estimate
from boardless.cycles.estimate import Cycles
from boardless.data.records import Pictures
from boardless.device import backtrace, emulators, run
from boardless.device.link.client import Client
from boardless.device.link.transcript import Recorded
from boardless.device.records import Build
from boardless.model import ports, reference
from boardless.model.zoo import Model

AFTER_A_FAULT = 5.0  # seconds for the rest of a report; the firmware ends itself after it


@dataclass(frozen=True)
class Prediction:
    """Raw `output` (classes,) in the model's output type, of several outputs the values one after
    another; `instructions` of the inference, None where the emulator does not count."""

    output: npt.NDArray[Any]
    instructions: int | None

    @property
    def top(self) -> int:
        """The class with the largest output."""
        return int(self.output.argmax())


def count_cycles(build: Build, emulator: str, inputs: npt.NDArray[Any], core: str = "") -> Cycles:
    """Estimated cycles of each of `inputs` (N, ...) on `core` (default: the board's own), counted
    on a device of their own. ToolFailed where they cannot be: instructions are no cycles."""
    (target,) = estimate.targets([core or build.board.core], [])
    fed = Pictures(inputs, labels=None, origin="")
    counts = run.run(build, fed, run.Options(emulator), lambda done: None).counts
    if counts.counted is None:
        still = "instructions are still counted" if counts.instructions else counts.missing
        raise ToolFailed(counts.cycles_missing, hint=still)
    return estimate.estimate(counts.counted, target)


@dataclass
class Device(Closing):
    """One board with a firmware on it. A device that crashed boots again at the next reset()."""

    model: Model
    build: Build
    options: run.Options
    client: Client | None = None
    line: Recorded | None = None
    said: list[str] = field(default_factory=list)  # a report of a crash, with what came after it
    last_input: npt.NDArray[Any] | None = None

    @classmethod
    def open(cls, model: Model, build: Build, emulator: str) -> Device:
        device = cls(model, build, run.Options(emulator, link="uart"))
        device.boot()
        return device

    # ---- life ----

    def boot(self) -> None:
        """Starts the emulator afresh; the firmware must be the very build."""
        self.close()
        self.said = []

        def tap(session: emulators.Session) -> emulators.Session:
            self.line = Recorded(session)
            return self.line

        self.client = run.open_client(self.build, self.options, shared=False, tap=tap)

    def reset(self) -> None:
        """The state after power on; boots where the device has crashed or does not answer."""
        if self.client is None or self.line is None:
            self.boot()
            return
        try:
            self.client.resync()
            self.line.log.clear()
            self.client.reset()
        except (LinkError, ToolFailed):
            self.boot()

    def close(self) -> None:
        if self.client is not None:
            self.client.session.close()
        self.client = None

    # ---- what a test asks ----

    def predict(self, picture: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> Prediction:
        """One inference; `picture` is in the model's own type and shape, with or without the
        batch. For several inputs it is their bytes one after another, as int8, or an array for each
        by its name, as in a .npz but of one picture."""
        self.last_input = fed = self._checked(picture)
        with self._attentive() as client:
            ticks, raw = client.predict(fed.tobytes())
        emulator = emulators.load(self.options.emulator)
        return Prediction(
            self._values(np.frombuffer(raw, ports.given(self.model.graph).dtype)[np.newaxis])[0],
            emulator.instructions(self.build.board, ticks),
        )

    def _values(self, outputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return ports.values(self.model.graph, outputs)

    def _checked(self, picture: npt.ArrayLike | Mapping[str, npt.ArrayLike]) -> npt.NDArray[Any]:
        graph = self.model.graph
        source = ports.fed(graph)
        if isinstance(picture, Mapping):
            arrays = {name: np.asarray(array)[np.newaxis] for name, array in picture.items()}
            packed: npt.NDArray[Any] = ports.packed(graph, arrays, "the picture")[0]
            return packed
        fed = np.asarray(picture)
        if fed.dtype != source.dtype or fed.size != int(np.prod(source.shape)):
            raise BadInput(
                f"the picture is {fed.dtype} {'x'.join(map(str, fed.shape))}, "
                f"the model takes {source.dtype} {'x'.join(map(str, source.shape))}",
                hint="the fixture `pictures` and boardless.pictures.load give such inputs",
            )
        return fed

    def predict_all(self, pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raw outputs (N, classes) of pictures (N, ...)."""
        return np.stack([self.predict(picture).output for picture in pictures])

    def reference(self, pictures: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Raw outputs (N, classes) of the reference's interpreter for pictures (N, ...): LiteRT's
        reference kernels, unless another one was asked for."""
        profile = self.model.graph.profile
        outputs = reference.predict(self.model.reference, pictures, profile=profile)
        return self._values(outputs)

    def layer_instructions(self) -> dict[str, int]:
        """Instructions of each layer of the last inference, by `INDEX OPERATOR`."""
        emulator = emulators.load(self.options.emulator)
        with self._attentive() as client:
            at = [emulator.instructions(self.build.board, t) for t in client.layer_ticks()]
        names = [f"{layer.index} {layer.op}" for layer in self.build.layers]
        spent = [b - a for a, b in pairwise(at) if a is not None and b is not None]
        return dict(zip(names, spent, strict=False))

    def cycles(
        self, picture: npt.ArrayLike | Mapping[str, npt.ArrayLike], core: str = ""
    ) -> Cycles:
        """Estimated cycles of one inference, with the estimate's error; see count_cycles()."""
        fed = self._checked(picture)
        return count_cycles(self.build, self.options.emulator, fed[np.newaxis], core)

    def stack_bytes(self) -> int:
        """The deepest use of the stack since reset."""
        with self._attentive() as client:
            return client.stack_bytes()

    def command(self, text: str) -> list[str]:
        """Reply lines of any command of the protocol, such as "hello"; `help` lists them."""
        with self._attentive() as client:
            return client.command(text)

    # ---- what to say when it fails ----

    def transcript(self) -> list[str]:
        """Returns the traffic of the UART since the last reset."""
        return self.line.lines() if self.line else []

    def fault(self) -> backtrace.Fault | None:
        return backtrace.parse(self.said)

    def backtrace(self) -> list[str]:
        """The calls that led to a crash; empty where there was none or nothing is known."""
        fault = self.fault()
        try:
            return backtrace.backtrace(self.build.elf, fault) if fault else []
        except BadInput as error:  # an ELF of someone else's, whose debug information is damaged
            return [f"not known: {error}"]

    def keep(self, folder: Path) -> list[Path]:
        """Writes what helps to look into a failure into `folder`."""
        folder.mkdir(parents=True, exist_ok=True)
        log, fault = "\n".join(self.transcript()), "\n".join([*self.said, "", *self.backtrace()])
        (folder / "uart.log").write_text(log + "\n")
        (folder / "model.tflite").write_bytes(self.model.content)
        shutil.copyfile(self.build.elf, folder / "firmware.elf")
        if self.said:
            (folder / "fault.txt").write_text(fault + "\n")
        if self.last_input is not None:
            np.save(folder / "input.npy", self.last_input)
        return sorted(folder.iterdir())

    @contextmanager
    def _attentive(self) -> Iterator[Client]:
        """The client; a crash under it is listened to until the end of its report."""
        if self.client is None:
            raise LinkError("the device has crashed", hint="reset() boots it again")
        try:
            yield self.client
        except DeviceFault:
            self._listen(self.client)
            self.close()
            raise
        except ToolFailed:
            self.close()
            raise

    def _listen(self, client: Client) -> None:
        end = time.monotonic() + AFTER_A_FAULT
        try:
            while (left := end - time.monotonic()) > 0:
                client.session.receive(left)
        except ToolFailed:
            pass  # it has ended itself: the report is whole
        self.said = [line[2:] for line in self.transcript() if line.startswith("< e-[")]
