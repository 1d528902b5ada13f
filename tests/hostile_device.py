"""A device that speaks the protocol and lies: a session without a process, for tests of the host.

session = Liar(build, twist=lambda command, lines: [*lines, "m-more-[1]"])
"""

from __future__ import annotations

import dataclasses
import mmap
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import some_build
from boardless.core.errors import ToolFailed
from boardless.device import boards
from boardless.device.link import messages
from boardless.device.records import Build, MarkedLayer

LAYERS = tuple(MarkedLayer(i, "CONV_2D", f"layer {i}", 100) for i in range(3))
BUILD = dataclasses.replace(
    some_build.BUILD,
    model="m:int8",
    board=boards.load("host"),
    elf=Path(sys.executable).resolve(),
    build_id="0123456789abcdef",
    layers=LAYERS,
    input_bytes=4,
    output_count=10,
    arena_bytes=64,
)
Twist = Callable[[str, list[str]], list[str]]


@dataclass
class Liar:
    """A Session. `twist(command, lines)` changes the lines of an answer before they get their
    checksums; what `raw` returns is sent as it is."""

    build: Build
    twist: Twist = lambda _, lines: lines
    raw: Callable[[bytes], bytes] = lambda data: data
    shared: mmap.mmap | None = None
    waiting: bytearray = field(default_factory=bytearray)
    commands: bytearray = field(default_factory=bytearray)
    inferences: int = 0
    block: bool = False

    def __post_init__(self) -> None:
        self.say("boot", ["m-init-done"])

    def say(self, command: str, lines: list[str]) -> None:
        text = [*self.twist(command, lines), "m-ready"]
        self.waiting += self.raw(
            b"".join(f"{messages.checksummed(line)}\r\n".encode("utf8", "replace") for line in text)
        )

    def send(self, data: bytes) -> None:
        self.commands += data
        while self.commands:
            end = self.commands.find(b"\0" if self.block else b"%")
            if end < 0:
                return
            piece = bytes(self.commands[:end])
            del self.commands[: end + 1]
            if self.block:
                self.block = False
                self.say("block", [])
                continue
            command = re.sub(r" ~[0-9a-f]{8}$", "", piece.strip(b"\0").decode())
            if command.startswith("block "):
                self.block = True
                continue
            self.say(command, self.answer(command))

    def answer(self, command: str) -> list[str]:
        build = self.build
        if command.startswith("sync "):
            return [f"m-sync-[{command[5:]}]"]
        if command == "hello":
            return [
                "m-protocol-[1]",
                f"m-build-[{build.build_id}]",
                f"m-model-[{build.model}]",
                "m-timer-[1000000]",
                "m-cycles-[dwt]",
            ]
        if command == "predict":
            self.inferences += 1
            output = "00" * (build.output_count * (1 if build.output_dtype == "int8" else 4))
            return [
                f"m-output-[{output}]",
                "m-ticks-[100]",
                "m-cycles-[1000]",
                f"m-inferences-[{self.inferences}]",
            ]
        if command == "layers":
            return [f"m-ticks-[{' '.join(str(10 * i) for i in range(len(build.layers) + 1))}]"]
        if command == "stack":
            return ["m-stack-[512]"]
        return []

    def receive(self, timeout: float) -> bytes:
        if not self.waiting:
            raise ToolFailed("the device has ended")
        data = bytes(self.waiting[:4096])
        del self.waiting[:4096]
        return data

    def fileno(self) -> int:
        return -1

    def terminate(self) -> None: ...

    def close(self) -> None: ...
