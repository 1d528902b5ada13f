"""A device that does nothing is ended, and one that works is not."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from boardless.core.errors import DeviceFault
from boardless.device import watch
from some_build import BUILD

CHECKS = round(watch.ASLEEP / watch.LOOK)


@pytest.fixture
def sleeper() -> Iterator[watch.Watch]:
    """The watch of a process that waits for ever."""
    command = (sys.executable, "-Sc", "print(flush=True); input()")
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        process.stdout.readline()
        made = watch.Watch(process.pid, None, BUILD)
        made.begin(1)
        yield made
        process.kill()


def test_a_device_that_sleeps_for_a_minute_is_ended(sleeper: watch.Watch) -> None:
    for _ in range(CHECKS - 1):
        sleeper.check()
    with pytest.raises(DeviceFault, match="the device sleeps: it has done nothing for 60 s"):
        sleeper.check()


def test_another_command_begins_another_minute(sleeper: watch.Watch) -> None:
    for _ in range(3):
        for _ in range(CHECKS - 1):
            sleeper.check()
        sleeper.over()
        sleeper.check()  # nothing is waited for
        sleeper.begin(1)


def test_a_device_that_works_is_not_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    used = iter(range(4 * CHECKS))  # a second of processor time from check to check
    monkeypatch.setattr(watch, "processor_seconds", lambda process: float(next(used)))
    made = watch.Watch(os.getpid(), None, BUILD)
    made.begin(10 * CHECKS * 20)
    for _ in range(3 * CHECKS):
        made.check()
