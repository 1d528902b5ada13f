"""Programs that start programs of their own, such as a build and its compilers: all of them end.

with group(["make"], stdout=log) as process:
    status = process.wait()
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from boardless.core import interrupts
from boardless.core.closing import Closing
from boardless.core.errors import ToolFailed

PATIENCE = interrupts.PATIENCE  # seconds that a program has to end what it has started

_running: list[subprocess.Popen[bytes]] = []
_over = threading.Event()


def guarded(command: Sequence[str], end: str = "KILL") -> list[str]:
    """Returns `command` such that the kernel ends it by signal `end` even if this process is killed
    outright. To be started by this process."""
    if not shutil.which("setpriv"):
        return list(command)
    # The kernel is asked for that only once setpriv runs. If we have died by then, no signal ever
    # comes: so a shell looks whether its parent is still us, and otherwise starts nothing.
    script = 'test "$PPID" = "$0" && exec "$@"'
    parent = str(os.getpid())
    return ["setpriv", "--pdeathsig", end, "--", "sh", "-c", script, parent, *command]


def guarded_group(command: Sequence[str]) -> list[str]:
    """Returns `command` such that the kernel ends it and all that it starts, even if we are killed.

    A launcher passes no death signal on to the program that it starts, so a shell stands before
    it: on SIGTERM, which it gets when we die, it kills its own process group. Start it as the
    leader of one."""
    # A shell gives /dev/null to what it starts in the background: hence the detour by descriptor 3.
    script = 'trap "kill -KILL 0" TERM; exec 3<&0; "$@" <&3 3<&- & wait "$!"'
    return guarded(["sh", "-c", script, command[0], *command], "TERM")


@contextlib.contextmanager
def group(command: Sequence[str], **options: Any) -> Iterator[subprocess.Popen[bytes]]:
    """`command` as the leader of a process group, of which nothing is left at the end of the block.
    `options` are Popen's. A Ctrl-C in the terminal does not reach it: it is ours to pass on."""
    with subprocess.Popen(
        guarded(command, "TERM"), stdin=subprocess.DEVNULL, start_new_session=True, **options
    ) as process:
        _running.append(process)
        try:
            if _over.is_set():
                raise ToolFailed("interrupted")
            yield process
        finally:
            end(process)
            _running.remove(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ends the leader of a group, which may have ended already, and then whatever it left behind:
    nobody writes into a folder afterwards."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(PATIENCE)
    kill_group(process.pid)


def kill_group(group: int) -> None:
    """Kills what is left of a process group, and returns when none of it runs any more."""
    with contextlib.suppress(ProcessLookupError):  # the group is gone
        for _ in range(100):
            os.killpg(group, signal.SIGKILL)
            if not _runs(group):
                break
            time.sleep(0.01)


def _runs(group: int) -> bool:
    """Returns whether a process of a group still runs: one that has ended may wait for long until
    its new parent asks for its status. True where /proc does not say."""
    try:
        entries = [entry for entry in os.listdir("/proc") if entry.isdigit()]
    except OSError:
        return True
    for entry in entries:
        with contextlib.suppress(OSError):
            about = Path("/proc", entry, "stat").read_text(errors="replace")
            state, _, its_group = about.rpartition(")")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                return True
    return False


def track(process: subprocess.Popen[bytes]) -> None:
    """interrupt() ends `process`, too, until untrack()."""
    _running.append(process)


def untrack(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ValueError):
        _running.remove(process)


class Companion(Closing):
    """A process of ours that answers requests through pipes, in a session of its own. It ends with
    us, however we end: its last argument is the reading end of a pipe that is closed then."""

    def __init__(self, what: str, command: Sequence[str], **options: Any) -> None:
        ends, self.life = os.pipe()
        try:
            self.process: subprocess.Popen[bytes] = subprocess.Popen(
                [*command, str(ends)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pass_fds=[ends],
                start_new_session=True,
                **options,
            )
        except OSError as error:
            os.close(self.life)
            raise ToolFailed(f"cannot start {what}: {error}") from error
        finally:
            os.close(ends)
        track(self.process)

    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        """Waits for the process, which the end of its input ends."""
        untrack(self.process)
        with contextlib.suppress(OSError):  # of what was not sent yet
            self.process.communicate()
        os.close(self.life)


def interrupt() -> None:
    """Tells every group to end, and those that another thread is just about to start. Does not
    wait: whoever waits for a group sees to the rest."""
    _over.set()
    for process in list(_running):
        process.terminate()
