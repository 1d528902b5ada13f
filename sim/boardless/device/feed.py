"""Feeds one device pictures, over the UART or through memory that it shares with us.

span = Span.of(build, pictures)
by_memory(client, build, span, range(4), progress)   # now span.outputs[:4] are known
"""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput, ToolFailed
from boardless.data.records import Pictures
from boardless.device.link.client import Client
from boardless.device.records import Build

Progress = Callable[[int], None]  # how many more pictures are done
Feed = Callable[[Client, Build, "Span", range, Progress], None]


@dataclass
class Span:
    """One set of pictures, and what the devices answer, picture by picture."""

    pictures: Pictures
    outputs: npt.NDArray[Any]
    ticks: npt.NDArray[np.uint32]
    inferences: npt.NDArray[np.int64]  # (N, 2): device, and the inference's number on it from 0
    cycles: npt.NDArray[np.uint32]  # of the core's own counter, 0 where it has none
    waited: npt.NDArray[np.float64]  # seconds, by our clock, for the answer to each inference
    layer_ticks: list[int] = field(default_factory=list)  # of picture 0
    stack_bytes: int = 0
    began: float = 0.0  # time.monotonic()
    ended: float = 0.0
    batches: queue.SimpleQueue[range] = field(default_factory=queue.SimpleQueue)

    @classmethod
    def of(cls, build: Build, pictures: Pictures, batch: int = 1) -> Span:
        """Returns a span in which nothing is answered yet. Picture 0 is in no batch: device 0 takes
        it, alone."""
        n = len(pictures)
        span = cls(
            pictures,
            outputs=np.zeros((n, build.output_count), build.output_dtype),
            ticks=np.zeros(n, np.uint32),
            inferences=np.zeros((n, 2), np.int64),
            cycles=np.zeros(n, np.uint32),
            waited=np.zeros(n),
        )
        for first in range(1, n, batch):
            span.batches.put(range(first, min(first + batch, n)))
        return span

    def take(self) -> range | None:
        """Returns the next batch for a device, None where there is no more."""
        self.began = self.began or time.monotonic()
        try:
            return self.batches.get_nowait()
        except queue.Empty:
            return None

    def end(self, stack_bytes: int) -> None:
        """Notes that a device has nothing left to do here."""
        self.stack_bytes = max(self.stack_bytes, stack_bytes)
        self.ended = time.monotonic()


def by_uart(client: Client, build: Build, span: Span, batch: range, progress: Progress) -> None:
    """Infers the pictures of `batch`, each over the UART."""
    for i in batch:
        ticks, output = client.predict(span.pictures.inputs[i].tobytes())
        span.ticks[i] = ticks
        span.inferences[i, 1] = client.inferences - 1
        span.cycles[i] = client.cycles or 0
        span.waited[i] = client.waited
        span.outputs[i] = np.frombuffer(output, span.outputs.dtype)
        progress(1)


def by_memory(client: Client, build: Build, span: Span, batch: range, progress: Progress) -> None:
    """Infers the pictures of `batch`, as many at a time as fit into shared memory.

    The layout is that of run_bulk in firmware/app/server.c: inputs, then results of two 32-bit
    words (ticks, status) and the output; each entry starts at a multiple of 8 bytes."""
    memory = client.session.shared
    if memory is None:
        raise ToolFailed("the emulator maps no shared memory", hint="use --link uart")
    input_stride = (build.input_bytes + 7) // 8 * 8
    result_stride = (8 + span.outputs[0].nbytes + 7) // 8 * 8
    fit = len(memory) // (input_stride + result_stride)
    if not fit:
        raise BadInput("the picture does not fit into shared memory", hint="use --link uart")
    for first in range(batch.start, batch.stop, fit):
        part = range(first, min(first + fit, batch.stop))
        for k, i in enumerate(part):
            picture = span.pictures.inputs[i].tobytes()
            memory[k * input_stride : k * input_stride + len(picture)] = picture
        results = len(part) * input_stride
        client.bulk(len(part), 0, results)
        for k, i in enumerate(part):
            at = results + k * result_stride
            ticks, status = np.frombuffer(memory[at : at + 8], np.uint32)
            if status:
                raise ToolFailed(
                    f"a kernel refused its parameters (status {status}) on picture {i}",
                    hint="this is a bug of boardless, please report it",
                )
            span.ticks[i] = ticks
            span.inferences[i, 1] = client.inferences - len(part) + k
            end = at + 8 + span.outputs[i].nbytes
            span.outputs[i] = np.frombuffer(memory[at + 8 : end], span.outputs.dtype)
        progress(len(part))
