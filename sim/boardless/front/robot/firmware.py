"""Keywords that load a firmware and put pictures into the device."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from robot.api import logger
from robot.libraries.BuiltIn import BuiltIn
from robot.utils import DotDict, escape

from boardless import runtimes
from boardless.core.errors import BadInput, LinkError
from boardless.data import pictures
from boardless.data.records import Pictures
from boardless.device import boards, emulators
from boardless.device.link import answers, messages
from boardless.device.link.plain import Silence
from boardless.device.records import Build
from boardless.front.robot.state import RENODE, RobotState
from boardless.model import ports
from boardless.model.reference import followed
from boardless.path import Request, prepare

HEX_BYTES = 31  # of a picture in one command, as MLPerf Tiny's runner sends them


class Firmware(RobotState):
    """Keywords that load a firmware and send pictures to the device."""

    def load_firmware(self, model: str, board: str, firmware: str = "") -> DotDict:
        """Builds MODEL for a board, where that is not done yet, and ends a running emulation.

        ``firmware`` is an ELF to use instead of the built one. Returns what the firmware should
        say of itself: ``build_id``, ``model``, ``board``, ``input``, ``output``, ``layers``, and
        its ``uart`` in Renode, ``elf``, ``flash_bytes``, ``arena_bytes``, ``input_bytes``."""
        self._model = followed.find(model, self._reference)
        target = boards.load(board)
        if self._emulator == RENODE:
            if RENODE not in target.emulators:
                raise BadInput(f"board {board} does not run on Renode", hint="take another board")
            made = runtimes.load().build(self._model.graph, target)
        else:
            emulator, name = self._emulator or None, self._reference
            prepared = prepare(Request(model, board, emulator=emulator, reference=name))
            made, self._emulator = prepared.build, prepared.emulator
        if firmware:
            if not Path(firmware).is_file():
                raise BadInput("there is no such file", where=firmware, hint="name an ELF")
            made = dataclasses.replace(made, elf=Path(firmware).absolute())
        if self._emulator == RENODE:
            self._prepare_renode(made)
        else:
            self._stop()
        self._build = made
        source, gives = ports.fed(self._model.graph), ports.given(self._model.graph)
        logger.info(f"{made.model} on {board}, build {made.build_id}: {made.elf}")
        return DotDict(
            build_id=made.build_id,
            model=made.model,
            board=board,
            uart=getattr(target.emulators.get(RENODE), "uart", "sysbus.uart0"),
            input=f"{source.dtype} {'x'.join(map(str, source.shape))}",
            output=f"{gives.dtype} {'x'.join(map(str, gives.shape))}",
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
        """Sends picture ``number``, unless the device holds it, and returns the raw outputs: those
        of several outputs one after another."""
        if number >= 0:
            self.send_picture(number)
        if self._sent < 0:
            raise AssertionError("the device holds no picture; Send Picture comes first")
        assert self._model is not None
        lines = self.ask_device("predict")
        answer = messages.fields(lines)
        try:
            gives = ports.given(self._model.graph)
            raw = answers.raw(answer, "output", gives.nbytes)
            self._ticks = answers.number(answer, "ticks")
            outputs = np.frombuffer(raw, gives.dtype)[np.newaxis]
            self._output = ports.values(self._model.graph, outputs)[0]
        except LinkError:
            raise AssertionError(f"no prediction but {lines}") from None
        return [float(v) for v in self._output]

    def add_checksum(self, command: str) -> str:
        """``command`` with the checksum that makes the device check it, and check its answer."""
        return messages.checksummed(command)

    def _picture(self, number: int) -> npt.NDArray[Any]:
        loaded = self._loaded_pictures()
        if not 0 <= int(number) < len(loaded):
            raise AssertionError(f"picture {number}: there are {len(loaded)}")
        picture: npt.NDArray[Any] = loaded.inputs[int(number)]
        return picture

    def _loaded_pictures(self) -> Pictures:
        if self._pictures is None:
            self.use_pictures()
        assert self._pictures is not None
        return self._pictures

    def _prepare_renode(self, made: Build) -> None:
        """The board with the firmware in Renode, not started; the tester is the suite's."""
        renode: Any = emulators.load(RENODE)
        if self._build is None:  # this suite's own setup replaces the one that renode-test adds
            BuiltIn().run_keyword("Setup")
        BuiltIn().run_keyword("Reset Emulation")
        for command in renode.machine(made.board, made.elf):
            # Robot would take the backslash before a space in a path for itself.
            BuiltIn().run_keyword("Execute Command", escape(command))
        self._sent, self._output = -1, None
