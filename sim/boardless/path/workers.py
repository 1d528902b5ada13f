"""Measures requests in processes of their own, several at a time.

measure_all(requests, progress, landed)      # landed(number, Measurement or why there is none)

Pricing and reading graphs hold the interpreter's lock, so threads gain nothing. A process that dies
takes only its own case with it. Firmwares of one board are built first, all in one go.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import IO, Any

from boardless.core import children, interrupts, paths
from boardless.core.errors import BoardlessError, ToolFailed, TooSmall
from boardless.device.records import Build
from boardless.model.reference.worker import die_with
from boardless.path.measuring import Measurement, measure
from boardless.path.preparing import build_ahead, prepare
from boardless.path.request import Progress, Request, named

Answer = Measurement | BoardlessError


def measured(request: Request, progress: Progress, build: Build | None = None) -> Answer:
    """Returns the measurement of one request by this process, or why there is none; `build` is its
    firmware, if it is there. What the plugin has counted is priced, and not kept."""
    try:
        return measure(prepare(request, progress, build), progress).priced()
    except BoardlessError as error:
        return error


def measure_all(
    requests: Sequence[Request],
    progress: Progress,
    landed: Callable[[int, Answer], None],
    jobs: int | None = None,
) -> None:
    """Measures each request by one of `jobs` processes (None: one per processor). `landed` gets the
    number of each request with what came of it, as soon as it is there, from any thread."""
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(requests))
    if jobs < 2:
        for number, request in enumerate(requests):
            landed(number, measured(request, named(progress, request.names)))
        return
    waiting, stop, starting = _Waiting(requests), threading.Event(), threading.Lock()
    workers: list[Worker] = []

    def work() -> None:
        with contextlib.ExitStack() as stack:
            worker: Worker | None = None
            last: Group | None = None
            while not stop.is_set() and (taken := waiting.take(last)):
                last, number = taken
                if worker is None or not worker.alive():
                    with starting:  # either seen by whoever ends them, or not started
                        if stop.is_set():
                            return
                        worker = stack.enter_context(Worker())
                        workers.append(worker)
                if number is None:
                    ahead = Ahead([requests[number] for number in last.numbers])
                    misfits: dict[int, TooSmall] = {}
                    try:
                        found = worker.build(ahead, named(progress, ahead.names))
                        misfits = {last.numbers[at]: error for at, error in found.items()}
                    finally:
                        waiting.built(last, misfits)
                    for number, error in misfits.items():
                        landed(number, error)
                else:
                    request = requests[number]
                    landed(number, worker.measure(request, named(progress, request.names)))

    with ThreadPoolExecutor(jobs) as pool:
        try:
            for future in [pool.submit(work) for _ in range(jobs)]:
                future.result()
        except BaseException:
            with starting:
                stop.set()
            waiting.give_up()
            for worker in workers:
                worker.end()
            raise


@dataclass(frozen=True)
class Ahead:
    """Requests whose firmwares are built together before any of them is measured."""

    requests: Sequence[Request]

    @property
    def names(self) -> str:
        return f"{self.requests[0].board}, {len(self.requests)} models,"


@dataclass(eq=False)
class Group:
    """The numbers of requests whose firmwares are built together."""

    numbers: list[int]
    state: str = "new"  # then "building", "built"


class _Waiting:
    """Requests that wait: the firmwares of a group are built by one process, which knows them then,
    and measures the group's requests. Others help it when they have none of their own."""

    def __init__(self, requests: Sequence[Request]) -> None:
        groups: dict[object, Group] = {}
        for number, request in enumerate(requests):
            alone = number if request.port else None  # a board that is there once
            groups.setdefault((alone, request.firmware[:-1]), Group([])).numbers.append(number)
        self.groups = [*groups.values()]
        for group in self.groups:
            if len(group.numbers) == 1:
                group.state = "built"  # as a part of measuring it
        self.changed = threading.Condition()

    def take(self, last: Group | None) -> tuple[Group, int | None] | None:
        """Returns (a group, the number of one of its requests), or (a group to build, None), or
        None if nothing is left; the group of `last` comes first."""
        with self.changed:
            while self.groups:
                if last in self.groups and last.state == "built":
                    return last, self._pop(last)
                for group in self.groups:
                    if group.state == "new":
                        group.state = "building"
                        return group, None
                built = [group for group in self.groups if group.state == "built"]
                if built:
                    longest = max(built, key=lambda group: len(group.numbers))
                    return longest, self._pop(longest)
                self.changed.wait()
            return None

    def give_up(self) -> None:
        """Leaves nothing to take."""
        with self.changed:
            self.groups.clear()
            self.changed.notify_all()

    def _pop(self, group: Group) -> int:
        number = group.numbers.pop(0)
        if not group.numbers:
            self.groups.remove(group)
        return number

    def built(self, group: Group, done: Collection[int]) -> None:
        """Says that a group's firmwares are there, as far as they can be built, and which of its
        requests are done with that."""
        with self.changed:
            group.state = "built"
            group.numbers = [number for number in group.numbers if number not in done]
            if not group.numbers and group in self.groups:
                self.groups.remove(group)
            self.changed.notify_all()


