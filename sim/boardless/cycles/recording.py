"""The file that a counted run leaves, as plugin/record.h describes it.

    recording = read(content, "counts of a.elf")
    recording.count     # passes

A file that is cut or damaged is refused.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from boardless.core.errors import ToolFailed

MAGIC, VERSION = b"BLCOUNTS", 1
FIXED_COLUMNS = ("executed", "fallthrough")  # cache events follow
MOST_COLUMNS, MOST_PASSES = 64, 1 << 20
AGAIN = "run it again; is the disk full, or was the emulator killed?"

Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Segment:
    """Instructions in a row of which either all are executed or none."""

    address: int
    sizes: bytes  # of the instructions
    content: bytes


@dataclass(frozen=True, eq=False)
class Change:
    """The difference of one region from the pass before; S segments, V columns."""

    region: int
    interrupts: int
    interrupts_kept: int
    segments: npt.NDArray[np.int64]  # (S,) numbers
    difference: Int64s  # (S, V)


@dataclass(frozen=True, eq=False)
class Recording:
    """A file as it is: segments, and passes as differences."""

    columns: tuple[str, ...]  # (V,) executed, fallthrough, events
    segments: tuple[Segment, ...]
    passes: tuple[tuple[tuple[Change, ...], int], ...]  # (changes, that many equal passes)
    outside: Change
    signal: int  # that ended the run, or 0

    @property
    def count(self) -> int:
        return sum(n for _, n in self.passes)


@dataclass
class _Reader:
    content: bytes
    where: str
    at: int = 0

    def take(self, count: int) -> bytes:
        part = self.content[self.at : self.at + count]
        if len(part) < count:
            raise self.broken("it ends in the middle of a record")
        self.at += count
        return part

    def numbers(self, form: str) -> tuple[int, ...]:
        return struct.unpack(f"<{form}", self.take(struct.calcsize(f"<{form}")))

    def broken(self, why: str) -> ToolFailed:
        return ToolFailed(f"the counts are not whole: {why}", where=self.where, hint=AGAIN)


def read(content: bytes, where: str) -> Recording:
    """Parses a file; ToolFailed where it is cut or damaged. `where` names it in the message."""
    reader = _Reader(content, where)
    if len(content) < 16 or reader.take(8) != MAGIC:
        raise reader.broken("they do not begin as counts do")
    version, width = reader.numbers("II")
    if version != VERSION:
        raise reader.broken(f"version {version} is not {VERSION}")
    if width > MOST_COLUMNS:
        raise reader.broken(f"{width} columns")
    columns: tuple[str, ...] = ()
    segments: list[Segment] = []
    passes: list[tuple[tuple[Change, ...], int]] = []
    changes: list[Change] = []
    outside: Change | None = None
    while True:
        kind, size = reader.take(4), reader.numbers("I")[0]
        part = _Reader(reader.take(size), where)
        if kind == b"DONE":
            return _finish(reader, part, columns, segments, passes, outside)
        if kind == b"NAME":
            columns = tuple(part.take(size).decode("ascii", "replace").split("\0")[:-1])
            if len(columns) != width or columns[:2] != FIXED_COLUMNS:
                raise reader.broken("its columns do not fit")
        elif kind == b"SEGM":
            while part.at < size:
                segments.append(_segment(part))
        elif kind == b"REGN":
            changes.append(_change(part, width, len(segments)))
        elif kind == b"PASS":
            passes.append((tuple(changes), part.numbers("I")[0]))
            changes = []
        elif kind == b"OUTS":
            outside = _change(part, width, len(segments))
        else:
            raise reader.broken(f"a record of the unknown kind {kind!r}")
        if part.at != size:
            raise reader.broken("a record is longer than its content")


def _finish(
    reader: _Reader,
    done: _Reader,
    columns: tuple[str, ...],
    segments: list[Segment],
    passes: list[tuple[tuple[Change, ...], int]],
    outside: Change | None,
) -> Recording:
    count, segment_count, signal, crc = done.numbers("IIII")
    whole = reader.at == len(reader.content) and done.at == len(done.content)
    if not whole or zlib.crc32(memoryview(reader.content)[:-4]) != crc:
        raise reader.broken("its checksum is wrong")
    if outside is None or not columns or segment_count != len(segments):
        raise reader.broken("records are missing")
    if count > MOST_PASSES:
        raise reader.broken(f"{count:,} passes")
    recording = Recording(columns, tuple(segments), tuple(passes), outside, signal)
    if recording.count != count:
        raise reader.broken("passes are missing")
    return recording


def _segment(part: _Reader) -> Segment:
    address, instructions, size = part.numbers("QHH")
    sizes = part.take(instructions)
    if not instructions or sum(sizes) != size:
        raise part.broken("a segment's sizes do not add up")
    return Segment(address, sizes, part.take(size))


def _change(part: _Reader, width: int, segments: int) -> Change:
    region, interrupts, kept = part.numbers("iII")
    blocks = []
    for form in ("<i4", "<i8"):
        dtype = np.dtype([("segment", "<u4"), ("difference", form, (width,))])
        (count,) = part.numbers("I")
        blocks.append(np.frombuffer(part.take(count * dtype.itemsize), dtype))
    numbers = np.concatenate([b["segment"].astype(np.int64) for b in blocks])
    if numbers.size and numbers.max() >= segments:
        raise part.broken("a segment is not in it")
    difference = np.concatenate([b["difference"].astype(np.int64) for b in blocks])
    return Change(region, interrupts, kept, numbers, difference.reshape(-1, width))


def write(recording: Recording) -> bytes:
    """The file of a recording, for tests and for keeping one."""
    width = len(recording.columns)
    out = bytearray(MAGIC + struct.pack("<II", VERSION, width))

    def record(kind: bytes, content: bytes) -> None:
        out.extend(kind + struct.pack("<I", len(content)) + content)

    def change(kind: bytes, c: Change) -> None:
        wide = (np.abs(c.difference.astype(np.float64)) >= 2.0**31).any(axis=1)
        content = struct.pack("<iII", c.region, c.interrupts, c.interrupts_kept)
        for form, chosen in (("<i4", ~wide), ("<i8", wide)):
            dtype = np.dtype([("segment", "<u4"), ("difference", form, (width,))])
            block = np.empty(int(chosen.sum()), dtype)
            block["segment"], block["difference"] = c.segments[chosen], c.difference[chosen]
            content += struct.pack("<I", len(block)) + block.tobytes()
        record(kind, content)

    record(b"NAME", b"".join(name.encode() + b"\0" for name in recording.columns))
    record(
        b"SEGM",
        b"".join(
            struct.pack("<QHH", s.address, len(s.sizes), len(s.content)) + s.sizes + s.content
            for s in recording.segments
        ),
    )
    for changes, repeats in recording.passes:
        for c in changes:
            change(b"REGN", c)
        record(b"PASS", struct.pack("<I", repeats))
    change(b"OUTS", recording.outside)
    numbers = (recording.count, len(recording.segments), recording.signal, 0)
    record(b"DONE", struct.pack("<IIII", *numbers))
    return bytes(out[:-4]) + struct.pack("<I", zlib.crc32(out[:-4]))
