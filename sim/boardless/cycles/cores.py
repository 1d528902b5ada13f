"""The cycles of each instruction on a core: one TOML file per core, found by its name.

    load("cortex-m4").features     # ("thumb", "thumb2", ...)

A rule is a mechanism with numbers and a source. Mechanisms are here and in `pipeline`, numbers in
`cores/<core>.toml`; no code knows a core by name. Of two rules that fit, the later one counts. A
core may `extends` another: it then states only what differs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

import msgspec

from boardless.core.errors import BadInput
from boardless.cycles import tables
from boardless.cycles.decode import KINDS, Instruction

FOLDER = Path(__file__).parent / "cores"
ROLES = frozenset({"operand", "address", "data", "accumulator", "shifted", "flags"})
ANY = "*"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Each says where its figures come from."""

    source: str


class Cost(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cycles for which these kinds hold the pipeline."""

    kinds: tuple[str, ...]
    cycles: float
    per_register: float = 0.0  # of a transfer
    least: float | None = None  # where operands decide: the range; `cycles` is what is used
    most: float | None = None
    when: tuple[str, ...] = ()


class Latency(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cycles from the issue of one instruction to that of one that uses its result.

    `to` names roles (address, data, accumulator, shifted, flags, operand) or kinds of the user.
    Without a rule: as long as the instruction holds the pipeline.
    """

    of: tuple[str, ...]
    to: tuple[str, ...]
    cycles: float
    when: tuple[str, ...] = ()


class Neighbours(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cycles by which `then` begins later (or, negative, earlier) when it follows `first`."""

    first: tuple[str, ...]
    then: tuple[str, ...]
    cycles: float
    when: tuple[str, ...] = ()


class Taken(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Cycles that a taken branch loses on top of its own, until the target executes."""

    kinds: tuple[str, ...]
    cycles: float


class DualIssue(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kinds of instructions that may issue in the same cycle."""

    older: tuple[str, ...]
    younger: tuple[str, ...]
    when: tuple[str, ...] = ()


class SingleIssue(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Kinds that never issue in the same cycle: two of `kinds`, or one with one of `against`."""

    kinds: tuple[str, ...]
    against: tuple[str, ...] = ()
    when: tuple[str, ...] = ()


class Fetch(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A queue of words between memory and decoder."""

    words: int  # asked for and not yet used up
    cycles_per_word: float = 1.0
    latency: float = 2.0  # from asking to decoding


class Prediction(Rule, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Static prediction: the majority direction is free, the other costs `missed` cycles."""

    missed: float  # cycles


class Core(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One core. `status` is what a figure must be labelled with where no program was measured."""

    name: str = ""
    description: str
    isa: str
    status: str = "estimate: no board data"
    features: tuple[str, ...]  # of the instruction set; see `decode`
    cost: tuple[Cost, ...]
    latency: tuple[Latency, ...] = ()
    neighbours: tuple[Neighbours, ...] = ()
    taken: tuple[Taken, ...] = ()
    dual_issue: tuple[DualIssue, ...] = ()
    single_issue: tuple[SingleIssue, ...] = ()
    fetch: Fetch | None = None
    prediction: Prediction | None = None


# `when`: what must hold of one instruction, or of both (a user and what it uses, two neighbours).
SINGLE: dict[str, Callable[[Instruction], bool]] = {
    "narrow": lambda i: i.size == 2,
    "wide": lambda i: i.size == 4,
    "register_offset": lambda i: i.register_offset,
    "writes_back": lambda i: i.base != 0,
    "literal": lambda i: i.literal,
    "sub_word": lambda i: 0 < i.width < 4,
    "shifted": lambda i: i.shifted != 0,
    "conditional": lambda i: i.conditional,
    "sets_flags": lambda i: i.writes & i.flags != 0,
}
BOTH: dict[str, Callable[[Instruction, Instruction], bool]] = {
    "same_memory": lambda a, b: a.literal == b.literal,
    "first_narrow": lambda a, b: a.size == 2,
    "both_narrow": lambda a, b: a.size == 2 and b.size == 2,
    "then_wide": lambda a, b: b.size == 4,
    "then_register_offset": lambda a, b: b.register_offset,
    "then_immediate": lambda a, b: not b.register_offset,
    "first_register_offset": lambda a, b: a.register_offset,
    "first_no_flags": lambda a, b: a.writes & a.flags == 0,
    "first_sub_word": lambda a, b: 0 < a.width < 4,
    "both_shifted": lambda a, b: a.shifted != 0 and b.shifted != 0,
    "then_extends": lambda a, b: b.kind == "dsp" and b.shifted == b.reads,
    "same_base": lambda a, b: a.address & b.address != 0,
}


def fits(rule: Cost | SingleIssue, instruction: Instruction) -> bool:
    """Returns True if a rule about one instruction holds for this one."""
    return all(SINGLE[word](instruction) for word in rule.when)


def fits_both(
    rule: Latency | Neighbours | DualIssue, first: Instruction, then: Instruction
) -> bool:
    """Returns True if a rule about two instructions holds for these; the older one comes first."""
    return all(BOTH[word](first, then) for word in rule.when)


def names() -> list[str]:
    return tables.names(FOLDER)


@cache
def load(name: str) -> Core:
    """The core of that name; BadInput lists those there are."""
    return read(tables.find(FOLDER, name))


def read(path: Path) -> Core:
    """A core's table from any file, checked."""
    core = tables.read(path, Core)
    _check(core, str(path))
    return core


def _check(core: Core, where: str) -> None:
    groups: list[tuple[tuple[str, ...], frozenset[str]]] = []
    one, two, kinds = frozenset(SINGLE), frozenset(BOTH), KINDS | {ANY}
    for cost in core.cost:
        groups += [(cost.kinds, KINDS), (cost.when, one)]
        if min(cost.cycles, cost.per_register) < 0:
            raise BadInput(f"negative cycles for {', '.join(cost.kinds)}", where=where)
    for latency in core.latency:
        groups += [(latency.of, KINDS), (latency.to, KINDS | ROLES), (latency.when, two)]
    for near in core.neighbours:
        groups += [(near.first + near.then, kinds), (near.when, two)]
    for pair in core.dual_issue:
        groups += [(pair.older + pair.younger, kinds), (pair.when, two)]
    for unpaired in core.single_issue:
        groups += [(unpaired.kinds, KINDS), (unpaired.against, kinds), (unpaired.when, one)]
    groups += [(rule.kinds, KINDS) for rule in core.taken]
    for words, known in groups:
        for word in words:
            if word not in known:
                raise BadInput(
                    f"unknown word {word!r}", where=where, hint=f"known: {sorted(known)}"
                )
