"""Keywords that fail where something does not hold."""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt
from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn

from boardless.core.errors import ToolFailed
from boardless.device import backtrace, emulators, run
from boardless.device.elf import function_at
from boardless.device.link import answers, faults, messages
from boardless.front.booted import count_cycles
from boardless.front.robot.firmware import Firmware
from boardless.front.robot.renode_terminal import text_of
from boardless.front.robot.state import RENODE
from boardless.judge import predictions
from boardless.model import ports, reference


class Verdicts(Firmware):
    """Keywords that check predictions, instructions, cycles and crashes."""

    def prediction_should_match_reference(self) -> None:
        """The picture in the device gives what the reference's interpreter gives: int8 to the last
        bit, float32 within its tolerance."""
        got = self._predicted()
        assert self._model is not None
        expected = self._expected(self._picture(self._sent)[np.newaxis])
        verdict = predictions.compare(got[np.newaxis], expected)
        logger.info(f"picture {self._sent}: class {got.argmax()}, outputs {got.tolist()}")
        if not verdict.ok:
            raise AssertionError(
                f"picture {self._sent}: the device says {got.tolist()}, "
                f"the reference {self._reference} {expected[0].tolist()}"
            )

    def prediction_should_be_right(self) -> None:
        """The class with the largest output is the label of the picture in the device."""
        assert self._pictures is not None
        if self._pictures.labels is None:
            raise AssertionError("these pictures have no labels")
        label = int(self._pictures.labels[self._sent])
        if (top := int(self._predicted().argmax())) != label:
            raise AssertionError(f"picture {self._sent} is class {label}, the device says {top}")

    def predictions_should_match_reference(self, first: int = 0, count: int = 10) -> None:
        """``count`` pictures from ``first`` on, one after another."""
        for number in range(int(first), int(first) + int(count)):
            self.predict_picture(number)
            self.prediction_should_match_reference()

    def predictions_over_a_bad_line_should_match_reference(self, line: str, count: int = 4) -> None:
        """A device of its own, behind a line that loses and changes bytes as ``line`` says, such as
        ``drop=0.002,flip=0.002,seed=1``; checksums and repeats make up for it."""
        self._without_renode("damaging what is sent")
        self._picture(int(count) - 1)
        assert self._model is not None
        assert self._pictures is not None
        fed = dataclasses.replace(self._pictures, inputs=self._pictures.inputs[: int(count)])
        options = run.Options(self._emulator, link="uart", bad_line=faults.parse(line))
        answers = run.run(self._loaded(), fed, options, lambda done: None)
        verdict = predictions.compare(
            ports.values(self._model.graph, answers.outputs),
            self._expected(fed.inputs),
            named=self._reference,
        )
        if not verdict.ok:
            raise AssertionError(verdict.reason)

    def instructions_should_not_exceed(self, limit: int) -> None:
        """Limits the instructions of the last prediction. Refuses if the emulator does not
        count."""
        self._predicted()
        spent = self._instructions(self._ticks or 0)
        logger.info(f"{spent:,} instructions, limit {int(limit):,}")
        if spent > int(limit):
            raise AssertionError(f"{spent:,} instructions, the limit is {int(limit):,}")

    def get_layer_instructions(self) -> list[int]:
        """Instructions of each layer of the last prediction, in order."""
        self._predicted()
        ticks = answers.numbers(messages.fields(self.ask_device("layers")), "ticks")
        at = [self._instructions(number) for number in ticks]
        return [b - a for a, b in pairwise(at)]

    def skip_where_instructions_are_not_counted(self) -> None:
        """Skips a test on an emulator that does not count; for the setup of tests."""
        try:
            self._instructions(0)
        except ToolFailed as error:
            BuiltIn().skip(str(error))

    def cycles_should_not_exceed(self, limit: int, core: str = "") -> None:
        """Estimated cycles of the picture in the device on ``core`` (default: the board's own).
        Refuses where they cannot be counted: instructions are no cycles."""
        if self._emulator == RENODE:
            raise ToolFailed("cycles are not available under renode-test", hint="run robot on QEMU")
        self._predicted()
        inputs = self._picture(self._sent)[np.newaxis]
        spent = count_cycles(self._loaded(), self._emulator, inputs, core)
        logger.info(f"{spent.median:,.0f} cycles on {spent.basis}, limit {int(limit):,}")
        if spent.median > int(limit):
            raise AssertionError(
                f"{spent.median:,.0f} cycles on {spent.basis}, the limit is {int(limit):,}"
            )

    def crash_should_be_in_function(self, report: Any, function: str) -> None:
        """The fault report (what `Wait For Line On Uart` returned, a line ``e-[fault ...]``) names
        an address inside ``function``."""
        said = self._crash(report if isinstance(report, str) else text_of(report))
        logger.info(said)
        if not re.search(rf"pc=0x\w+ \({re.escape(function)}\+", said):
            raise AssertionError(f"not in {function}: {said}")

    def _expected(self, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Returns the reference's outputs (N, classes) of inputs (N, ...)."""
        assert self._model is not None
        profile = self._model.graph.profile
        outputs = reference.predict(self._model.reference, inputs, profile=profile)
        return ports.values(self._model.graph, outputs)

    def _predicted(self) -> npt.NDArray[Any]:
        if self._output is None:
            self.predict_picture()
        assert self._output is not None
        return self._output

    def _instructions(self, ticks: int) -> int:
        spent = None
        if self._emulator in emulators.names():
            spent = emulators.load(self._emulator).instructions(self._loaded().board, ticks)
        if spent is None:
            raise ToolFailed(f"{self._emulator} does not count instructions here", hint="use QEMU")
        return spent

    def _crash(self, report: str) -> str:
        """A fault report with function names."""
        fault = backtrace.parse([report])
        if fault is None:
            raise AssertionError(f"no fault report: {report!r}")
        elf = self._loaded().elf
        return " ".join(
            [fault.kind]
            + [
                f"{name}={value:#010x}"
                + (f" ({function_at(elf, value)})" if name in ("pc", "lr") else "")
                for name, value in fault.registers.items()
            ]
        )

    def _without_renode(self, what: str) -> None:
        if self._emulator == RENODE:
            text = f"{what} needs boardless's own UART; under renode-test Renode owns the UART"
            BuiltIn().skip(text)
