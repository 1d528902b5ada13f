"""Process groups: nothing of them is left."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from boardless.core import children
from boardless.core.errors import ToolFailed
from command_line import Cli, marked_processes

ORPHAN = "import subprocess; subprocess.Popen(['sleep', '300'])"
BUSY = "import subprocess; subprocess.run(['sleep', '300'])"


@pytest.fixture
def fresh() -> Iterator[None]:
    yield
    children._over.clear()


@pytest.mark.slow
def test_what_a_program_leaves_behind_ends_with_the_block(cli: Cli) -> None:
    with children.group([sys.executable, "-c", ORPHAN], env=cli.environment()) as process:
        assert process.wait(60) == 0
        assert marked_processes(cli.mark)
    assert not marked_processes(cli.mark)


def busy(cli: Cli) -> None:
    with children.group([sys.executable, "-c", BUSY], env=cli.environment()) as process:
        while len(marked_processes(cli.mark)) < 2:
            assert process.poll() is None
        process.wait(0.01)


@pytest.mark.slow
def test_an_error_in_the_block_ends_all_of_it(cli: Cli) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        busy(cli)
    assert not marked_processes(cli.mark)


def test_after_an_interrupt_nothing_begins(cli: Cli, fresh: None) -> None:
    with children.group(["sleep", "300"], env=cli.environment()) as process:
        children.interrupt()
        assert process.wait(60) == -signal.SIGTERM
    with (
        pytest.raises(ToolFailed, match="interrupted"),
        children.group(["sleep", "300"], env=cli.environment()),
    ):
        pytest.fail("it has begun")
    assert not marked_processes(cli.mark)


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="only Linux has setpriv")
def test_a_program_does_not_begin_when_its_parent_died_before_the_kernel_was_asked() -> None:
    """A worker may be killed between its fork and its child's request for a death signal."""
    command = children.guarded(["echo", "begun"])
    ours = subprocess.run(command, capture_output=True, text=True, check=True)
    assert ours.stdout == "begun\n"
    of_another = ["sh", "-c", '"$@"; :', "sh", *command]
    theirs = subprocess.run(of_another, capture_output=True, text=True, check=True)
    assert (theirs.stdout, theirs.stderr) == ("", "")
