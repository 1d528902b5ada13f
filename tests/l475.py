"""STM32 boards that QEMU does not have, on the one that it has: an L475.

l475.like("stm32f746g_disco", tmp_path, monkeypatch)     # a board called l475
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from boardless.core import paths

MACHINE = "b-l475e-iot01a"


def like(
    board: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[str], str],
    arguments: Sequence[str] = (),
) -> Path:
    """The folder of a copy of `board`, whose table is changed; skips where QEMU is too old."""
    known = subprocess.run(
        ["qemu-system-arm", "-M", "help"], capture_output=True, text=True, check=True
    )
    if MACHINE not in known.stdout:
        pytest.skip(f"this QEMU has no {MACHINE} (9.1 has)")
    folder = tmp_path / "l475"
    shutil.copytree(paths.BOARDS / board, folder)
    text = (folder / "board.toml").read_text().split("[emulator")[0]
    (folder / "board.toml").write_text(
        change(text) + "[emulator.qemu]\nprogram = 'qemu-system-arm'\n"
        f"debian = ['qemu-system-arm']\nmachine = '{MACHINE}'\ntimer_hz = 16_000_000\n"
        f"arguments = {list(arguments)}\n"
    )
    monkeypatch.setenv("BOARDLESS_BOARDS", str(tmp_path))
    return folder
