"""The line of a build log that is reported."""

from __future__ import annotations

import pytest
from boardless.device.platformio import first_error

LINK = "collect2: error: ld returned 1 exit status"
SCONS = "*** [build/firmware.elf] Error 1"


@pytest.mark.parametrize(
    "telling",
    [
        "board.c:1:2: error: #error broken on purpose",
        "cc1: fatal error: error writing to /tmp/cc.s: No space left on device",
        "main.c:(.text+0x4): undefined reference to `work'",
        "ld: main.o: file not recognized: file format not recognized",
        "ld: cannot open map file x/firmware.map: No such file or directory",
    ],
)
def test_the_line_that_says_most_is_told(telling: str) -> None:
    assert first_error("\n".join(["Compiling", telling, LINK, SCONS, "FAILED"])) == telling


def test_something_is_always_told() -> None:
    assert first_error(f"Compiling\n{LINK}\n{SCONS}") == SCONS
    assert first_error("Compiling\nnothing to say\n") == "nothing to say"
    trace = "OSError: Traceback (most recent call last):\nOSError: [Errno 30] Read-only file system"
    assert first_error(trace) == "OSError: [Errno 30] Read-only file system"
    assert first_error("") == "PlatformIO failed without output"
