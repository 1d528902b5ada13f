"""Measures how long commands take in a copy of the checkout: `nox -s bench -- --times`.

python tests/times.py

The copy has no builds and no results at first, so nothing that is there already makes a command
faster than it is for others. Seconds are those of this machine; the limits hold for two idle cores.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("firmware", "models", "sim")
KERNEL = Path("firmware", "kernels", "conv_2d", "conv_2d_dsp.c")  # every model uses it
SIM = ("sim", "--quiet")
RUN = ("run", "digits_cnn", "--board", "mps2-an386", "--limit", "1", "--quiet")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="boardless-times-") as folder:
        copy = Path(folder)
        for name in FOLDERS:
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "platformio.ini", copy)
        print(f"{'command':34} {'seconds':>8} {'at most':>8}")
        for what, limit, seconds in measured(copy):
            print(f"{what:34} {seconds:8.2f} {limit:8.1f}", flush=True)


def measured(copy: Path) -> Iterator[tuple[str, float, float]]:
    """Yields (what, at most so many seconds, seconds) of each command."""
    timed(copy, "--help")  # compiles the modules
    yield "boardless --help", 0.4, timed(copy, "--help")
    yield "sim, nothing built", 90, timed(copy, *SIM)
    yield "sim, nothing changed", 5, timed(copy, *SIM)
    yield "sim --fresh, everything built", 40, timed(copy, *SIM, "--fresh")
    kernel = copy / KERNEL
    kernel.write_text(kernel.read_text() + "// changed\n")
    yield f"sim, {KERNEL.name} changed", 25, timed(copy, *SIM)
    timed(copy, *RUN)
    yield "run digits_cnn --limit 1, built", 1.5, timed(copy, *RUN)


def timed(copy: Path, *arguments: str) -> float:
    """Returns the seconds that a command takes in the copy; what it prints is shown if it fails."""
    environment = os.environ | {"PYTHONPATH": str(copy / "sim"), "CI": ""}
    environment.pop("BOARDLESS_BUILD_DIR", None)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "boardless", *arguments],
        cwd=copy,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"boardless {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
    return time.monotonic() - began


if __name__ == "__main__":
    main()
