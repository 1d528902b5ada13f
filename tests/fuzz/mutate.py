"""Changes bytes and text at random, the same way for the same seed.

changed = mutated(random.Random(7), content, others=[content])
"""

from __future__ import annotations

import random
import re
import struct
from collections.abc import Callable, Sequence

LARGEST = 1 << 16  # bytes of what comes out
NUMBERS = (
    *(0, 1, 2, 3, 4, 7, 8, 16, 31, 32, 63, 64, 127, 128, 255, 256, 1000, 0x7FFF, 0x8000, 0xFFFF),
    *(0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, 0xFFFFFFFF),
    *(0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF),
)
WORDS = (
    *("", "0", "-1", "1", "0x10", "1e309", "-1e309", "nan", "NaN", "inf", "Infinity", "9" * 400),
    *("4294967295", "4294967296", "9223372036854775808", "true", "false", "null", "[]", "{}"),
    *('""', "[[]]", '"x"', "\x1b[2J", "\x1b]0;x\x07", "\u202e", "\ud800", "[/red]", "<b>", "../x"),
    *("%s", "{0}", "\n", "\0", "'", '"', "[" * 3000, "1.5", "1979-05-27T07:32:00Z", "٣", "1_000"),
)
TOKEN = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?|\"[^\"\n]*\"|\w+|[^\s\w]")


def mutated(chance: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Returns `content` after one to six changes; `others` lend parts of theirs."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 6))):
        chance.choice(BYTES)(chance, made, others)
        del made[LARGEST:]
    return bytes(made)


def mutated_text(chance: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Returns a text after one to four changes: of whole tokens, most of the time."""
    if chance.random() < 0.2:
        return mutated(chance, content, others)
    text = content.decode("utf8", "replace")
    for _ in range(chance.choice((1, 1, 2, 4))):
        tokens = [(m.start(), m.end()) for m in TOKEN.finditer(text)]
        if not tokens:
            break
        start, end = chance.choice(tokens)
        kind = chance.random()
        if kind < 0.5:
            new = chance.choice(WORDS)
        elif kind < 0.7:
            other = chance.choice(tokens)
            new = text[other[0] : other[1]]
        elif kind < 0.85:
            new = ""
        else:  # a line or more, twice or not at all
            start, end = sorted((start, chance.choice(tokens)[1]))
            new = chance.choice(("", text[start:end] * 2))
        text = text[:start] + new + text[end:]
    return text.encode("utf8", "surrogatepass")[:LARGEST]


def _place(chance: random.Random, made: bytearray) -> int:
    return chance.randrange(len(made)) if made else 0


def _bit(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    if made:
        made[_place(chance, made)] ^= 1 << chance.randrange(8)


def _byte(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    if made:
        made[_place(chance, made)] = chance.choice((0, 1, 0x7F, 0x80, 0xFF, chance.randrange(256)))


def _number(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    width, form = chance.choice(((1, "B"), (2, "H"), (4, "I"), (4, "I"), (8, "Q")))
    at = _place(chance, made)
    if chance.random() < 0.7:
        at -= at % width
    value = chance.choice(NUMBERS)
    if chance.random() < 0.3 and len(made) >= at + width:
        (old,) = struct.unpack_from(f"<{form}", made, at)
        value = old + chance.choice((-1, 1, -4, 4, old))
    order = chance.choice("<<<>")
    made[at : at + width] = struct.pack(f"{order}{form}", value % (1 << 8 * width))


def _cut(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    del made[_place(chance, made) :]


def _remove(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    at = _place(chance, made)
    del made[at : at + chance.choice((1, 2, 4, 8, 40, 400))]


def _insert(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    at = _place(chance, made)
    made[at:at] = chance.randbytes(chance.choice((1, 2, 4, 16)))


def _copy(chance: random.Random, made: bytearray, others: Sequence[bytes]) -> None:
    """Writes a part of some file over a part of this one, or between two."""
    source = chance.choice([bytes(made), *others])
    if not source:
        return
    start = chance.randrange(len(source))
    part = source[start : start + chance.choice((2, 4, 4, 8, 16, 64, 1000))]
    at = _place(chance, made)
    if chance.random() < 0.5:
        at -= at % 4
    made[at : at + (len(part) if chance.random() < 0.8 else 0)] = part


BYTES: tuple[Callable[[random.Random, bytearray, Sequence[bytes]], None], ...] = (
    *(_bit, _byte, _byte, _number, _number, _number, _number, _cut, _remove, _insert, _copy, _copy),
)
