"""Boards that only exist as such: their line, on a relative that QEMU has."""

from __future__ import annotations

import json
from pathlib import Path

import l475
import pytest
from command_line import Cli

pytestmark = pytest.mark.emulated


def test_the_l4r5s_low_power_uart_on_an_l475(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is QEMU's sixth line there, and the same at the same address; RAM is smaller."""
    others = ["-serial", "null"] * 5

    def smaller(text: str) -> str:
        return text.replace("0xA0000", "0x18000").replace("0x200000", "0x100000")

    l475.like("nucleo_l4r5zi", tmp_path, monkeypatch, smaller, others)
    arguments = ("run", "digits_cnn:int8", "--board", "l475", "--limit", "4", "--no-cycles")
    done = cli(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bit_exact"] is True
