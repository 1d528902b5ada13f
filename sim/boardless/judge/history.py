"""The figures of cases at many commits, and the commits at which they changed: one JSON object a
line, so that branches merge without a conflict where .gitattributes says `merge=union`.

entries = read(Path("history.jsonl"))
steps(entries, 1.0)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from boardless.core import checked, files
from boardless.core.errors import BadInput
from boardless.judge.figures import Count

# Figures that are watched, with their titles. Instructions speak where there are no cycles.
FIGURES = {
    "cycles": "est. cycles",
    "instructions": "instructions",
    "ram": "bytes of RAM",
    "flash": "bytes of flash",
    "accuracy": "accuracy",
}


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One case at one commit. Counts are of one inference; the accuracy is of `of` pictures."""

    commit: str  # at least 12 hex digits
    date: str  # of the commit, as ISO 8601
    model: str
    board: str
    changed: bool = False  # with changes that were not committed
    accepted: bool = False  # a baseline, not a run
    target: str = ""  # core or part of the cycles
    cycles: Count | None = None
    instructions: Count | None = None
    ram: Count | None = None
    flash: Count | None = None
    accuracy: Annotated[float, msgspec.Meta(ge=0, le=1)] | None = None
    of: Count = 0
    layers: dict[str, Count] = {}  # cycles, or instructions where there are none

    @property
    def case(self) -> str:
        return f"{self.model} {self.board}"

    @property
    def key(self) -> tuple[str, ...]:
        kind = "accepted" if self.accepted else ""
        return self.date, self.commit, self.model, self.board, kind


@dataclass(frozen=True)
class Step:
    """A figure that is another from this commit on."""

    entry: Entry
    before: Entry
    figure: str
    old: float
    new: float
    layer: str = ""  # that changed most

    @property
    def worse(self) -> bool:
        return (self.new < self.old) == (self.figure == "accuracy")

    def __str__(self) -> str:
        where = f", most in {self.layer}" if self.layer else ""
        if self.figure == "accuracy":
            change = f"{self.old:.2%} -> {self.new:.2%} of {self.entry.of} pictures"
        else:
            percent = f" ({100 * (self.new - self.old) / self.old:+.1f} %)" if self.old else ""
            change = f"{self.old:,.0f} -> {self.new:,.0f}{percent}"
        return (
            f"{self.entry.case}: {FIGURES[self.figure]} {change}{where}, "
            f"at {self.entry.commit[:12]} of {self.entry.date[:10]}"
        )


def read(path: Path) -> list[Entry]:
    """Returns the entries of a file, none where there is no file; of several for the same commit
    and case the last. BadInput where a line is damaged."""
    if not path.exists():
        return []
    try:
        lines = files.read(path).splitlines()
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(path)) from error
    found: dict[tuple[str, ...], Entry] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = checked.convert(msgspec.json.decode(line), Entry)
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            hint = "a merge that ended in a conflict? Keep the lines of both sides"
            if line[:7] not in (b"<<<<<<<", b"=======", b">>>>>>>"):
                hint = "delete this line, or take the file from git"
            reason = " ".join(str(error).split())[:200]
            raise BadInput(
                f"damaged line ({reason})", where=f"{path}:{number}", hint=hint
            ) from error
        found[entry.key] = entry
    return list(found.values())


def add(path: Path, entries: Iterable[Entry]) -> int:
    """Adds entries to a file, in the order of their dates; one of the same commit and case is
    replaced. Returns how many lines are new or different; BadInput where that cannot be written."""
    before = {entry.key: entry for entry in read(path)}
    after = before | {entry.key: entry for entry in entries}
    lines = [msgspec.json.encode(after[key], order="sorted") + b"\n" for key in sorted(after)]
    try:
        files.write(path, b"".join(lines))
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(path)) from error
    return sum(before.get(key) != entry for key, entry in after.items())


def in_order(entries: Iterable[Entry], places: Mapping[str, int]) -> dict[str, list[Entry]]:
    """Returns the entries of each case, the oldest commit first. `places` are the numbers of
    commits in their history, by their first 12 digits: dates may lie. Others go by their date."""
    cases: dict[str, list[Entry]] = {}
    for entry in sorted(entries, key=lambda e: e.key):
        cases.setdefault(entry.case, []).append(entry)
    for found in cases.values():
        known = sorted(
            (e for e in found if e.commit[:12] in places), key=lambda e: places[e.commit[:12]]
        )
        ordered = iter(known)
        found[:] = [next(ordered) if e.commit[:12] in places else e for e in found]
    return dict(sorted(cases.items()))


def steps(entries: Sequence[Entry], percent: float) -> list[Step]:
    """Returns where figures of one case changed by more than so many percent (accuracy: points)
    since they changed last: many small changes add up to one, too. Accepted figures, which are
    those of the gate's inputs, are compared with each other, and runs with each other."""
    of_runs, accepted = ([e for e in entries if e.accepted is kind] for kind in (False, True))
    found = [*_steps(of_runs, percent), *_steps(accepted, percent)]
    return sorted(found, key=lambda step: entries.index(step.entry))


def _steps(entries: Sequence[Entry], percent: float) -> list[Step]:
    found = []
    for figure in FIGURES:
        level: Entry | None = None
        for entry in entries:
            new = value(entry, figure)
            if new is None:
                continue
            old = None if level is None else value(level, figure)
            if (
                level is None
                or old is None
                or (figure == "cycles" and level.target != entry.target)
            ):
                level = entry
                continue
            allowed = percent / 100 * (1 if figure == "accuracy" else old)
            if abs(new - old) > allowed:
                layer = _layer(level, entry) if figure in ("cycles", "instructions") else ""
                found.append(Step(entry, level, figure, old, new, layer))
                level = entry
    return found


def value(entry: Entry, figure: str) -> float | None:
    """Returns a figure; instructions only where there are no cycles that say it better."""
    if figure == "instructions" and entry.cycles is not None:
        return None
    found: float | None = getattr(entry, figure)
    return found


def _layer(old: Entry, new: Entry) -> str:
    """Returns the layer that changed most, with its change; "" where none did."""
    names = [*new.layers, *(name for name in old.layers if name not in new.layers)]
    changes = {name: new.layers.get(name, 0) - old.layers.get(name, 0) for name in names}
    most = max(changes, key=lambda name: abs(changes[name]), default="")
    return f"{most} ({changes[most]:+,})" if most and changes[most] else ""
