"""Counts by a hook that an emulator calls at the beginning of each block, where no plugin can be.

    (folder / "borders").write_text(borders(image, watch))
    ...                                    # firmware/hal/renode/blocks.py writes folder/counts
    recording = read(folder / "counts", image, "device 0")

The hook knows when a block begins, and not what it accesses. So the instructions where a region
begins or ends are found here, in the code of bl_mark and of the board's timer.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from boardless.core.errors import ToolFailed
from boardless.cycles.decode import Instruction, instructions
from boardless.cycles.image import Image
from boardless.cycles.recording import FIXED_COLUMNS, Change, Recording, Segment
from boardless.device.plugin.counter import Watch

STACK = {"thumb": 13, "riscv": 2}  # numbers of registers
ARGUMENT = {"thumb": 0, "riscv": 10}
RETURNS = ("branch", "branch_register", "return_load")
AGAIN = "run it again; is the disk full, or was the emulator killed?"


def borders(image: Image, watch: Watch) -> str:
    """Returns the options of the hook for a program, lines as blocks.py describes them."""
    words: list[tuple[str, tuple[int, ...]]] = [("isa", (int(image.isa == "riscv"),))]
    if watch.marks:
        _, regions, *code = watch.marks
        words.append(("marker", (code[0], ARGUMENT[image.isa], regions)))
        words.append(("mark", (_behind(image, (code[0], code[1]), last=True),)))
    for name, known, place, last in (
        ("start", watch.start_at, watch.start, True),
        ("stop", watch.stop_at, watch.stop, False),
    ):
        if known or place:
            words.append((name, known or (_behind(image, place or (0, 0), last=last),)))
    for name, rows in (
        ("region", watch.regions),
        ("handler", [(a,) for a in watch.handlers]),
        ("leave", [(a,) for a in watch.leaves]),
    ):
        words += [(name, row) for row in rows]
    return "".join(f"{name} {' '.join(map(str, numbers))}\n" for name, numbers in words)


def _behind(image: Image, code: tuple[int, int], *, last: bool) -> int:
    """Returns the address behind the last store, or the first access, that the code makes to
    anything but its stack and its constants. ToolFailed where it makes none."""
    found = [
        at + i.size
        for at, i in _straight(image, code)
        if ("store" in i.kind or ("load" in i.kind and not last and i.kind != "return_load"))
        and not i.literal
        and not i.address >> STACK[image.isa] & 1
    ]
    if not found:
        raise ToolFailed(
            "no access to a timer or to `marks` was found",
            where=f"{image.path}, {code[0]:#x}",
            hint="--no-cycles runs without counting",
        )
    return found[-1 if last else 0]


def _straight(image: Image, code: tuple[int, int]) -> Iterator[tuple[int, Instruction]]:
    """Yields the instructions of a function in order, up to where it returns: constants follow."""
    at, end = code
    while at < end:
        content = image.bytes_at(at, size_at(image, at))
        (instruction,) = instructions(image.isa, [at], [content])
        yield at, instruction
        if instruction.kind in RETURNS and not instruction.conditional:
            return
        at += instruction.size


def size_at(image: Image, address: int) -> int:
    """Returns the bytes of the instruction at an address."""
    half = int.from_bytes(image.bytes_at(address, 2), "little")
    return 4 if (half & 3 == 3 if image.isa == "riscv" else half >> 11 >= 0x1D) else 2


def read(path: Path, image: Image, where: str) -> Recording:
    """Reads what the hook has counted. ToolFailed where it is not whole, or where a pass holds
    other instructions than Renode's own counter says; `where` names it in the message."""

    def broken(why: str) -> ToolFailed:
        return ToolFailed(f"the counts are not whole: {why}", where=where, hint=AGAIN)

    segments: list[Segment] = []
    passes: list[tuple[tuple[Change, ...], int]] = []
    now: dict[int, Change] = {}
    before: dict[int, Change] = {}
    outside: Change | None = None
    ended: list[str] = []
    try:
        for line in path.read_text().splitlines():
            kind, *words = line.split()
            if kind == "B":
                segments.append(_segment(image, int(words[0]), int(words[1])))
            elif kind == "R":
                change = _change(words)
                now[change.region] = change
            elif kind == "X":
                raise ToolFailed(
                    f"Renode's hook was called for {int(words[1]):,} instructions, and "
                    f"{int(words[0]):,} were executed",
                    where=where,
                    hint="let the machine run without pauses; --no-cycles runs without counting",
                )
            elif kind == "P":
                changed = tuple(
                    d for k in sorted(now) if (d := _difference(now[k], before.get(k))) is not None
                )
                if changed or not passes:
                    passes.append((changed, 1))
                else:
                    passes[-1] = (passes[-1][0], passes[-1][1] + 1)
                before, now = now, {}
            elif kind == "O":
                outside = _change(words)
            else:
                ended = words
    except (OSError, ValueError, IndexError) as error:
        raise broken(str(error)) from error
    if outside is None or ended != [str(sum(n for _, n in passes)), str(len(segments))]:
        raise broken("their end is missing")
    return Recording(FIXED_COLUMNS, tuple(segments), tuple(passes), outside, 0)


def _segment(image: Image, address: int, count: int) -> Segment:
    sizes = bytearray()
    for _ in range(count):
        sizes.append(size_at(image, address + sum(sizes)))
    content = image.bytes_at(address, sum(sizes))
    if len(content) < sum(sizes):
        raise ValueError(f"the code at {address:#x} is not in the program")
    return Segment(address, bytes(sizes), content)


def _change(words: list[str]) -> Change:
    region, interrupts, kept = map(int, words[:3])
    rows = np.array([[int(n) for n in word.split(":")] for word in words[3:]], np.int64)
    rows = rows.reshape(-1, 3)
    return Change(region, interrupts, kept, rows[:, 0], rows[:, 1:])


def _difference(now: Change, before: Change | None) -> Change | None:
    """Returns how a region differs from the pass before; None where it does not."""
    old = before or Change(now.region, 0, 0, np.zeros(0, np.int64), np.zeros((0, 2), np.int64))
    numbers = np.union1d(now.segments, old.segments)
    difference = np.zeros((len(numbers), 2), np.int64)
    difference[np.searchsorted(numbers, now.segments)] += now.difference
    difference[np.searchsorted(numbers, old.segments)] -= old.difference
    kept = difference.any(axis=1)
    same = (now.interrupts, now.interrupts_kept) == (old.interrupts, old.interrupts_kept)
    if same and not kept.any():
        return None
    return Change(now.region, now.interrupts, now.interrupts_kept, numbers[kept], difference[kept])
