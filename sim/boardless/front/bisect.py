"""Finds the commit that made a figure worse, between one that is good and a later one.

    found = bisect(Zoo(case, limits, progress, ...), good, bad, say)

git chooses each commit in the middle, by `git rev-list --bisect-all`, which touches neither the
working tree nor any reference. Each is measured once, as the gate measures it, and compared with
the good one; one that cannot be measured is left out.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from boardless.core import paths as places
from boardless.core.errors import BadInput, BoardlessError
from boardless.front import own_models, revisions
from boardless.front.old_tree import Side, Tree
from boardless.judge import figures, growth
from boardless.judge.records import Case, Outcome
from boardless.judge.tolerances import Tolerances
from boardless.path import Progress


class Measured(Protocol):
    """Something that is compared at two commits. `worse` returns a line for each thing that fails;
    `at` raises BoardlessError where a commit cannot be measured."""

    @property
    def paths(self) -> Sequence[str]:
        """Only commits that change one of these are tried; none: all."""

    @property
    def repository(self) -> Path:
        """A folder of the repository."""

    def at(self, commit: str) -> object: ...

    def worse(self, old: object, new: object) -> list[str]: ...


@dataclass(frozen=True)
class Tried:
    """A commit, and what was found there; `lines` are what is worse than in the good commit."""

    commit: str
    state: str  # "good", "bad" or "skipped"
    lines: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """The result: the commits that may be the first bad one, of which there is one unless others
    could not be measured."""

    first: tuple[str, ...]
    tried: tuple[Tried, ...]
    lines: tuple[str, ...]  # what is worse in the first bad commit than before it


@dataclass
class Zoo:
    """A case of the checkout's own zoo: each commit runs its own sources."""

    case: Case
    limits: Tolerances
    progress: Progress
    folder: Path
    fresh: bool = False

    @property
    def paths(self) -> Sequence[str]:
        return "sim", "firmware", "platformio.ini", f"models/zoo/{self.case.name}"

    @property
    def repository(self) -> Path:
        return places.ROOT

    def at(self, commit: str) -> object:
        # The objects of the commit before stay, so that only what has changed is compiled.
        with revisions.checkout(commit) as (_, sources):
            tree = Tree(sources, commit[:12], commit, self.folder / "run", self.folder / "build")
            inputs = figures.inputs(self.case.name)
            if not tree.has(self.case, inputs):
                raise BadInput(f"{self.case.model} is not there", where=commit[:12])
            try:
                found = tree.measure(
                    [self.case],
                    {self.case.name: inputs},
                    threading.Event(),
                    self.progress,
                    fresh=self.fresh,
                )[self.case.names]
            except BaseException:
                tree.end()
                raise
        if isinstance(found, BoardlessError):
            raise found
        return found

    def worse(self, old: object, new: object) -> list[str]:
        assert isinstance(old, Side)
        assert isinstance(new, Side)
        if new.reason and not old.reason:
            return [f"predictions: {new.reason}"]
        limit = self.limits.of(self.case.model, self.case.board.name)
        core = self.case.board.core
        found = growth.compare(old.figures, new.figures, limit, core=core, own_prices=True)
        return [str(finding) for finding in found if finding.fails]


@dataclass
class OwnModel:
    """A .tflite of the user's repository: each commit's file, compiled by this boardless."""

    file: Path
    case: Case
    images: Path | None
    limits: Tolerances
    progress: Progress
    folder: Path

    @property
    def paths(self) -> Sequence[str]:
        return (self.file.name,)

    @property
    def repository(self) -> Path:
        return self.file.resolve().parent

    def at(self, commit: str) -> object:
        file = own_models.at_revision(self.file, commit, self.folder / commit)
        if file is None:
            raise BadInput(f"{self.file.name} is not there", where=commit[:12])
        return own_models.measure(file, self.case, self.images, self.progress)

    def worse(self, old: object, new: object) -> list[str]:
        assert isinstance(old, Outcome)
        assert isinstance(new, Outcome)
        found = own_models.compare(self.case, new, old, "", self.limits)
        return [str(finding) for finding in found.findings if finding.fails]


def bisect(what: Measured, good: str, bad: str, say: Callable[[str], None]) -> Found:
    """Returns the first bad commit between two. BadInput where the second is not later, or is not
    worse; BoardlessError where one of the two cannot be measured."""
    here = what.repository
    first, last = (revisions.resolve(name, here) for name in (good, bad))
    if first == last or revisions.git("merge-base", first, last, cwd=here) != first:
        raise BadInput(f"{bad} does not follow {good}", hint="--good is the older commit")
    baseline = what.at(first)
    at_last = what.at(last)
    lines = tuple(what.worse(baseline, at_last))
    if not lines:
        raise BadInput(f"nothing is worse in {bad} than in {good}", hint="see `boardless gate`")
    tried = [Tried(first, "good"), Tried(last, "bad", lines)]
    before, after = baseline, at_last
    goods, worst, skipped = [first], last, set[str]()
    while middle := _middle(what, worst, goods, skipped):
        commit, left = middle
        say(f"{left} commits left, about {left.bit_length() - 1} steps: {commit[:12]}")
        try:
            now = what.at(commit)
        except BoardlessError as error:
            skipped.add(commit)
            tried.append(Tried(commit, "skipped", (error.what,)))
            continue
        lines = tuple(what.worse(baseline, now))
        tried.append(Tried(commit, "bad" if lines else "good", lines))
        if lines:
            worst, after = commit, now
        else:
            goods.append(commit)
            before = now
    left_out = [c for c in _between(what, worst, goods) if c in skipped]
    # Against the last good one: what came before it is no cause.
    cause = what.worse(before, after) or what.worse(baseline, after)
    return Found((worst, *left_out), tuple(tried), tuple(cause))


def _between(what: Measured, bad: str, goods: Sequence[str], *options: str) -> list[str]:
    """Returns what git lists of the commits that lead to `bad` and to none of `goods`."""
    only = ("--", *what.paths) if what.paths else ()
    listed = revisions.git(
        "rev-list", *options, bad, *(f"^{commit}" for commit in goods), *only, cwd=what.repository
    )
    return [line.split()[0] for line in listed.splitlines()]


def _middle(
    what: Measured, bad: str, goods: Sequence[str], skipped: set[str]
) -> tuple[str, int] | None:
    """Returns (the commit to try next, how many may be the first bad one); None where no other is
    left."""
    # The first of --bisect-all halves what is left best.
    found = _between(what, bad, goods, "--bisect-all")
    left = [commit for commit in found if commit != bad and commit not in skipped]
    return (left[0], len(found)) if left else None


def about(commit: str, folder: Path) -> dict[str, str]:
    """Returns a commit's full hash, its date, author and subject."""
    text = revisions.git("show", "-s", "--format=%H%x00%cI%x00%an%x00%s", commit, cwd=folder)
    return dict(zip(("commit", "date", "author", "subject"), text.split("\0"), strict=True))
