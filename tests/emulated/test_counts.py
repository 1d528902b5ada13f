"""Instruction counts against a trace of every instruction that QEMU executed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core.errors import ToolMissing
from boardless.data import pictures
from boardless.device import boards
from boardless.device.emulators import qemu
from boardless.device.link.client import Client
from boardless.device.records import Build
from boardless.model import zoo
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


BOARDS = [name for name in boards.names() if "qemu" in boards.load(name).emulators]


@pytest.mark.parametrize("board", BOARDS)
def test_counts_equal_a_trace_of_every_instruction(
    built: Callable[[str, str], Build], board: str, tmp_path: Path
) -> None:
    """The trace is counted from the store that starts the timer to the load that reads it, whatever
    the board's timer is. The load has the same place in hal_timer_ticks for all readings of a
    board."""
    try:
        version = qemu.version(boards.load(board))
        firmware = built("digits_cnn:int8", board)
    except ToolMissing as error:
        pytest.skip(str(error))
    log = tmp_path / "trace.log"
    new = int(version.split(".")[0]) >= 9
    one_by_one = ("-accel", "tcg,one-insn-per-tb=on") if new else ("-singlestep",)
    trace = (*one_by_one, "-d", "exec,nochain", "-D", str(log))
    picture = pictures.load(zoo.find("digits_cnn:int8"), None, 1).inputs[0]
    with Client(qemu.start(firmware.board, firmware.elf, shared=False, extra=trace)) as client:
        client.boot()
        client.hello(firmware)
        client.predict(picture.tobytes())
        marks = [qemu.instructions(firmware.board, t) or 0 for t in client.layer_ticks()]

    found = re.finditer(r"\[[0-9a-f]+/([0-9a-f]+)/", log.read_text())
    # An access to a device shows twice: QEMU starts it, stops the block, and starts it again.
    executed = [pc for pc, _ in itertools.groupby(int(m.group(1), 16) for m in found)]
    names = functions(firmware.elf)
    started = max(i for i, pc in enumerate(executed) if pc in names["hal_timer_start"])
    reader = names["hal_timer_ticks"]
    end = max(pc for pc in set(executed) if pc in reader)
    readings = [i for i, pc in enumerate(executed) if i > started and pc == end]
    # `started` and `end` are the returns behind the store, which counts, and the load.
    into = [mark - (i - started) for mark, i in zip(marks, readings, strict=False)]
    assert len(into) == len(firmware.layers) + 1
    assert len(set(into)) == 1
    assert 1 - len(reader) // 2 <= into[0] <= 1
