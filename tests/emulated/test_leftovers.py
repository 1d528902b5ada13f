"""Nothing is left running and nothing is left lying, however a command or a test run ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core import paths
from command_line import MARK, Cli, marked_processes

pytestmark = pytest.mark.emulated
PATIENCE = 60.0  # seconds, only guards a hang


def wait_for(what: Callable[[], object], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while not what():
        assert process.poll() is None, "it ended before"
        assert time.monotonic() < end
        time.sleep(0.02)


@pytest.mark.parametrize("command", ["run", "sim"])
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_build_ends_with_the_command_that_wanted_it(
    cli: Cli, tmp_path: Path, command: str, end: signal.Signals
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    places = {"BOARDLESS_BUILD_DIR": str(tmp_path / "build"), "TMPDIR": str(temporary)}
    process = cli.start(command, "digits_cnn:int8", **places)
    wait_for(lambda: any("scons" in line for line in marked_processes(cli.mark).values()), process)
    began = time.monotonic()
    process.send_signal(end)
    _, said = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130, said
    assert said.splitlines()[-1] == "boardless: interrupted"
    assert not marked_processes(cli.mark)
    assert time.monotonic() - began < 5  # and it does not wait for the build
    assert not [p for p in temporary.iterdir() if p.name.startswith(("boardless", "tmp"))]


def test_tests_leave_nothing_in_the_temporary_folder(cli: Cli, tmp_path: Path) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    case = "tests/kernels/test_overlap.py"
    words = [
        "-q",
        "-x",
        "-p",
        "no:cacheprovider",
        "-k",
        "repeated_input",
        f"--basetemp={tmp_path / 'base'}",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, case],
        cwd=paths.ROOT,
        env=os.environ | {"TMPDIR": str(temporary), MARK: cli.mark},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert list(temporary.iterdir()) == []
    assert not marked_processes(cli.mark)
