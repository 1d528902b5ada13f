"""Programs that know nothing of boardless: how they start, print, end, fail and hang."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import uuid
from collections import OrderedDict
from pathlib import Path

import pytest
from bare_programs import NEWLIB, program, trace
from boardless.core.errors import BadInput, DeviceFault, ToolFailed
from boardless.cycles.counts import OUTSIDE
from boardless.device import boards
from boardless.device.counting import bare
from command_line import MARK, marked_processes

pytestmark = pytest.mark.emulated
BOARD = boards.load("mps2-an386")


def test_semihosting_passes_output_and_status(tmp_path: Path) -> None:
    """newlib with its own start-up code, without a vector table."""
    pieces: list[bytes] = []
    elf = program(tmp_path, "hello", *NEWLIB)
    result = bare.run(elf, BOARD, regions=["first:second"], output=pieces.append)
    assert result.exit_code == 7
    assert result.stdout == b"".join(pieces) == b"hello, 10\n"
    assert result.stderr == ("and again",)
    assert result.counted.passes == 1
    symbols = result.image.symbols
    executed = dict(
        zip(
            result.counted.code.address.tolist(),
            result.counted.tally(0).executed.tolist(),
            strict=True,
        )
    )
    assert executed[symbols["first"].address] == 1
    assert executed[symbols["strlen"].address] == 1
    assert executed[symbols["second"].address] == 0  # END is not part of the region


def test_the_uart_is_passed_on(tmp_path: Path) -> None:
    result = bare.run(program(tmp_path, "fault"), BOARD)
    assert (result.exit_code, result.stdout) == (3, b"at work\nfaulted\n")
    assert result.counted.passes == 0
    assert result.counted.regions == (OUTSIDE,)


def test_every_region_has_passes_of_its_own(tmp_path: Path) -> None:
    elf = program(tmp_path, "walk")
    work = "walk:done"
    result = bare.run(elf, BOARD, regions=[work, f"fill:{hex_of(elf, 'done')}"])
    assert result.counted.passes == 4
    assert result.counted.regions == (OUTSIDE, 0, 1)
    of = [[t.instructions > 0 for t in result.counted.each(region)] for region in (0, 1)]
    assert of == [[True, True, True, False], [False, False, False, True]]
    long, short, again = (result.counted.tally(0, p).instructions for p in range(3))
    assert short == again
    assert 1.8 < long / short < 2


def hex_of(elf: Path, name: str) -> str:
    lines = subprocess.run(["arm-none-eabi-nm", elf], capture_output=True, text=True, check=True)
    return next(
        hex(int(line.split()[0], 16) & ~1)
        for line in lines.stdout.splitlines()
        if line.endswith(f" {name}")
    )


def test_a_lock_up_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(DeviceFault) as caught:
        bare.run(program(tmp_path, "fault", "-DLOCKUP"), BOARD)
    assert "the core locked up" in str(caught.value)
    assert "can't escalate 3 to HardFault" in str(caught.value)
    assert "the core locked up at 0x0: " in str(caught.value)  # it has no fault handler
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["-DLOCKUP", "-DSTUCK"])
def test_a_crash_has_its_place_and_backtrace(tmp_path: Path, kind: str) -> None:
    """The core locks up for want of a handler, or stays in it."""
    debug, bare_elf = program(tmp_path, "fault", kind, "-g"), program(tmp_path, "fault", kind)
    for elf, more in ((debug, r" \(fault\.c:\d+\)"), (bare_elf, "")):
        with pytest.raises((DeviceFault, ToolFailed)) as caught:
            bare.run(elf, BOARD, seconds=2)
        place = rf"the fault was at 0x[0-9a-f]{{8}} touch\+0x[0-9a-f]+{more}, called from "
        assert re.search(place, str(caught.value))
        assert "\n" not in str(caught.value)
    with pytest.raises((DeviceFault, ToolFailed), match=r"called from 0x[0-9a-f]{8} reset\+0x"):
        bare.run(debug, BOARD, seconds=2)


def test_a_program_that_hangs_is_ended(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed) as caught:
        bare.run(program(tmp_path, "fault", "-DHANG"), BOARD, seconds=1)
    assert "did not end within 1 s; 100% of its instructions were in work" in str(caught.value)


@pytest.mark.parametrize(
    ("region", "why"),
    [
        ("walk", "region 'walk' is not BEGIN:END"),
        ("walk:", "region 'walk:' is not BEGIN:END"),
        ("wulk:done", "no symbol 'wulk'; did you mean walk"),
    ],
)
def test_a_wrong_region_is_said(tmp_path: Path, region: str, why: str) -> None:
    with pytest.raises(BadInput) as caught:
        bare.run(program(tmp_path, "walk"), BOARD, regions=[region])
    assert why in str(caught.value)


def test_files_that_are_no_program_for_the_board(tmp_path: Path) -> None:
    text = tmp_path / "text"
    text.write_text("no ELF")
    with pytest.raises(BadInput, match="not a readable ELF"):
        bare.run(text, BOARD)
    with pytest.raises(BadInput, match="an ELF for EM_X86_64; known: EM_ARM"):
        bare.run(Path(sys.executable).resolve(), BOARD)
    with pytest.raises(BadInput, match=r"not a readable ELF: .*No such file"):
        bare.run(tmp_path / "missing", BOARD)
    with pytest.raises(BadInput, match="board host does not run on qemu"):
        bare.run(text, boards.load("host"))


def test_ctrl_c_leaves_nothing(tmp_path: Path) -> None:
    elf, mark = program(tmp_path, "fault", "-DHANG"), uuid.uuid4().hex
    code = (
        "from pathlib import Path; from boardless.device import boards;"
        "from boardless.device.counting import bare;"
        f"bare.run(Path({str(elf)!r}), boards.load('mps2-an386'))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=os.environ | {MARK: mark},
        stderr=subprocess.PIPE,
    ) as process:
        done = threading.Event()
        while not any("qemu-system" in line for line in marked_processes(mark).values()):
            assert process.poll() is None
            done.wait(0.02)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert b"KeyboardInterrupt" in said
    assert not marked_processes(mark)


# ---- caches ----


def test_a_data_cache(tmp_path: Path) -> None:
    """32 lines of 32 bytes; walks over 64 lines, then over half of them twice, then writes 16."""
    cache = "d:d:32:8:4:0x20200000:0x20300000"
    counted = bare.run(
        program(tmp_path, "walk"), BOARD, regions=["walk:done", "fill:done"], caches=[cache]
    ).counted
    reads = [int(t.events["d_read_miss"].sum()) for t in counted.each()]
    writes = [int(t.events["d_write_miss"].sum()) for t in counted.each()]
    assert reads == [64, 32, 0, 0]
    assert writes == [0, 0, 0, 16]


def test_code_and_data_share_a_cache(tmp_path: Path) -> None:
    """Code takes some of the 32 lines, so that half of the 64 no longer stay until the second walk,
    as they do above."""
    shape = "32:8:4"
    caches = [f"i:i:{shape}:0:0x20000000", f"d:s:{shape}:0x20200000:0x20300000"]
    counted = bare.run(
        program(tmp_path, "walk"), BOARD, regions=["walk:done", "fill:done"], caches=caches
    ).counted
    reads = [int(t.events["d_read_miss"].sum()) for t in counted.each()]
    assert reads[:2] == [64, 32]
    assert 0 < reads[2] < 32


@pytest.mark.parametrize("caches", [["d:s:32:8:4:0:9"], ["i:i:32:4:4:0:9", "d:s:32:8:4:0:9"]])
def test_a_shared_cache_needs_one_of_its_shape(tmp_path: Path, caches: list[str]) -> None:
    with pytest.raises(ToolFailed, match="kind s needs one of kind i and of its shape before it"):
        bare.run(program(tmp_path, "walk"), BOARD, caches=caches)


def simulate(
    stretch: list[int], sizes: dict[int, int], line: int, sets: int, ways: int
) -> tuple[int, int]:
    """(misses at jumps, misses in sequence) of an instruction cache, instruction by instruction."""
    cache: list[OrderedDict[int, None]] = [OrderedDict() for _ in range(sets)]
    behind, misses = 0, [0, 0]
    for pc in stretch:
        sequential = pc == behind
        for number in range(pc // line, (pc + sizes[pc] - 1) // line + 1):
            held = cache[number % sets]
            if number in held:
                held.move_to_end(number)
            else:
                misses[sequential] += 1
                held[number] = None
                if len(held) > ways:
                    held.popitem(last=False)
            sequential = True
        behind = pc + sizes[pc]
    return misses[0], misses[1]


@pytest.mark.parametrize(("line", "sets", "ways"), [(16, 1, 4), (32, 2, 2), (16, 1, 64), (8, 4, 1)])
def test_an_instruction_cache(tmp_path: Path, line: int, sets: int, ways: int) -> None:
    """Against a simulation on QEMU's own trace of a whole run."""
    elf = program(tmp_path, "hello", *NEWLIB)
    cache = f"i:i:{line}:{sets}:{ways}:0:0x20000000"
    counted = bare.run(elf, BOARD, caches=[cache]).counted
    sizes = dict(zip(counted.code.address.tolist(), counted.code.size.tolist(), strict=True))
    events = counted.tally(OUTSIDE).events
    found = int(events["i_jump_miss"].sum()), int(events["i_miss"].sum())
    executed = trace(elf, BOARD, tmp_path, vectors=False)
    assert found == simulate(executed, sizes, line, sets, ways)
    assert sum(found) > 50


def test_a_cache_that_is_none_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ToolFailed, match=r"cache=NAME:i.d.s:LINE:SETS:WAYS:LOW:HIGH is needed: x"):
        bare.run(program(tmp_path, "walk"), BOARD, caches=["x"])
