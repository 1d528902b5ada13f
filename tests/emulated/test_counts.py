"""Instruction counts against a trace of every instruction that QEMU executed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless import pictures, zoo
from boardless.emulators import qemu
from boardless.link.client import Client
from boardless.records import Build
from elftools.elf.elffile import ELFFile

pytestmark = pytest.mark.emulated


def functions(elf: Path) -> dict[str, range]:
    with elf.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        return {
            s.name: range(s["st_value"] & ~1, (s["st_value"] & ~1) + s["st_size"])
            for s in table.iter_symbols()
            if s["st_info"]["type"] == "STT_FUNC"
        }


def test_counts_equal_a_trace_of_every_instruction(
    built: Callable[[str, str], Build], tmp_path: Path
) -> None:
    build = built("digits_cnn:int8", "mps2-an386")
    log = tmp_path / "trace.log"
    new = int(qemu.version(build.board).split(".")[0]) >= 9
    one_by_one = ("-accel", "tcg,one-insn-per-tb=on") if new else ("-singlestep",)
    trace = (*one_by_one, "-d", "exec,nochain", "-D", str(log))
    picture = pictures.load(zoo.find("digits_cnn:int8"), None, 1).inputs[0]
    with Client(qemu.start(build.board, build.elf, shared=False, extra=trace)) as client:
        client.boot()
        client.hello(build)
        client.predict(picture.tobytes())
        marks = [qemu.instructions(build.board, t) for t in client.layer_ticks()]

    found = re.finditer(r"\[[0-9a-f]+/([0-9a-f]+)/", log.read_text())
    # An access to a device shows twice: QEMU starts it, stops the block, and starts it again.
    executed = [pc for pc, _ in itertools.groupby(int(m.group(1), 16) for m in found)]
    names = functions(build.elf)
    starts = [i for i, pc in enumerate(executed) if pc in names["hal_timer_start"]]
    first = starts[-1]  # the return just after the store that starts the timer
    entry = names["hal_timer_ticks"].start
    readings = [i for i, pc in enumerate(executed) if i > first and pc == entry]
    # The load is the function's second instruction, and the store that started the timer counts.
    assert marks == [i + 2 - first for i in readings[: len(marks)]]
