"""Boards that only exist as such: their line, on a relative that QEMU has."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from boardless import paths
from conftest import Cli

pytestmark = pytest.mark.emulated


def test_the_l4r5s_low_power_uart_on_an_l475(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is QEMU's sixth line there, and the same at the same address; RAM is smaller."""
    known = subprocess.run(
        ["qemu-system-arm", "-M", "help"], capture_output=True, text=True, check=True
    )
    if "b-l475e-iot01a" not in known.stdout:
        pytest.skip("this QEMU has no b-l475e-iot01a (9.1 has)")
    folder = tmp_path / "l475"
    shutil.copytree(paths.BOARDS / "nucleo_l4r5zi", folder)
    text = (folder / "board.toml").read_text().split("[emulator")[0]
    text = text.replace("0xA0000", "0x18000").replace("0x200000", "0x100000")
    others = ["-serial", "null"] * 5
    (folder / "board.toml").write_text(
        text + "[emulator.qemu]\nprogram = 'qemu-system-arm'\ndebian = ['qemu-system-arm']\n"
        f"machine = 'b-l475e-iot01a'\ntimer_hz = 16_000_000\narguments = {others}\n"
    )
    monkeypatch.setenv("BOARDLESS_BOARDS", str(tmp_path))
    arguments = ("run", "digits_cnn:int8", "--board", "l475", "--limit", "4", "--no-cycles")
    done = cli(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bit_exact"] is True
