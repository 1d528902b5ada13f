"""Measures requests in processes of their own, several at a time.

measure_all(requests, progress, landed)      # landed(number, Measurement or why there is none)

Pricing and reading graphs hold the interpreter's lock, so threads gain nothing. A process that dies
takes only its own case with it.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from boardless.core import children, paths
from boardless.core.errors import BoardlessError, ToolFailed
from boardless.model.reference.worker import die_with
from boardless.path.measuring import Measurement, measure
from boardless.path.preparing import prepare
from boardless.path.request import Progress, Request, named

Found = Measurement | BoardlessError


def measured(request: Request, progress: Progress) -> Found:
    """Returns the measurement of one request by this process, or why there is none. What the plugin
    has counted is priced, and not kept."""
    try:
        return measure(prepare(request, progress), progress).priced()
    except BoardlessError as error:
        return error


def measure_all(
    requests: Sequence[Request],
    progress: Progress,
    landed: Callable[[int, Found], None],
    jobs: int | None = None,
) -> None:
    """Measures each request by one of `jobs` processes (None: one per processor). `landed` gets the
    number of each request with what came of it, as soon as it is there, from any thread."""
    jobs = min(jobs or len(os.sched_getaffinity(0)), len(requests))
    if jobs < 2:
        for number, request in enumerate(requests):
            landed(number, measured(request, named(progress, request.names)))
        return
    waiting = queue.SimpleQueue[int]()
    for number in range(len(requests)):
        waiting.put(number)
    stop, starting = threading.Event(), threading.Lock()
    workers: list[Worker] = []

    def work() -> None:
        with contextlib.ExitStack() as stack:
            worker: Worker | None = None
            while not stop.is_set() and not waiting.empty():
                with contextlib.suppress(queue.Empty):
                    number = waiting.get_nowait()
                    if worker is None or not worker.alive():
                        with starting:  # either seen by whoever ends them, or not started
                            if stop.is_set():
                                return
                            worker = stack.enter_context(Worker())
                            workers.append(worker)
                    request = requests[number]
                    landed(number, worker.measure(request, named(progress, request.names)))

    with ThreadPoolExecutor(jobs) as pool:
        futures = [pool.submit(work) for _ in range(jobs)]
        try:
            for future in futures:
                future.result()
        except BaseException:
            with starting:
                stop.set()
            for worker in workers:
                worker.end()
            raise


class Worker(children.Companion):
    """A process that measures one request after another. A Ctrl-C in the terminal does not reach
    it: it is ours to pass on."""

    def __init__(self) -> None:
        path = [str(paths.PACKAGE.parent), os.environ.get("PYTHONPATH")]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, path))}
        command = [sys.executable, "-P", "-m", __name__]
        super().__init__("a process", command, env=environment)

    def measure(self, request: Request, progress: Progress) -> Found:
        """Returns what `measured` returns there."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            _send(self.process.stdin, request)
            while True:
                kind, *about = pickle.load(self.process.stdout)
                if kind == "found":
                    found: Found = about[0]
                    return found
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


def _requests() -> Iterator[Request]:
    while True:
        try:
            yield pickle.load(sys.stdin.buffer)
        except EOFError:
            return


def _serve(answers: IO[bytes]) -> None:
    lock = threading.Lock()

    def say(*what: Any) -> None:
        with lock:
            _send(answers, what)

    for request in _requests():
        try:
            found = measured(request, lambda *about: say("progress", *about))
        except Exception as error:  # a bug: it is reported where the request comes from
            say("failed", error)
        else:
            say("found", found)


def main() -> None:
    die_with(int(sys.argv[1]))
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, children.on_signal)
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever prints does not disturb the answers
    with contextlib.suppress(KeyboardInterrupt, BrokenPipeError):
        _serve(answers)


if __name__ == "__main__":
    main()
