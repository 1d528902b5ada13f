"""The line of a build log that is reported, and how long a build may say nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core.errors import ToolFailed
from boardless.device import boards, platformio
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


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Gives what a build prints, with a program in the place of PlatformIO."""
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path))
    monkeypatch.setattr(platformio, "SILENCE", 2.0)

    def run(program: str) -> str:
        monkeypatch.setattr(platformio, "START", program)
        with platformio.place(boards.load("host")) as here:
            return here.run([], tmp_path / "log")[1]

    return run


def test_a_build_may_take_long_while_it_prints(build: Callable[[str], str]) -> None:
    program = "import time\nfor n in range(6): print(n, flush=True); time.sleep(0.5)"
    assert build(program).split() == ["0", "1", "2", "3", "4", "5"]


def test_a_build_that_is_silent_is_ended_with_one_line(build: Callable[[str], str]) -> None:
    with pytest.raises(ToolFailed, match=r"^PlatformIO has printed nothing for 2 s; see /.*log$"):
        build("import time; print('Compiling', flush=True); time.sleep(60)")
