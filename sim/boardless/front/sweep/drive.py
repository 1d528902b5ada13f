"""Cuts cases into chunks, keeps workers busy, writes down what comes back.

A chunk that fails is repeated once, then recorded with the reason; the others go on.
"""

from __future__ import annotations

import contextlib
import enum
import itertools
import queue
import signal
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Any

from boardless.core import interrupts
from boardless.core.errors import BadInput, BoardlessError, TooSmall
from boardless.front.sweep.cases import Preparation, Ready, SweepCase
from boardless.front.sweep.chunk import Done, Failed, Task
from boardless.front.sweep.cluster import Cluster
from boardless.front.sweep.store import Store
from boardless.path import Progress

ATTEMPTS = 2


@dataclass(frozen=True)
class Chunk:
    """Pictures of a case that a worker takes at once."""

    case_id: int
    ready: Ready
    indices: tuple[int, ...]
    attempt: int = 1

    def task(self, cycles: bool) -> Task:
        case, fed = self.ready.case, self.ready.pictures
        chosen = list(self.indices)
        return Task(
            case.model.name,
            case.content,
            case.board,
            case.emulator,
            cycles,
            case.model.graph.profile,
            case.runtime,
            self.ready.identity,
            self.indices,
            fed.inputs[chosen],
            None if fed.labels is None else fed.labels[chosen],
        )


