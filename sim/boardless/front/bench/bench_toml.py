"""The content of bench.toml: what is measured, and the figures it is compared with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from boardless.core import checked


class BenchCase(msgspec.Struct, frozen=True):
    """One model to measure; without `fold` its idle channels stay."""

    model: str
    fold: bool = True


class Limit(msgspec.Struct, frozen=True):
    """`what` must stay below a value: "instructions", "per_mac", "cycles_per_mac", or the
    instructions per MAC of a kind of layer."""

    model: str
    what: str
    below: float
    fold: bool = True
    trained: bool = False  # only of the real model: random weights leave nothing to fold


class Peer(msgspec.Struct, frozen=True):
    """The figures of another runtime for the same model; bench.toml explains each."""

    name: str
    model: str
    macs: int
    instructions: int
    per_mac: float
    ram_bytes: int
    flash_bytes: int
    flags: str
    note: str
    source: str
    kinds: dict[str, float] = {}  # instructions per MAC


class Published(msgspec.Struct, frozen=True):
    """Other people's measurement of the same model on a board: milliseconds of one inference."""

    runtime: str
    model: str
    part: str  # of cycles/parts
    clock_hz: int
    milliseconds: float
    source: str


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """bench.toml"""

    cases: tuple[BenchCase, ...] = msgspec.field(name="case")
    limits: tuple[Limit, ...] = msgspec.field(name="limit")
    peers: tuple[Peer, ...] = msgspec.field(name="peer")
    published: tuple[Published, ...] = msgspec.field(name="published")


@cache
def plan() -> Plan:
    """The checked content of bench.toml."""
    return checked.file(Path(__file__).with_name("bench.toml"), Plan)


def cases(models: tuple[str, ...]) -> tuple[BenchCase, ...]:
    """Those of bench.toml, or of `models` alone; a model that is not in it is a case of its own."""
    if not models:
        return plan().cases
    return tuple(
        case
        for model in dict.fromkeys(models)
        for case in [c for c in plan().cases if c.model == model] or [BenchCase(model)]
    )


def peers(case: BenchCase) -> list[Peer]:
    return [peer for peer in plan().peers if peer.model == case.model]


def published(case: BenchCase) -> list[Published]:
    return [p for p in plan().published if p.model == case.model]


def limits(case: BenchCase) -> list[Limit]:
    return [
        limit for limit in plan().limits if (limit.model, limit.fold) == (case.model, case.fold)
    ]
