"""Results of the judge: one case, and all cases that were judged together.

comparison.lines()   # one per cause
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from boardless import runtimes
from boardless.core.errors import BoardlessError
from boardless.device.records import OURS, Board, Run
from boardless.judge import baseline
from boardless.judge.budgets import Checked
from boardless.judge.figures import Figures
from boardless.judge.growth import Finding
from boardless.judge.metrics import Metrics
from boardless.judge.predictions import Verdict
from boardless.judge.toolchain import Tools
from boardless.model import profiles

NO_BASELINE = "no baseline"


@dataclass(frozen=True)
class Case:
    """One type of one model on one board."""

    name: str
    kind: str
    board: Board
    file: str = ""  # of a model of the user's own, which has no baseline
    reference: str = profiles.DEFAULT  # whose bits it has to give
    runtime: str = OURS
    emulator: str | None = None  # the board's first that is installed

    @property
    def has_baselines(self) -> bool:
        """Returns whether figures of it can be accepted: with the reference that it has where none
        is named."""
        usual = runtimes.load(self.runtime).reference
        return self.reference == usual and baseline.has_place(self.runtime)

    @property
    def place(self) -> str:
        """Returns where its baseline lies, see `baseline.place`."""
        return baseline.place(self.board.name, self.runtime)

    @property
    def model(self) -> str:
        return f"{self.name}:{self.kind}"

    @property
    def names(self) -> str:
        """Names the case as at the start of every line."""
        return f"{self.model} {self.board.name}"


@dataclass(frozen=True)
class Comparison:
    """The figures of a case, and the findings about them."""

    case: Case
    reason: str  # why the outputs are wrong, "" where they are right
    inputs: str
    new: Figures
    after: str  # what a line ends with: how to accept, or against what
    old: Figures | None = None  # None: there is nothing to compare with
    toolchain: Tools | None = None
    version: str = ""  # of a runtime that is not our own
    findings: tuple[Finding, ...] = ()
    comparable: bool = True
    same_inputs: bool = True  # as those of `old`
    accuracy: float | None = None  # on labelled inputs, 0 to 1
    old_accuracy: float | None = None
    old_card: float | None = None  # accuracy that the card of the zoo's model stated before
    accepted: bool = False  # by --update, which accepts all but wrong outputs

    def ratchet(self) -> Comparison:
        """Returns it with what is better as a failure: before it is accepted, it can be lost again
        without a word."""
        found = [replace(f, kept=True) if f.kind == "better" else f for f in self.findings]
        return replace(self, findings=tuple(found))

    def accept(self) -> Comparison:
        """Returns it after --update, which leaves none without a baseline."""
        found = [f for f in self.findings if f.kind != "skipped" or NO_BASELINE not in f.text]
        return replace(self, accepted=True, after="accepted", findings=tuple(found))

    @property
    def ok(self) -> bool:
        bad = [finding.kind for finding in self.findings if finding.fails]
        return "wrong" not in bad if self.accepted else not bad

    @property
    def word(self) -> str:
        """The verdict in a word or two."""
        kinds = [finding.kind for finding in self.findings]
        if "wrong" in kinds:
            return "WRONG"
        if self.accepted:
            return "accepted"
        if self.old is None:
            return "not compared" if self.ok else "no baseline"
        bad = [f.kind for f in self.findings if f.fails and not f.kept]
        if bad and (self.comparable or {*bad} != {"missing"}):
            return "changed" if "changed" in kinds else f"{len(bad)} worse"
        if not self.comparable:
            return "not comparable"
        return "better" if "better" in kinds else "ok"

    @property
    def changed(self) -> int | None:
        """The number of inputs with another top-1 class than in `old`; None: not compared."""
        before, now = self.old.top_1.split() if self.old else [], self.new.top_1.split()
        if not self.same_inputs or len(before) != len(now):
            return None
        return sum(a != b for a, b in zip(before, now, strict=True))

    def lines(self) -> list[str]:
        """Returns one line per cause, without those that were skipped."""
        return [self.line(f) for f in self.findings if f.kind != "skipped"]

    def line(self, finding: Finding) -> str:
        said = f"{self.case.names}{' ' if finding.place else ': '}{finding}"
        # Wrong outputs cannot be accepted, and what was not compared need not be.
        return said if finding.kind in ("wrong", "skipped") else f"{said}; {self.after}"


@dataclass(frozen=True)
class Misfit:
    """A case whose board is too small; that fails only where it has fitted before."""

    case: Case
    what: str  # with the bytes that are missing
    fitted: bool
    after: str = ""  # what its line ends with where it has fitted; "": how to accept

    @property
    def line(self) -> str:
        if not self.fitted or self.case.file:
            return f"{self.case.board.name}: {self.what}"
        how = f"accept: {baseline.accept(self.case.name, self.case.place)}"
        return f"{self.case.names}: {self.what}, but it did fit; {self.after or how}"


@dataclass(frozen=True)
class Failure:
    """A case that could not be measured though it fits: a tool failed, or the device crashed."""

    case: Case
    error: BoardlessError

    @property
    def exit_status(self) -> int:
        return self.error.exit_status

    @property
    def line(self) -> str:
        return f"{self.case.names}: {' '.join(str(self.error).split())}"


@dataclass(frozen=True)
class Outcome:
    """A case that was measured: outputs against the reference, figures against a baseline."""

    run: Run
    verdict: Verdict
    comparison: Comparison | None = None
    stored: bool = False  # nothing that it depends on has changed, so it was not measured again
    metrics: Metrics | None = None  # that were asked for
    budgets: tuple[Checked, ...] = ()  # that were set

    @property
    def ok(self) -> bool:
        """Returns whether the outputs are right and no budget is exceeded."""
        return self.verdict.ok and not any(budget.exceeded for budget in self.budgets)


@dataclass(frozen=True)
class Judgement:
    """All rows; lines on baselines that belong to nothing; notes that fail nothing."""

    rows: tuple[Comparison, ...]
    unused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    misfits: tuple[Misfit, ...] = ()
    failures: tuple[Failure, ...] = ()

    @property
    def ok(self) -> bool:
        grown = any(misfit.fitted for misfit in self.misfits)
        return not (self.unused or grown or self.failures) and all(row.ok for row in self.rows)

    @property
    def exit_status(self) -> int:
        """The exit status of the process: 0, 1, or that of a failure."""
        return max([f.exit_status for f in self.failures], default=0 if self.ok else 1)

    def lines(self) -> list[str]:
        return [line for row in self.rows for line in row.lines()] + self.others()

    def failing(self) -> list[str]:
        """Lines of `lines` that fail."""
        rows = [r.line(f) for r in self.rows if not r.ok for f in r.findings if f.fails]
        return rows + self.others()

    def others(self) -> list[str]:
        """Returns the lines of failures that belong to no row."""
        fitted = [misfit.line for misfit in self.misfits if misfit.fitted]
        return [*(failure.line for failure in self.failures), *fitted, *self.unused]

    def skipped(self) -> list[str]:
        """Returns what was not compared: each reason once, with the cases it concerns."""
        reasons: dict[str, list[Case]] = {}
        for row in self.rows:
            for finding in row.findings:
                if finding.kind == "skipped":
                    reasons.setdefault(str(finding), []).append(row.case)
        lines = []
        for reason, concerned in reasons.items():
            names = []
            for board in dict.fromkeys(case.board.name for case in concerned):
                some = [case.names for case in concerned if case.board.name == board]
                all_of_board = [r for r in self.rows if r.case.board.name == board]
                names += [board] if len(some) == len(all_of_board) else some
            everyone = len(concerned) == len(self.rows)
            lines.append(reason if everyone else f"{', '.join(names)}: {reason}")
        return [*lines, *self._small(), *self.notes]

    def _small(self) -> list[str]:
        """Returns a line for each board into which something does not fit, and never did."""
        boards: dict[str, list[Misfit]] = {}
        for misfit in self.misfits:
            if not misfit.fitted:
                boards.setdefault(misfit.case.board.name, []).append(misfit)
        return [
            misfits[0].line if len(misfits) == 1 else _several(misfits)
            for misfits in boards.values()
        ]


def _several(misfits: Sequence[Misfit]) -> str:
    """Returns the line of several misfits of one board, which names the board once."""
    common = " does not fit: "
    parted = [misfit.what.partition(common) for misfit in misfits]
    texts = [f"{name} ({why})" if why else name for name, _, why in parted]
    return f"{misfits[0].case.board.name}: {len(misfits)} do not fit: {', '.join(texts)}"