def cut(case_id: int, ready: Ready, missing: Sequence[int]) -> list[Chunk]:
    """Cuts missing pictures into chunks, whose borders do not depend on what is missing."""
    groups = itertools.groupby(missing, key=lambda i: i // ready.chunk)
    return [Chunk(case_id, ready, tuple(group)) for _, group in groups]


def outstanding(
    cases: Sequence[SweepCase], preparation: Preparation, store: Store, restart: bool
) -> list[SweepCase]:
    """Cases that are not complete. BadInput names one that the file holds of another build, or of
    other pictures, unless they are to `restart`."""
    left, changed = [], []
    for case in cases:
        if not store.holds(case):
            left.append(case)
            continue
        ready = preparation.ready(case)
        if what := store.change(ready):
            changed.append(f"{case.names}: {what}")
            left.append(case)
            if restart:
                store.forget(case)
        elif store.missing(ready):
            left.append(case)
    if changed and not restart:
        more = f", and {len(changed) - 1} more cases" if len(changed) > 1 else ""
        raise BadInput(
            f"{changed[0]}{more}: the file's pictures do not mix with new ones",
            where=str(store.path),
            hint="--restart runs them again, -o FILE keeps these",
        )
    return left


def drive(
    cases: Sequence[SweepCase],
    preparation: Preparation,
    store: Store,
    threads: int,
    cluster: Callable[[], AbstractContextManager[Cluster]],
    progress: Progress,
) -> None:
    """Runs what is missing of `cases`; `threads` get the next ones ready meanwhile."""
    if not cases:
        return
    landed: Landed = queue.SimpleQueue()
    with contextlib.ExitStack() as stack:
        stack.enter_context(_interrupts(landed))
        coming = stack.enter_context(Coming(cases, preparation, threads, landed))
        driver = Driver(preparation, store, stack.enter_context(cluster()), progress, landed)
        driver.drive(coming)


class Event(enum.Enum):
    """An entry of the queue that is no chunk's future."""

    INTERRUPT = enum.auto()
    READY = enum.auto()  # a case


Landed = queue.SimpleQueue[Any]


@contextlib.contextmanager
def _interrupts(landed: Landed) -> Iterator[None]:
    """Ctrl-C and the like wait in the queue until the loop can take them: raised at any place, they
    may be lost in one that ignores exceptions, or leave workers half started. A second one is not
    made to wait."""

    def handle(*_: object) -> None:
        landed.put(Event.INTERRUPT)
        for number in before:
            signal.signal(number, hurry)

    def hurry(*_: object) -> None:
        raise KeyboardInterrupt

    before: dict[int, Any] = {}
    try:
        for number in interrupts.handled():
            before[number] = signal.signal(number, handle)
        yield
    finally:
        for known, handler in before.items():
            signal.signal(known, handler)


class Coming:
    """Cases in their order, the next few of them being got ready."""

    def __init__(
        self, cases: Sequence[SweepCase], preparation: Preparation, threads: int, landed: Landed
    ) -> None:
        self.preparation, self.ahead, self.landed = preparation, 2 * threads, landed
        self.rest = deque(cases)
        self.begun: deque[tuple[SweepCase, Future[Ready]]] = deque()
        self.pool = ThreadPoolExecutor(threads)

    def __enter__(self) -> Coming:
        self._begin()
        return self

    def __exit__(self, *_: object) -> None:
        self.pool.shutdown(wait=False, cancel_futures=True)

    def __bool__(self) -> bool:
        return bool(self.begun)

    @property
    def ready(self) -> bool:
        """Returns True if `take` would not wait."""
        return bool(self.begun) and self.begun[0][1].done()

    def take(self) -> tuple[SweepCase, Future[Ready]]:
        case, future = self.begun.popleft()
        self._begin()
        return case, future

    def _begin(self) -> None:
        while self.rest and len(self.begun) < self.ahead:
            case = self.rest.popleft()
            future = self.pool.submit(self.preparation.built, case)
            future.add_done_callback(lambda _: self.landed.put(Event.READY))
            self.begun.append((case, future))


class Driver:
    """The loop; all in one thread but for the workers' answers, which land in a queue."""

    def __init__(
        self,
        preparation: Preparation,
        store: Store,
        cluster: Cluster,
        progress: Progress,
        landed: Landed,
    ) -> None:
        self.preparation, self.store = preparation, store
        self.cluster, self.progress, self.landed = cluster, progress, landed
        self.waiting: deque[Chunk] = deque()
        self.flying: dict[str, Chunk] = {}
        self.done: Counter[int] = Counter()  # pictures by case
        self.name = uuid.uuid4().hex  # others may use the same scheduler

    def drive(self, coming: Coming) -> None:
        while coming or self.waiting or self.flying:
            if coming.ready and not self.waiting:
                self.admit(*coming.take())
            self.launch()
            if self.flying or (coming and not coming.ready):
                self.land()

    def admit(self, case: SweepCase, future: Future[Ready]) -> None:
        """Its chunks wait from now on; or why there are none."""
        try:
            ready = future.result()
        except TooSmall as error:
            self.store.misfit(self.store.begin(case, self.preparation.ready(case)), error.what)
            self.progress(f"{case.names} does not fit", 0, 0)
            return
        except BoardlessError as error:
            why = Failed.of(error)
            self.store.failed(self.store.begin(case, None), (), why.reason, why.status)
            self.progress(f"{case.names} failed", 0, 0)
            return
        case_id = self.store.begin(case, ready)
        missing = self.store.missing(ready)
        self.done[case_id] = len(ready.pictures) - len(missing)
        self.waiting += cut(case_id, ready, missing)
        self.said(case_id, ready)

    def launch(self) -> None:
        """Launches as many chunks as there are workers."""
        capacity = self.cluster.capacity if self.waiting else 0
        while self.waiting and len(self.flying) < capacity:
            chunk = self.waiting.popleft()
            key = f"{self.name}-{chunk.case_id}-{chunk.indices[0]}-{chunk.attempt}"
            self.flying[key] = chunk
            self.cluster.submit(key, chunk.task(self.preparation.cycles), self.landed.put)

    def land(self) -> None:
        """Waits for something to land, for a second at most."""
        try:
            future = self.landed.get(timeout=1)
        except queue.Empty:
            self.cluster.watch()
            return
        if future is Event.INTERRUPT:
            raise KeyboardInterrupt
        if future is Event.READY:
            return
        chunk = self.flying.pop(future.key)
        answer = self.cluster.answer(future)
        self.launch()  # first: that worker should not wait for the disk
        if isinstance(answer, Done):
            self.store.add(
                chunk.case_id, chunk.ready, chunk.indices, answer.inferences, answer.notes
            )
        elif chunk.attempt < ATTEMPTS:
            self.waiting.append(replace(chunk, attempt=chunk.attempt + 1))
            return
        else:
            self.store.failed(chunk.case_id, chunk.indices, answer.reason, answer.status)
        self.done[chunk.case_id] += len(chunk.indices)
        self.said(chunk.case_id, chunk.ready)

    def said(self, case_id: int, ready: Ready) -> None:
        done, total = self.done[case_id], len(ready.pictures)
        self.progress(f"{ready.case.names} {'inferring' if done < total else 'done'}", done, total)
