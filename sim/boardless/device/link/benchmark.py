"""Lets a device answer as MLPerf Tiny's own firmware does for one of its benchmarks.

    session = Answers(session, BENCHMARKS["vww01"], model.graph)
    session.send(b"db 00ff%")  # the device gets db 807f: -128 and 127

Our firmware takes the model's own type and prints all outputs. The benchmarks' runner reads the
name of the benchmark, sends pixels 0..255 or real numbers, and expects a single score of `ad01`.
Source: mlcommons/tiny, benchmark/evaluation/datasets and reference_submissions.
"""

from __future__ import annotations

import math
import re
import time
from dataclasses import dataclass, field

import numpy as np

from boardless.core.errors import BadInput
from boardless.device.link.wrapped import Wrapped
from boardless.model.compiler import quantise
from boardless.model.graph import Graph

LONGEST = 4096  # bytes of a command
MOST_PENDING = 1 << 20  # bytes of an answer without an end of line
LOAD = re.compile(rb"([\s\0]*db load )([0-9]{1,9})")
BYTES = re.compile(rb"([\s\0]*db )((?:[0-9a-fA-F]{2})+)")
DECIMALS = 0.002  # results have three: values of a smaller scale look alike


@dataclass(frozen=True)
class Benchmark:
    """One of MLPerf Tiny's benchmarks, as its runner sees it."""

    name: str
    values: int  # of an input
    sends: str  # uint8: pixels 0..255; int8: the model's own type; float32: real numbers
    scores: bool = False  # one result: the mean squared error of the output against the input

    def check(self, graph: Graph) -> None:
        """Raises BadInput where the model cannot be that of the benchmark."""
        source, target = graph.input_tensor, graph.output_tensor
        what = f"the model's input is {source.type_and_shape}"
        if source.dtype != "int8" or target.dtype != "int8" or source.count != self.values:
            raise BadInput(
                f"{self.name} needs an int8 model with {self.values:,} input values; {what}",
                hint="choose another benchmark, or serve it without --mlperf",
            )
        if self.scores and target.count != self.values:
            raise BadInput(
                f"{self.name} needs as many outputs as inputs, these are {target.count:,}",
                hint="choose another benchmark",
            )


BENCHMARKS = {
    found.name: found
    for found in (
        Benchmark("ic01", 32 * 32 * 3, "uint8"),
        Benchmark("vww01", 96 * 96 * 3, "uint8"),
        Benchmark("kws01", 49 * 10, "int8"),
        Benchmark("ad01", 5 * 128, "float32", scores=True),
    )
}
PIXELS = Benchmark("", 0, "uint8")  # of a model of one's own


@dataclass
class Answers(Wrapped):
    """A Session in the manner of a benchmark; commands and answers go on when whole."""

    benchmark: Benchmark
    graph: Graph
    least: float = 0.0  # seconds of an answer to `infer`
    began: float = 0.0  # when the last `infer` was sent
    unfinished: bytearray = field(default_factory=bytearray)
    pending: bytearray = field(default_factory=bytearray)  # of a line of an answer
    reals: bytearray = field(default_factory=bytearray)  # the input so far, as float32
    done: int = 0  # values of it that the device has

    def send(self, data: bytes) -> None:
        *commands, rest = bytes(self.unfinished + data).split(b"%")
        if len(rest) > LONGEST:  # no command of the device's
            self.session.send(rest)
            rest = b""
        self.unfinished[:] = rest
        for command in commands:
            if command.strip().startswith(b"infer "):
                self.began = time.monotonic()
            self.session.send(self.command(command) + b"%")

    def command(self, command: bytes) -> bytes:
        """Returns a command as the device takes it."""
        if self.benchmark.sends == "float32" and (found := LOAD.fullmatch(command)):
            self.reals.clear()
            self.done = 0
            # Half a number would be one too many for the device, which then says so.
            return found[1] + str(math.ceil(int(found[2]) / 4)).encode()
        found = BYTES.fullmatch(command)
        if found is None or self.benchmark.sends == "int8":
            return command
        data = bytes.fromhex(found[2].decode())
        if self.benchmark.sends == "uint8":
            return found[1] + bytes(byte ^ 0x80 for byte in data).hex().encode()
        self.reals += data[: 4 * self.benchmark.values - len(self.reals) + 4]
        fresh = self.quantised(self.real()[self.done :])
        self.done += len(fresh)
        # Without a whole number there is nothing to send; the answer ends the same way.
        return found[1] + fresh.hex().encode() if fresh else b"sync"

    def quantised(self, values: np.ndarray[tuple[int], np.dtype[np.float32]]) -> bytes:
        """Returns values (N,) of an input in the model's own type."""
        q = quantise.of(self.graph.input_tensor)
        with np.errstate(all="ignore"):
            real = values / np.float32(q.scale)
            scaled = np.copysign(np.floor(np.abs(real) + np.float32(0.5)), real) + q.zero_point
        return bytes(np.clip(np.nan_to_num(scaled), -128, 127).astype(np.int8))

    def real(self) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        whole = len(self.reals) // 4 * 4
        return np.frombuffer(bytes(self.reals[:whole]), "<f4")

    def receive(self, timeout: float) -> bytes:
        data = bytes(self.pending) + self.session.receive(timeout)
        whole, end, rest = data.rpartition(b"\n")
        if len(rest) > MOST_PENDING:
            whole, end, rest = data, b"", b""
        self.pending[:] = rest
        if self.least and b"m-results-" in whole:
            time.sleep(max(0.0, self.began + self.least - time.monotonic()))
        return b"\n".join(map(self.line, whole.split(b"\n"))) + end

    def line(self, line: bytes) -> bytes:
        """Returns a line of an answer as the benchmark's own firmware prints it."""
        if not self.benchmark.name:
            return line
        line = re.sub(rb"^m-model-\[.*]", f"m-model-[{self.benchmark.name}]".encode(), line)
        if not self.benchmark.scores:
            return line
        line = re.sub(
            rb"^m-\[Expecting (\d{1,9}) bytes]",
            lambda found: b"m-[Expecting %d bytes]" % (4 * int(found[1])),
            line,
        )
        return re.sub(rb"^m-results-\[([^]]*)]", lambda found: self.score(found[1]), line)

    def score(self, values: bytes) -> bytes:
        """Returns the line of results with the mean squared error alone."""
        source = self.real().astype(np.float64)
        try:
            output = np.array([float(value) for value in values.split(b",")])
        except ValueError:
            output = np.array([])
        if len(output) != self.benchmark.values or len(source) != self.benchmark.values:
            return b"e-[" + self.benchmark.name.encode() + b": there is no whole input]"
        scale = quantise.of(self.graph.output_tensor).scale
        if scale >= DECIMALS:
            output = np.round(output / scale) * scale
        with np.errstate(all="ignore"):
            error = float(np.mean((output - source) ** 2))
        return f"m-results-[{error:.3f}]".encode()
