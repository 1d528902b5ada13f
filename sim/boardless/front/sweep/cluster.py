"""Workers: of a local dask cluster, or of a user's own. The only file that knows dask.

with local(2) as cluster:
    cluster.submit("chunk-0", task, landed.put)
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import multiprocessing.resource_tracker
import os
import signal
import socket
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from boardless.core import scratch
from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.front.sweep import chunk

ANSWER = 20.0  # seconds for a scheduler to answer, and for its first worker to be there
ALONE = 60.0  # seconds without any worker, after which the sweep gives up
LOGGERS = ("distributed", "distributed.client", "distributed.gc", "tornado", "asyncio")
SETTINGS = {
    "distributed.scheduler.allowed-failures": 1,  # a chunk whose second worker dies has failed
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.profile.enabled": False,
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.diagnostics.nvml": False,
}


def _dask(module: str = "distributed") -> Any:
    """It is large, optional and mostly without types."""
    return importlib.import_module(module)


def need() -> None:
    """ToolMissing where the optional packages are not installed."""
    try:
        with _quiet():
            _dask()
        importlib.import_module("cryptography")
    except ImportError as error:
        raise ToolMissing(
            f"a sweep needs the packages distributed and cryptography ({error})",
            hint="python -m pip install 'boardless[sweep]'",
        ) from error


class Cluster:
    """Runs chunks. Answers come from another thread, each exactly once."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.seen = time.monotonic()  # when there was a worker last

    @property
    def capacity(self) -> int:
        """Chunks that may be under way at once. None waits at a worker, where a chunk that kills
        its worker would take it along."""
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return max(1, sum(int(worker["nthreads"]) for worker in workers))

    def submit(self, key: str, task: chunk.Task, landed: Callable[[Any], object]) -> None:
        """`landed` gets the future that `answer` understands."""
        future = self.client.submit(chunk.run, task, key=key, pure=False)
        future.add_done_callback(landed)

    def answer(self, future: Any) -> chunk.Done | chunk.Failed:
        """Returns the result of a chunk; ToolFailed if the scheduler is lost."""
        if future.status in ("cancelled", "lost"):
            raise self.lost()
        try:
            answer = future.result(timeout=ANSWER)
        except _dask().KilledWorker:
            return chunk.Failed("its workers were killed, or ran out of memory")
        except (OSError, TimeoutError) as error:
            raise self.lost() from error
        except Exception as error:  # such as a worker that has no boardless
            return chunk.Failed(f"the worker failed: {_line(error)}")
        assert isinstance(answer, chunk.Done | chunk.Failed)
        return answer

    def watch(self) -> None:
        """ToolFailed where nobody is left to answer."""
        if self.client.status != "running":
            raise self.lost()
        now = time.monotonic()
        if self.client.scheduler_info(n_workers=1)["workers"]:
            self.seen = now
        elif now - self.seen > ALONE:
            raise ToolFailed(
                f"no worker has been there for {ALONE:.0f} s",
                hint="start some, then re-run the same command to resume",
            )

    def lost(self) -> ToolFailed:
        return ToolFailed("the scheduler has gone", hint="re-run the same command to resume")


@contextlib.contextmanager
def local(jobs: int) -> Iterator[Cluster]:
    """`jobs` processes on this machine, replaced when they die; they end with this one. Who talks
    to them has the certificate that is made for this sweep and never leaves its processes: without
    it any user of the machine could run code as ours."""
    with _quiet(), contextlib.ExitStack() as stack:
        stack.enter_context(_dask("dask.config").set(SETTINGS))
        folder = stack.enter_context(scratch.folder("sweep"))
        secret = _dask("distributed.security").Security.temporary()
        with _deaf_children():
            made = _dask().LocalCluster(
                n_workers=jobs,
                threads_per_worker=1,
                host="127.0.0.1",
                protocol="tls://",
                security=secret,
                dashboard_address=None,
                memory_limit=0,
                local_directory=folder,
                silence_logs=logging.CRITICAL,
            )
        stack.callback(made.close, timeout=10)
        client = stack.enter_context(_dask().Client(made, security=secret, set_as_default=False))
        try:
            yield Cluster(client)
        finally:
            _kill(made)


def _kill(made: Any) -> None:
    """Its workers at once, which takes their emulators along: they hold nothing, and nobody waits
    for the chunks that an interrupt leaves."""
    for nanny in made.workers.values():
        nanny.close_gracefully()  # it will not start another
        if nanny.pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(nanny.pid, signal.SIGKILL)


def warning(address: str) -> str:
    """Returns what to know of a scheduler's address before using it, "" where it is protected."""
    if address.startswith("tls://"):
        return ""
    return (
        f"{address} is not protected: whoever can reach it, or the workers, can run programs as "
        "their users, and as you; use tls:// (docs/howto/sweep.md)"
    )


@contextlib.contextmanager
def remote(address: str, pairs: Sequence[tuple[str, str]]) -> Iterator[Cluster]:
    """The workers of the scheduler at `address`, which must have what this machine has for these
    boards and emulators."""
    with _quiet(), contextlib.ExitStack() as stack:
        try:
            _knock(address)
            made = _dask().Client(address, timeout=ANSWER, set_as_default=False)
            client = stack.enter_context(made)
        except OSError as error:
            raise ToolFailed(
                "no scheduler answers", where=address, hint="start one: dask scheduler"
            ) from error
        except (ValueError, TypeError) as error:
            raise BadInput(
                _line(error), where=address, hint="such as tls://10.0.0.1:8786"
            ) from error
        try:
            client.wait_for_workers(1, timeout=ANSWER)
        except TimeoutError as error:
            raise ToolFailed(
                "the scheduler has no workers", where=address, hint=f"dask worker {address}"
            ) from error
        _agree(client, pairs)
        yield Cluster(client)


def _knock(address: str) -> None:
    """OSError where the machine refuses the address at once: dask would try until its time is
    up."""
    protocol, _, place = address.rpartition("://")
    host, colon, port = place.rpartition(":")
    if protocol in ("", "tcp", "tls") and colon and port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=ANSWER).close()


def _agree(client: Any, pairs: Sequence[tuple[str, str]]) -> None:
    """ToolFailed names the first difference of every worker that is not as this machine."""
    ours = chunk.about(pairs)
    said = []
    for worker, theirs in client.run(chunk.about, pairs, on_error="return").items():
        if not isinstance(theirs, dict):
            said.append(f"{worker}: {_line(theirs)}")
            continue
        for what, value in ours.items():
            if theirs.get(what) != value:
                said.append(f"{worker}: {what} {theirs.get(what)}, here {value}")
                break
    if said:
        raise ToolFailed(
            f"workers differ from this machine: {'; '.join(said)}",
            hint="give them the same checkout and tools",
        )


def _line(error: BaseException) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())}"[:300]


@contextlib.contextmanager
def _deaf_children() -> Iterator[None]:
    """Threads and processes started meanwhile never see a Ctrl-C of the terminal: it is ours to
    handle, and they would write tracebacks."""
    multiprocessing.resource_tracker.ensure_running()  # it would unblock the signal
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Silences dask's log, here and in workers."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    os.environ |= {f"DASK_LOGGING__{n.upper()}": "critical" for n in ("distributed", "asyncio")}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
