"""Reads the values in a device's answer, which may be anything, or says what is wrong. Pure.

answer = messages.fields(lines)
ticks = number(answer, "ticks")
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from boardless.core.errors import LinkError

WORD = (1 << 32) - 1  # the largest number that firmware sends
LONGEST = 60  # characters of a wrong value in a message
LONGEST_REPORT = 1_000  # characters of a fault report that are shown


def number(
    answer: Mapping[str, str], key: str, low: int = 0, high: int = WORD, default: str | None = None
) -> int:
    """Returns the decimal number `key`, between `low` and `high`."""
    return _number(answer.get(key, default), key, low, high)


def numbers(answer: Mapping[str, str], key: str, count: int | None = None) -> list[int]:
    """Returns the decimal numbers `key`, separated by spaces; `count` of them, if it is given."""
    words = (answer.get(key) or "").split(" ")
    if key not in answer or (count is not None and len(words) != count):
        raise wrong(key, answer.get(key))
    return [_number(word, key, 0, WORD) for word in words]


def raw(answer: Mapping[str, str], key: str, size: int | None = None) -> bytes:
    """Returns the bytes `key`, in hexadecimal; `size` of them, if it is given."""
    text = answer.get(key)
    if text is None or not re.fullmatch(r"([0-9a-fA-F]{2})*", text):
        raise wrong(key, text)
    if size is not None and len(text) != 2 * size:
        raise LinkError(
            f"the device answers {len(text) // 2:,} bytes of {key}, not {size:,}",
            hint="is it this model's firmware?",
        )
    return bytes.fromhex(text)


def address(text: str) -> int | None:
    """Returns the number of such as 0x1f4, None for anything else."""
    return int(text, 16) if re.fullmatch(r"(0x)?[0-9a-fA-F]{1,16}", text) else None


def wrong(key: str, text: str | None) -> LinkError:
    """Returns the error of an answer without a usable `key`."""
    said = "nothing" if text is None else repr(text[:LONGEST])
    return LinkError(f"the device answers {said} for {key}", hint="is it boardless's firmware?")


def _number(text: str | None, key: str, low: int, high: int) -> int:
    if text is None or not re.fullmatch(r"[0-9]{1,20}", text) or not low <= int(text) <= high:
        raise wrong(key, text)
    return int(text)


def fault(text: str, describe_pc: Callable[[int], str] | None) -> str:
    """Returns a device's report of a fault, with function names for code addresses where they are
    known."""
    words = []
    for word in text.removeprefix("e-[fault ").rstrip("]")[:LONGEST_REPORT].split(" "):
        key, equals, value = word.partition("=")
        place = address(value) if equals and key in ("pc", "lr") else None
        known = f" ({describe_pc(place)})" if place is not None and describe_pc else ""
        words.append(word + known)
    return f"the firmware crashed: {' '.join(words)[:LONGEST_REPORT]}"


def strange(heard: bytes) -> str:
    """Describes a device that does not run our firmware, by the last bytes that came."""
    lines = [line for line in heard.splitlines() if line.strip()]
    if not lines:
        return "the device is silent: is it running, and is this its port?"
    readable = sum(b in b"\r\n\t" or 32 <= b < 127 for b in heard) / len(heard)
    if readable < 0.9:
        return f"noise comes, such as {heard[-12:]!r}: is it another --baud?"
    said = lines[-1].decode("ascii", "replace")[:60]
    return f"what answers is no firmware of boardless: it says {said!r}"
