"""Robot Framework keywords: a model's firmware on an emulated board, pictures over its UART.

    Library    boardless.robot_library.Boardless

Names and arguments of the emulation's keywords are those of Renode, so a suite runs with `robot` on
QEMU and with `renode-test` on Renode; there, `Library  boardless.robot_library.Boardless  renode`
leaves them to Renode and brings the rest.
"""

from __future__ import annotations

import dataclasses
import re
from itertools import pairwise
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
from robot.api import logger
from robot.api.deco import library
from robot.libraries.BuiltIn import BuiltIn
from robot.utils import DotDict

from boardless import (
    __version__,
    backtrace,
    boards,
    build,
    compare,
    compiler,
    emulators,
    evaluate,
    pictures,
    reference,
    run,
    zoo,
)
from boardless.device import count_cycles
from boardless.emulators import Session
from boardless.errors import BadInput, ToolFailed
from boardless.link import faults, messages
from boardless.link.plain import PlainLine, Silence
from boardless.records import Build, Pictures
from boardless.robot_terminal import RenodeTerminal, text_of
from boardless.zoo import Model

RENODE = "renode"
# Keywords that Renode has, too; under renode-test they are Renode's.
OF_RENODE = (
    "create_terminal_tester",
    "start_emulation",
    "reset_emulation",
    "wait_for_line_on_uart",
    "wait_for_next_line_on_uart",
    "write_line_to_uart",
)
OURS = (
    "load_firmware",
    "use_pictures",
    "ask_device",
    "send_picture",
    "predict_picture",
    "prediction_should_match_reference",
    "prediction_should_be_right",
    "predictions_should_match_reference",
    "predictions_over_a_bad_line_should_match_reference",
    "instructions_should_not_exceed",
    "get_layer_instructions",
    "skip_where_instructions_are_not_counted",
    "cycles_should_not_exceed",
    "crash_should_be_in_function",
    "add_checksum",
)
HEX_BYTES = 31  # of a picture in one command, as MLPerf Tiny's runner sends them


