"""The fetch of instructions: a short queue of words between memory (flash) and decoder.

A word is requested as soon as a place in the queue is free, and can be decoded `latency` cycles
later; flash wait states add to that. Times are those of `pipeline`.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from boardless.cycles import cores
from boardless.cycles.decode import Instruction

WORD = 4  # bytes


class Memory(Protocol):
    """The code memory behind the queue."""

    def begin(self, address: int) -> tuple[float, float]:
        """Returns, after a jump, the cycles that the first word is late, and when the next line can
        be there (cycles after the first word is requested)."""

    def wait(self, address: int, asked: float, line_ready: float) -> tuple[float, float]:
        """Returns, in a row of words, the cycles that the word is late, and when the next line can
        be there."""


class Queue(NamedTuple):
    """Words that were requested; the first one holds the next instruction's first byte."""

    arrivals: tuple[float, ...]  # when each can be decoded
    asked: float  # when the next one can be asked for
    line_ready: float  # when flash can deliver the line after the last word asked for


class Fetcher:
    """The queue of one core, with the memory of one part behind it."""

    def __init__(self, fetch: cores.Fetch, memory: Memory | None = None) -> None:
        self.rule, self.memory = fetch, memory

    def restart(self, address: int) -> Queue:
        """Returns the queue when the target of a jump would execute without any delay."""
        late, ready = self.memory.begin(address) if self.memory else (0.0, 0.0)
        asked = -1.0 - self.rule.latency + late
        queue = Queue((-1.0 + late,), asked + self.rule.cycles_per_word, ready + asked - late)
        return self._fill(queue, address - address % WORD)

    def arrival(self, queue: Queue, address: int, size: int) -> float:
        """Returns the time when the instruction may begin to execute, as far as fetching goes."""
        return 1.0 + queue.arrivals[_last_word(address, size)]

    def use(self, queue: Queue, address: int, now: Instruction, begin: float, end: float) -> Queue:
        """Returns the queue after the instruction has been decoded, with times relative to
        `end`."""
        arrivals, asked, ready = queue
        decoded = begin - 1.0
        used = (address % WORD + now.size) // WORD
        asked = max(asked, decoded + 1.0) if used else asked
        first = address - address % WORD + WORD * used
        split = now.size == WORD and address % WORD != 0
        queue = self._fill(Queue(arrivals[used:], asked, ready), first, 1 if split else 0)
        least = -8.0
        return Queue(
            tuple(max(least, a - end) for a in queue.arrivals),
            max(least, queue.asked - end),
            max(4 * least, queue.line_ready - end),
        )

    def _fill(self, queue: Queue, first: int, more: int = 0) -> Queue:
        """Asks for words until the queue is full; it takes `more` of them for the moment."""
        arrivals, asked, ready = queue
        while len(arrivals) < self.rule.words + more:
            late = 0.0
            if self.memory is not None:
                late, ready = self.memory.wait(first + WORD * len(arrivals), asked, ready)
            arrivals = (*arrivals, asked + self.rule.latency + late)
            asked += self.rule.cycles_per_word + late
        return Queue(arrivals, asked, ready)


def _last_word(address: int, size: int) -> int:
    return (address % WORD + size - 1) // WORD