class Worker(children.Companion):
    """A process that measures one request after another. A Ctrl-C in the terminal does not reach
    it: it is ours to pass on."""

    def __init__(self) -> None:
        path = [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
        command = [sys.executable, "-P", "-m", __name__]
        super().__init__("a process", command, env=environment)

    def measure(self, request: Request, progress: Progress) -> Answer:
        """Returns what `measured` returns there."""
        found: Answer = self._answer(request, progress)
        return found

    def build(self, ahead: Ahead, progress: Progress) -> dict[int, TooSmall]:
        """Has firmwares built there, for requests that it is asked to measure later. Returns which
        of them do not fit. A process that dies knows of none."""
        found = self._answer(ahead, progress)
        return found if isinstance(found, dict) else {}

    def _answer(self, request: Request | Ahead, progress: Progress) -> Any:
        assert self.process.stdin
        assert self.process.stdout
        try:
            _send(self.process.stdin, request)
            while True:
                kind, *about = pickle.load(self.process.stdout)
                if kind == "found":
                    return about[0]
                if kind == "failed":
                    raise about[0]
                progress(*about)
        except (OSError, EOFError, pickle.UnpicklingError):
            status = self.process.wait()
            how = signal.Signals(-status).name if status < 0 else f"status {status}"
            return ToolFailed(f"its process ended with {how}", where=request.names)

    def end(self) -> None:
        """Ends the process, whatever it is doing. What it has started ends with it."""
        self.process.terminate()
        try:
            self.process.wait(children.PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()


def _send(stream: IO[bytes], value: Any) -> None:
    stream.write(pickle.dumps(value))
    stream.flush()


# ---- the process ----


def _requests() -> Iterator[Request | Ahead]:
    while True:
        try:
            yield pickle.load(sys.stdin.buffer)
        except EOFError:
            return


def _serve(answers: IO[bytes]) -> None:
    lock = threading.Lock()
    builds: dict[object, Build] = {}

    def answer(request: Request | Ahead, progress: Progress) -> Answer | dict[int, TooSmall]:
        if isinstance(request, Request):
            return measured(request, progress, builds.get(request.firmware))
        found = build_ahead(request.requests, progress)
        for wanted, build in zip(request.requests, found, strict=True):
            if isinstance(build, Build):
                builds[wanted.firmware] = build
        return {at: error for at, error in enumerate(found) if isinstance(error, TooSmall)}

    def say(*what: Any) -> None:
        with lock:
            _send(answers, what)

    for request in _requests():
        try:
            found = answer(request, lambda *about: say("progress", *about))
        except Exception as error:  # a bug: it is reported where the request comes from
            say("failed", error)
        else:
            say("found", found)


def main() -> None:
    gc.freeze()  # what has been imported stays to the end
    atexit.register(gc.freeze)
    die_with(int(sys.argv[1]))
    interrupts.end_by(children.interrupt)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    try:
        _serve(answers)
    except (KeyboardInterrupt, BrokenPipeError):
        interrupts.heard()


if __name__ == "__main__":
    main()
