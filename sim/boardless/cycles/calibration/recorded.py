"""The counts of measured programs, kept so that every error can be computed again without sources.

recorded.save("embench", "14.2.1", {"crc32": (code, decoded, tally)})
recorded.load("embench").programs["crc32"].tally.instructions

Sources of others are not shipped, and neither is machine code made of them. What is kept of an
instruction is what pricing knows of it: its kind, its size, which registers it reads and writes.
"""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from boardless.core import files
from boardless.core.errors import BadInput
from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import KINDS, Instruction

FOLDER = Path(__file__).with_name("counts")
KEPT = tuple(f.name for f in fields(Instruction) if f.name != "text")
LEVEL = 9  # of compression
MOST_BYTES = 1 << 26  # of an unpacked file


class ProgramCounts(msgspec.Struct, frozen=True, array_like=True):
    """One program; arrays are little-endian bytes, I instructions in the order of addresses."""

    address: bytes  # (I,) uint32
    instruction: bytes  # (I,) uint16: which one of the suite's
    executed: bytes  # (I,) int64
    fallthrough: bytes  # (I,) int64
    events: dict[str, bytes]  # (I,) int64 each, of simulated caches


class SuiteCounts(msgspec.Struct, frozen=True, array_like=True):
    """A file in counts/."""

    compiler: str
    keys: tuple[str, ...]  # of an instruction's values
    instructions: tuple[tuple[Any, ...], ...]
    programs: dict[str, ProgramCounts]


@dataclass(frozen=True)
class Recorded:
    """One program: all that `price.weights` needs."""

    code: Code  # its `content` is empty
    decoded: tuple[Instruction, ...]
    tally: Tally


@dataclass(frozen=True)
class Suite:
    """The counts of a suite's programs, by name."""

    compiler: str
    programs: Mapping[str, Recorded]
    digest: str  # of the file


def names(folder: Path | None = None) -> list[str]:
    return sorted(path.stem for path in (folder or FOLDER).glob("*.bin"))


def load(suite: str, folder: Path | None = None) -> Suite:
    """Returns the counts of a suite; BadInput where there are none, or the file is damaged."""
    path = (folder or FOLDER) / f"{suite}.bin"
    if not path.is_file():
        raise BadInput(
            f"no counts of suite {suite!r} are recorded",
            hint=f"`boardless calibrate {suite} PATH` records them",
        )
    return _load(path, path.stat().st_mtime_ns)


@cache
def _load(path: Path, _: int) -> Suite:
    content = path.read_bytes()
    try:
        unpacked = zlib.decompressobj().decompress(content, MOST_BYTES)
        kept = msgspec.msgpack.decode(unpacked, type=SuiteCounts)
        decoded = [_instruction(dict(zip(kept.keys, i, strict=True))) for i in kept.instructions]
        programs = {name: _program(p, decoded) for name, p in kept.programs.items()}
    except (zlib.error, msgspec.MsgspecError, ValueError, TypeError, IndexError) as error:
        hint = "take the file from the repository again"
        raise BadInput(f"damaged counts ({error})", where=str(path), hint=hint) from error
    return Suite(kept.compiler, programs, hashlib.sha256(content).hexdigest()[:16])


def _instruction(values: dict[str, Any]) -> Instruction:
    if values["kind"] not in KINDS:
        raise ValueError(f"unknown kind {values['kind']!r}")
    return Instruction(text=str(values["kind"]), **values)


def _program(kept: ProgramCounts, known: Sequence[Instruction]) -> Recorded:
    address = np.frombuffer(kept.address, "<u4").astype(np.uint64)
    decoded = tuple(known[i] for i in np.frombuffer(kept.instruction, "<u2").tolist())
    if len(address) != len(decoded):
        raise ValueError("addresses and instructions differ in number")
    size = np.array([now.size for now in decoded], np.uint8)
    code = Code(address, size, (b"",) * len(decoded))
    counts = [np.frombuffer(row, "<i8").astype(np.int64) for row in _rows(kept)]
    if any(len(row) != len(address) for row in counts):
        raise ValueError("addresses and counts differ in number")
    executed, fallthrough, *events = counts
    return Recorded(
        code, decoded, Tally(executed, fallthrough, dict(zip(kept.events, events, strict=True)))
    )


def _rows(kept: ProgramCounts) -> list[bytes]:
    return [kept.executed, kept.fallthrough, *kept.events.values()]


def save(
    suite: str,
    compiler: str,
    programs: Mapping[str, tuple[Code, Sequence[Instruction], Tally]],
    folder: Path | None = None,
) -> Path:
    """Keeps the counts of all programs of a suite, in the place of those it had."""
    index: dict[tuple[Any, ...], int] = {}
    kept = {}
    for name, (code, decoded, tally) in sorted(programs.items()):
        values = [tuple(getattr(now, key) for key in KEPT) for now in decoded]
        numbers = [index.setdefault(value, len(index)) for value in values]
        kept[name] = ProgramCounts(
            code.address.astype("<u4").tobytes(),
            np.array(numbers, "<u2").tobytes(),
            tally.executed.astype("<i8").tobytes(),
            tally.fallthrough.astype("<i8").tobytes(),
            {k: v.astype("<i8").tobytes() for k, v in sorted(tally.events.items())},
        )
    content = msgspec.msgpack.encode(SuiteCounts(compiler, KEPT, tuple(index), kept))
    path = (folder or FOLDER) / f"{suite}.bin"
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write(path, zlib.compress(content, LEVEL))
    return path
