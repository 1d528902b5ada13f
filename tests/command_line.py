"""The command line for tests: called in this process, or as a process of its own.

cli = Cli()
done = cli("run", "digits_cnn", "--limit", "1")        # in this process: no interpreter to start
done = cli.process("run", "digits_cnn", LC_ALL="C")    # where the process itself is under test
assert done.returncode == 0, done.stderr
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from unittest import mock

import boardless.cli

MARK = "BOARDLESS_TEST_MARK"  # in the environment of what a test starts, and of its children
Completed = subprocess.CompletedProcess[str]


def marked_processes(mark: str) -> dict[int, str]:
    """Returns the number and the command line of each living process that inherited `mark`."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                if f"{MARK}={mark}".encode() in (entry / "environ").read_bytes():
                    line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                    found[int(entry.name)] = line
            except OSError:
                continue  # it ended meanwhile, or is not ours
    return found


def all_ended(mark: str) -> bool:
    """Returns whether all that inherited `mark` has ended within ten seconds: what was killed, or
    asked only for its version, may take a moment where others compute."""
    pause = threading.Event()
    for _ in range(500):
        if not marked_processes(mark):
            return True
        pause.wait(0.02)
    return False


@contextlib.contextmanager
def captured(name: str) -> Iterator[IO[bytes]]:
    """Replaces sys.stdout or sys.stderr by a file, which has a number as a program's stream has."""
    with (
        tempfile.TemporaryFile() as file,
        open(os.dup(file.fileno()), "w", encoding="utf-8", errors="backslashreplace") as stream,
        mock.patch.object(sys, name, stream),
    ):
        yield file


class Cli:
    """Calls `boardless` as a user does, in `folder` where one is given. No process that it starts
    may outlive a call."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder
        self.mark = uuid.uuid4().hex
        self.started: list[subprocess.Popen[str]] = []

    def environment(self, **changes: str) -> dict[str, str]:
        return os.environ | {MARK: self.mark} | changes

    def __call__(self, *arguments: str, **changes: str) -> Completed:
        """Runs the command in this process. `changes` are to environment variables."""
        with (
            mock.patch.dict(os.environ, self.environment(**changes)),
            mock.patch.object(sys, "argv", ["boardless", *arguments]),
            mock.patch.object(tempfile, "tempdir", None),  # may be among `changes`
            contextlib.chdir(self.folder or Path.cwd()),
            captured("stdout") as out,
            captured("stderr") as err,
        ):
            status = boardless.cli.run(list(arguments))
            sys.stdout.flush()
            sys.stderr.flush()
            texts = [os.pread(file.fileno(), 1 << 30, 0).decode() for file in (out, err)]
        assert not marked_processes(self.mark)
        return Completed(["boardless", *arguments], status, *texts)

    def process(self, *arguments: str, **changes: str) -> Completed:
        """Runs the command as a process of its own."""
        process = self.start(*arguments, **changes)
        out, err = process.communicate(timeout=600)
        assert not marked_processes(self.mark)
        return Completed(process.args, process.returncode, out, err)

    def start(self, *arguments: str, **changes: str) -> subprocess.Popen[str]:
        """Starts the command and does not wait for it; `close` does."""
        process = subprocess.Popen(
            [sys.executable, "-m", "boardless", *arguments],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.environment(**changes),
        )
        self.started.append(process)
        return process

    def close(self) -> None:
        """Ends what was started and still runs, such as in a test that failed. Without it the next
        test would fail, because Python warns of processes that nobody has waited for."""
        end(self.started)

    def fails(self, status: int, *arguments: str, **changes: str) -> str:
        """Returns the one line on stderr of a call that fails with exit status `status`."""
        return failure(self(*arguments, **changes), status)


def end(started: list[subprocess.Popen[str]]) -> None:
    """Kills processes, waits for them and closes their pipes."""
    for process in started:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                with contextlib.suppress(OSError):  # of what was not sent yet
                    pipe.close()


def failure(done: Completed, status: int) -> str:
    """Returns the one line on stderr of a call that failed with exit status `status`."""
    lines = [line for line in done.stderr.splitlines() if line.startswith("boardless: ")]
    assert done.returncode == status, done.stderr
    assert len(lines) == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    return lines[0]
