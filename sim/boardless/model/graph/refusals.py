"""All that keeps a model from being run, operator by operator, in one BadInput.

raise refused(graph.name, [Refusal(3, "RFFT2D", "int8 1x4 -> int8 1x4", "no kernel", "...")])
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from boardless.core.errors import BadInput

SHOWN = 20  # kinds of refusals in one line


@dataclass(frozen=True)
class Refusal:
    """One operator that cannot be run: the reason, and what would help."""

    index: int  # in the file
    operator: str
    types: str  # and shapes, such as "int8 1x4x4x4 -> int8 1x2"
    what: str
    hint: str

    def __str__(self) -> str:
        types = "" if self.types in self.what or not self.types else f" ({self.types})"
        return f"{self.what}{types}"


class Refused(BadInput):
    """A model with operators that cannot be run (exit status 2)."""

    refusals: tuple[Refusal, ...] = ()


def refused(name: str, refusals: Sequence[Refusal]) -> Refused:
    """Returns the error about one operator or more of the model `name`; it names all of them."""
    ordered = sorted(refusals, key=lambda refusal: refusal.index)
    kinds = [[*same] for _, same in groupby(_by_kind(ordered), key=_kind)]
    hints = list(dict.fromkeys(refusal.hint for refusal in ordered if refusal.hint))
    if len(ordered) == 1:
        where = f"{name}, operator {ordered[0].index} {ordered[0].operator}"
        error = Refused(str(ordered[0]), where=where, hint=ordered[0].hint)
    else:
        said = [f"{_numbers(same)} {same[0].operator}: {same[0]}" for same in kinds[:SHOWN]]
        if len(kinds) > SHOWN:
            said.append(f"and {len(kinds) - SHOWN} more, see `boardless check`")
        what = f"{len(ordered)} operators cannot be run: {'; '.join(said)}"
        error = Refused(what, where=name, hint="; ".join(hints[:3]))
    error.refusals = tuple(ordered)
    return error


def _kind(refusal: Refusal) -> tuple[str, str, str]:
    return refusal.operator, refusal.types, refusal.what


def _by_kind(refusals: Sequence[Refusal]) -> list[Refusal]:
    """Returns equal kinds side by side, in the order in which each comes first."""
    first: dict[tuple[str, str, str], int] = {}
    for refusal in refusals:
        first.setdefault(_kind(refusal), refusal.index)
    return sorted(refusals, key=lambda refusal: (first[_kind(refusal)], refusal.index))


def _numbers(same: Sequence[Refusal]) -> str:
    numbers = ", ".join(str(refusal.index) for refusal in same)
    return f"operator{'s' if len(same) > 1 else ''} {numbers}"
