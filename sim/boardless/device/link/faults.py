"""A bad line as configuration: wraps a session and drops, flips, splits and delays its bytes.

    session = BadLine(session, parse("drop=0.001,flip=0.001,seed=3"))

Deterministic for a seed and a sequence of calls; no time is involved: a delayed byte comes with the
next call.
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import msgspec

from boardless.core import checked
from boardless.core.errors import BadInput
from boardless.device.link.wrapped import Wrapped


class Faults(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Probabilities are per byte and direction."""

    drop: float = 0.0
    flip: float = 0.0  # one bit of the byte
    split: int = 0  # hand over at most this many bytes at once; 0: no limit
    delay: int = 0  # hold this many bytes back until the next call
    seed: int = 0


def parse(text: str) -> Faults:
    """Faults from "drop=0.01,flip=0.001,split=3,delay=2,seed=1"."""
    try:
        table = dict(item.split("=", 1) for item in text.split(",") if item)
        faults = checked.convert(table, Faults, strict=False)
    except (ValueError, msgspec.ValidationError) as error:
        raise BadInput(
            f"{text!r} is no description of a bad line: {error}",
            hint="such as drop=0.001,flip=0.001,split=3,delay=2,seed=1",
        ) from error
    if not (0 <= faults.drop < 1 and 0 <= faults.flip < 1 and faults.split >= 0 <= faults.delay):
        raise BadInput(f"{text!r}: drop and flip are probabilities, split and delay counts")
    return faults


@dataclass
class BadLine(Wrapped):
    """A Session whose line behaves as `faults` says, in both directions."""

    faults: Faults
    held: bytes = b""
    rng: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.rng = random.Random(self.faults.seed)

    def damage(self, data: bytes) -> bytes:
        out = bytearray()
        for byte in data:
            if self.rng.random() < self.faults.drop:
                continue
            if self.rng.random() < self.faults.flip:
                byte ^= 1 << self.rng.randrange(8)
            out.append(byte)
        return bytes(out)

    def send(self, data: bytes) -> None:
        damaged = self.damage(data)
        step = self.faults.split or len(damaged) or 1
        for i in range(0, len(damaged), step):
            self.session.send(damaged[i : i + step])

    def receive(self, timeout: float) -> bytes:
        fresh = self.session.receive(0.0 if self.held else timeout)
        data, self.held = self.held + self.damage(fresh), b""
        if fresh and self.faults.delay:
            keep = min(self.faults.delay, len(data))
            data, self.held = data[: len(data) - keep], data[len(data) - keep :]
        if self.faults.split and len(data) > self.faults.split:
            data, self.held = data[: self.faults.split], data[self.faults.split :] + self.held
        return data