@library(scope="SUITE", version=__version__, doc_format="ROBOT")
class Boardless:
    """Tests of a model's firmware on an emulated microcontroller board.

    A suite loads a firmware, boots it, sends pictures over the virtual UART and compares:

    | `Load Firmware`          | digits_cnn:int8 | mps2-an386 |
    | `Create Terminal Tester` | sysbus.uart0    |            |
    | `Start Emulation`        |                 |            |
    | `Wait For Line On Uart`  | m-ready         |            |
    | `Send Picture`           | 0               |            |
    | `Prediction Should Match Reference` |      |            |

    Emulation and UART keywords have Renode's names and arguments. The library's argument is the
    emulator: ``qemu``, ``fake``, or nothing for the board's first; ``renode`` under renode-test,
    where Renode brings those keywords itself.
    """

    ROBOT_LISTENER_API_VERSION = 3
    ROBOT_LIBRARY_LISTENER: ClassVar[Any]

    def __init__(self, emulator: str = "") -> None:
        self.ROBOT_LIBRARY_LISTENER = self  # type: ignore[misc]
        self._emulator = emulator
        self._model: Model | None = None
        self._build: Build | None = None
        self._pictures: Pictures | None = None
        self._session: Session | None = None
        self._terminals: list[PlainLine] = []
        self._timeout = 30.0
        self._sent = -1  # the picture that the device holds
        self._output: npt.NDArray[Any] | None = None
        self._ticks: int | None = None

    def get_keyword_names(self) -> list[str]:
        """What Robot calls to learn the keywords."""
        return [*OURS, *(() if self._emulator == RENODE else OF_RENODE)]

    def end_suite(self, data: Any, result: Any) -> None:
        """No emulator outlives its suite."""
        self._stop()

    # ---- the emulation, as in Renode ----

    def create_terminal_tester(self, uart: str = "sysbus.uart0", timeout: float = 30) -> int:
        """Listens to the board's line; returns the tester's number. ``timeout`` in seconds is that
        of all waiting. Renode's ``uart`` is accepted: a board here has one line."""
        if self._terminals:
            raise AssertionError("there is a terminal tester already; Reset Emulation ends it")
        self._timeout = float(timeout)
        self._terminals.append(PlainLine(timeout=self._timeout))
        return len(self._terminals)

    def start_emulation(self) -> None:
        """Switches the board on with the loaded firmware."""
        loaded = self._loaded()
        if self._session is not None:
            raise AssertionError("the emulation is running; Reset Emulation ends it")
        emulator = emulators.load(self._emulator)
        self._session = emulator.start(loaded.board, loaded.elf, shared=False)
        for terminal in self._terminals:
            terminal.session = self._session

    def reset_emulation(self) -> None:
        """Ends the emulation and forgets testers and what the device held."""
        self._stop()

    def wait_for_line_on_uart(
        self,
        content: str,
        timeout: float | None = None,
        testerId: int = 1,
        treatAsRegex: bool = False,
    ) -> DotDict:
        """The next line that contains ``content``, lines before it are dropped. The result has
        ``line``, and ``groups`` of a regular expression."""
        patience = float(timeout or self._timeout)
        while True:
            try:
                line = self._terminal(testerId).next_line(patience)
            except Silence as error:
                raise AssertionError(f"no line with {content!r}: {error}") from None
            logger.debug(line)
            found = re.search(content, line) if treatAsRegex else None
            if found or (not treatAsRegex and content in line):
                return DotDict(line=line, groups=list(found.groups()) if found else [])

    def wait_for_next_line_on_uart(
        self,
        timeout: float | None = None,
        testerId: int = 1,
    ) -> DotDict:
        """The next line, whatever it is."""
        line = self._terminal(testerId).next_line(float(timeout or self._timeout))
        logger.debug(line)
        return DotDict(line=line, groups=[])

    def write_line_to_uart(
        self,
        content: str = "",
        testerId: int = 1,
        waitForEcho: bool = True,
    ) -> None:
        """Sends ``content`` and a carriage return. The firmware echoes nothing: say
        ``waitForEcho=false``, as on Renode."""
        terminal = self._terminal(testerId)
        logger.debug(content)
        terminal.write(content + "\r")
        if waitForEcho:
            self.wait_for_line_on_uart(content, testerId=testerId)

    # ---- firmware and pictures ----

    def load_firmware(self, model: str, board: str, firmware: str = "") -> DotDict:
        """Builds MODEL for a board, where that is not done yet, and ends a running emulation.

        ``firmware`` is an ELF to use instead of the built one. Returns what the firmware should
        say of itself: ``build_id``, ``model``, ``board``, ``input``, ``output``, ``layers``, and
        its ``uart`` in Renode, ``elf``, ``flash_bytes``, ``arena_bytes``, ``input_bytes``."""
        self._model = zoo.find(model)
        target = boards.load(board)
        if self._emulator == RENODE:
            if RENODE not in target.emulators:
                raise BadInput(f"board {board} does not run on Renode", hint="take another board")
            program = compiler.compile_graph(self._model.graph, target.twins)
            made = build.build(program, target)
        else:
            request = evaluate.Request(model, board, self._emulator or None)
            _, made, self._emulator = evaluate.firmware(request, lambda what, done, total: None)
        if firmware:
            if not Path(firmware).is_file():
                raise BadInput("there is no such file", where=firmware, hint="name an ELF")
            made = dataclasses.replace(made, elf=Path(firmware).absolute())
        if self._emulator == RENODE:
            self._prepare_renode(made)
        else:
            self._stop()
        self._build = made
        source, target_tensor = self._model.graph.input_tensor, self._model.graph.output_tensor
        logger.info(f"{made.model} on {board}, build {made.build_id}: {made.elf}")
        return DotDict(
            build_id=made.build_id,
            model=made.model,
            board=board,
            uart=getattr(target.emulators.get(RENODE), "uart", "sysbus.uart0"),
            input=f"{source.dtype} {'x'.join(map(str, source.shape))}",
            output=f"{target_tensor.dtype} {'x'.join(map(str, target_tensor.shape))}",
            layers=len(made.layers),
            elf=str(made.elf),
            flash_bytes=made.flash_bytes,
            arena_bytes=made.arena_bytes,
            input_bytes=made.input_bytes,
        )

    def use_pictures(self, path: str = "", limit: int | None = None) -> int:
        """Pictures for the loaded model: a .npz, a folder of class folders, or the model's own
        test pictures. Returns how many there are."""
        self._loaded()
        assert self._model is not None
        self._pictures = pictures.load(self._model, Path(path) if path else None, limit)
        logger.info(f"{len(self._pictures)} pictures: {self._pictures.origin}")
        return len(self._pictures)

    def ask_device(self, command: str) -> list[str]:
        """Sends a command, such as ``hello``, and returns the lines of its answer."""
        try:
            lines = self._terminal().ask(command)
        except Silence as error:
            raise AssertionError(f"no whole answer to {command[:40]!r}: {error}") from None
        logger.debug("\n".join(lines))
        return lines

    def send_picture(self, number: int = 0) -> None:
        """Puts picture ``number`` into the device, as MLPerf Tiny's runner does: in hex."""
        picture = self._picture(number).tobytes()
        expecting = self.ask_device(f"db load {len(picture)}")
        if expecting != [f"m-[Expecting {len(picture)} bytes]"]:
            raise AssertionError(f"db load {len(picture)}: the device says {expecting}")
        answer: list[str] = []
        for i in range(0, len(picture), HEX_BYTES):
            answer = self.ask_device(f"db {picture[i : i + HEX_BYTES].hex()}")
        if answer != ["m-load-done"]:
            raise AssertionError(f"picture {number} did not arrive whole: {answer}")
        self._sent, self._output = int(number), None

    def predict_picture(self, number: int = -1) -> list[float]:
        """Sends picture ``number``, unless the device holds it, and returns the raw outputs."""
        if number >= 0:
            self.send_picture(number)
        if self._sent < 0:
            raise AssertionError("the device holds no picture; Send Picture comes first")
        assert self._model is not None
        lines = self.ask_device("predict")
        answer = messages.fields(lines)
        try:
            raw = bytes.fromhex(answer["output"])
            self._ticks = int(answer["ticks"])
            self._output = np.frombuffer(raw, self._model.graph.output_tensor.dtype)
        except (KeyError, ValueError):
            raise AssertionError(f"no prediction but {lines}") from None
        return [float(v) for v in self._output]

    # ---- verdicts ----

    def prediction_should_match_reference(self) -> None:
        """The picture in the device gives what TFLite's reference kernels give: int8 to the last
        bit, float32 within its tolerance."""
        got = self._predicted()
        assert self._model is not None
        expected = reference.predict(self._model.content, self._picture(self._sent)[np.newaxis])
        verdict = compare.compare(got[np.newaxis], expected)
        logger.info(f"picture {self._sent}: class {got.argmax()}, outputs {got.tolist()}")
        if not verdict.ok:
            raise AssertionError(
                f"picture {self._sent}: the device says {got.tolist()}, "
                f"the reference {expected[0].tolist()}"
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
        self._without_renode("damages lines")
        self._picture(int(count) - 1)
        assert self._model is not None
        assert self._pictures is not None
        fed = dataclasses.replace(self._pictures, inputs=self._pictures.inputs[: int(count)])
        options = run.Options(self._emulator, link="uart", bad_line=faults.parse(line))
        outputs, _, _, _ = run.run(self._loaded(), fed, options, lambda done: None)
        verdict = compare.compare(outputs, reference.predict(self._model.content, fed.inputs))
        if not verdict.ok:
            raise AssertionError(verdict.reason)

    def instructions_should_not_exceed(self, limit: int) -> None:
        """Of the last prediction. Refuses where the emulator does not count."""
        self._predicted()
        spent = self._instructions(self._ticks or 0)
        logger.info(f"{spent:,} instructions, limit {int(limit):,}")
        if spent > int(limit):
            raise AssertionError(f"{spent:,} instructions, the limit is {int(limit):,}")

    def get_layer_instructions(self) -> list[int]:
        """Instructions of each layer of the last prediction, in order."""
        self._predicted()
        words = messages.fields(self.ask_device("layers"))["ticks"].split()
        at = [self._instructions(int(word)) for word in words]
        return [b - a for a, b in pairwise(at)]

    def skip_where_instructions_are_not_counted(self) -> None:
        """For the setup of tests that need them."""
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
        logger.info(f"{spent.median:,.0f} cycles on {spent.told}, limit {int(limit):,}")
        if spent.median > int(limit):
            raise AssertionError(
                f"{spent.median:,.0f} cycles on {spent.told}, the limit is {int(limit):,}"
            )

    def crash_should_be_in_function(self, report: Any, function: str) -> None:
        """The fault report (what `Wait For Line On Uart` returned, a line ``e-[fault ...]``) names
        an address inside ``function``."""
        said = self._crash(report if isinstance(report, str) else text_of(report))
        logger.info(said)
        if not re.search(rf"pc=0x\w+ \({re.escape(function)}\+", said):
            raise AssertionError(f"not in {function}: {said}")

    def add_checksum(self, command: str) -> str:
        """``command`` with the checksum that makes the device check it, and check its answer."""
        return messages.checksummed(command)

    # ---- inside ----

    def _loaded(self) -> Build:
        if self._build is None:
            raise AssertionError("no firmware; Load Firmware comes first")
        return self._build

    def _terminal(self, tester: int | None = None) -> PlainLine:
        if self._emulator == RENODE:
            return RenodeTerminal(timeout=self._timeout)
        number = int(tester or 1)
        if not 1 <= number <= len(self._terminals):
            raise AssertionError("no terminal tester; Create Terminal Tester comes first")
        return self._terminals[number - 1]

    def _picture(self, number: int) -> npt.NDArray[Any]:
        loaded = self._loaded_pictures()
        if not 0 <= int(number) < len(loaded):
            raise AssertionError(f"picture {number}: there are {len(loaded)}")
        picture: npt.NDArray[Any] = loaded.inputs[int(number)]
        return picture

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

    def _loaded_pictures(self) -> Pictures:
        if self._pictures is None:
            self.use_pictures()
        assert self._pictures is not None
        return self._pictures

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
                + (f" ({build.function_at(elf, value)})" if name in ("pc", "lr") else "")
                for name, value in fault.registers.items()
            ]
        )

    def _without_renode(self, what: str) -> None:
        if self._emulator == RENODE:
            BuiltIn().skip(f"boardless itself {what}, and Renode holds the line here")

    def _prepare_renode(self, made: Build) -> None:
        """The board with the firmware in Renode, not started; the tester is the suite's."""
        renode: Any = emulators.load(RENODE)
        if self._build is None:  # this suite's own setup replaces the one that renode-test adds
            BuiltIn().run_keyword("Setup")
        BuiltIn().run_keyword("Reset Emulation")
        for command in renode.machine(made.board, made.elf):
            BuiltIn().run_keyword("Execute Command", command)
        self._sent, self._output = -1, None

    def _stop(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session, self._sent, self._output = None, -1, None
        self._terminals.clear()
