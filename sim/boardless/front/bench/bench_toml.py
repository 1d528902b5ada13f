"""The content of bench.toml: what is measured, and the figures it is compared with."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import msgspec

from boardless.core import checked
from boardless.model import mlperf_tiny
from boardless.runtimes import recorded


class BenchCase(msgspec.Struct, frozen=True):
    """One model to measure; without `fold` its idle channels stay."""

    model: str
    fold: bool = True
    weights_in_ram: bool = False

    @property
    def how(self) -> str:
        """Returns in which way the model is compiled."""
        folding = "folded" if self.fold else "not folded"
        return f"{folding}, weights in RAM" if self.weights_in_ram else folding


class Limit(msgspec.Struct, frozen=True):
    """`what` must stay below a value: "instructions", "per_mac", "cycles_per_mac", "milliseconds"
    of the part of published times, "arena_bytes", or the instructions per MAC of a kind of
    layer. It is judged on the board that `board` names."""

    model: str
    what: str
    below: float
    fold: bool = True
    weights_in_ram: bool = False
    board: str = "mps2-an386"
    trained: bool = False  # only of the real model: random weights leave nothing to fold


class Peer(msgspec.Struct, frozen=True):
    """The figures of another runtime for the same model; bench.toml explains each."""

    name: str
    model: str
    instructions: int
    ram_bytes: int
    flash_bytes: int
    flags: str
    note: str
    source: str
    kinds: dict[str, float] = {}  # instructions per MAC
    macs: int | None = None  # of the model, and
    per_mac: float | None = None  # instructions for each, as they state it
    cycles: int | None = None  # estimated for the board's core
    board: str = "mps2-an386"


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


def peers(case: BenchCase, board: str, trained: bool = True) -> list[Peer]:
    """Returns the peers of a case on a board: those of bench.toml, and of MLPerf Tiny's own files
    CMSIS-NN as it was recorded there, called from the graph of our compiler."""
    if case.weights_in_ram:  # nobody else's are
        return []
    found = [peer for peer in plan().peers if (peer.model, peer.board) == (case.model, board)]
    if case.fold and trained and case.model in mlperf_tiny.MODELS:
        digest = mlperf_tiny.MODELS[case.model].digest
        found += [
            _recorded(case, figure)
            for figure in recorded.load("cmsis_nn")
            if (figure.digest, figure.board, figure.refused) == (digest, board, "")
        ]
    return found


def _recorded(case: BenchCase, figure: recorded.Figure) -> Peer:
    assert figure.instructions is not None
    assert figure.ram_bytes is not None
    assert figure.flash_bytes is not None
    return Peer(
        name="CMSIS-NN, our graph",
        model=case.model,
        instructions=figure.instructions,
        ram_bytes=figure.ram_bytes,
        flash_bytes=figure.flash_bytes,
        flags="-O2",
        note=f"{figure.version}, its kernels called in place of ours",
        source=f"measured {figure.date}, see docs/reference/runtimes.md",
        cycles=figure.cycles,
        board=figure.board,
    )


def published(case: BenchCase) -> list[Published]:
    return [p for p in plan().published if p.model == case.model]


def limits(case: BenchCase, board: str) -> list[Limit]:
    """Returns the limits of a case on a board."""
    wanted = case.model, case.fold, case.weights_in_ram, board
    return [x for x in plan().limits if (x.model, x.fold, x.weights_in_ram, x.board) == wanted]
