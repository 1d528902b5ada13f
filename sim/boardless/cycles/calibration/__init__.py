"""Errors of a core's estimates: the model compared with cycles that were measured on boards.

error = calibration.error("cortex-m4", None)   # None if nothing was measured
print(error)                                   # +-3.1 % mean, 9.2 % worst of 19 programs

`boardless calibrate` computes the figures and writes results/; nobody types them in.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec

from boardless.core import checked, files
from boardless.core.errors import BadInput
from boardless.cycles.calibration import digest as digests

FOLDER = Path(__file__).with_name("results")
TOO_FAR = 10.0  # percent: a core whose mean error is above it is shown as bad


class ProgramRow(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One program of a suite."""

    suite: str
    program: str
    measured: float  # cycles
    estimated: float
    held_out: bool
    board: str = ""  # of a user's, measured with `boardless calibrate --port`; else published

    @property
    def error_percent(self) -> float:
        """Above 0: estimated too long."""
        return 100.0 * (self.estimated / self.measured - 1.0)


class ProgramResult(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A file in results/. `digests`: by suite, of the model that made its rows."""

    core: str
    part: str | None = None
    digests: dict[str, str] = {}
    compilers: dict[str, str] = {}  # by suite, what the programs were built with
    counts: dict[str, str] = {}  # by suite, the digest of the recorded counts that were priced
    row: tuple[ProgramRow, ...] = ()


@dataclass(frozen=True)
class Summary:
    """Absolute errors of some programs, in percent."""

    programs: int
    mean: float
    median: float
    worst: float
    worst_program: str

    def basis(self, what: str) -> str:
        """`what` is one of the programs."""
        several = "" if self.programs == 1 else "s"
        of = f"{self.programs} {what}{several}"
        return f"±{self.mean:.1f} % mean, {self.worst:.1f} % worst of {of}"


@dataclass(frozen=True)
class Error:
    """The known error of the estimates for a core, or for a core in a part."""

    total: Summary  # of published programs; of your own boards' where there are no others
    suites: tuple[str, ...]
    held_out: Summary | None  # the programs that no number was chosen by
    stale: bool  # the model has changed since: run `boardless calibrate` again
    published: bool = True
    boards: tuple[tuple[str, Summary], ...] = ()  # by board of your own

    @property
    def mean(self) -> float:
        return self.total.mean

    @property
    def worst(self) -> float:
        return self.total.worst

    @property
    def programs(self) -> int:
        return self.total.programs

    @property
    def headline(self) -> str:
        """Returns the error of the programs that no number was chosen by, where there are any."""
        if self.held_out:
            return self.held_out.basis("held-out program")
        return self.total.basis("program")

    def __str__(self) -> str:
        texts = [self.headline] if self.published else []
        texts += [f"{own.basis('model')} against your board {name}" for name, own in self.boards]
        return "; ".join(texts) + (", of an older model" if self.stale else "")


def error(core: str, part: str | None = None, folder: Path | None = None) -> Error | None:
    """None: never measured, so a figure is an estimate without board data."""
    result = load(core, part, folder)
    if not result.row:
        return None
    published = [r for r in result.row if not r.board]
    own: dict[str, list[ProgramRow]] = {}
    for row in result.row:
        own.setdefault(row.board, []).append(row)
    total = published or result.row
    held = [r for r in total if r.held_out]
    now = digests.digest(core, part)
    return Error(
        summary(total),
        tuple(dict.fromkeys(r.suite for r in result.row)),
        summary(held) if held else None,
        any(d != now for d in result.digests.values()),
        bool(published),
        tuple((board, summary(rows)) for board, rows in own.items() if board),
    )


def targets(folder: Path | None = None) -> list[tuple[str, str | None]]:
    """Returns every core, and every part of a core, that programs were measured on."""
    found = [
        checked.file(path, ProgramResult) for path in sorted((folder or FOLDER).glob("*.toml"))
    ]
    return [(result.core, result.part) for result in found if result.row]


def summary(rows: Sequence[ProgramRow]) -> Summary:
    """Returns the errors of at least one row."""
    worst = max(rows, key=lambda r: abs(r.error_percent))
    errors = [abs(r.error_percent) for r in rows]
    return Summary(
        len(rows),
        statistics.fmean(errors),
        statistics.median(errors),
        abs(worst.error_percent),
        worst.program,
    )


def path(core: str, part: str | None, folder: Path | None = None) -> Path:
    return (folder or FOLDER) / (f"{core}-{part}.toml" if part else f"{core}.toml")


def load(core: str, part: str | None, folder: Path | None = None) -> ProgramResult:
    """Empty where there is no file yet."""
    file = path(core, part, folder)
    if not file.is_file():
        return ProgramResult(core, part)
    return checked.file(file, ProgramResult, "run `boardless calibrate` again")


def save(
    result: ProgramResult,
    suite: str,
    digest: str,
    compiler: str,
    rows: Sequence[ProgramRow],
    folder: Path | None = None,
    counts: str = "",
) -> Path:
    """Puts a suite's rows in the place of those it had; `counts` is the digest of what was
    recorded."""
    kept = [r for r in result.row if r.suite != suite]
    file = path(result.core, result.part, folder)
    text = _text(
        ProgramResult(
            result.core,
            result.part,
            dict(sorted((result.digests | {suite: digest}).items())),
            dict(sorted((result.compilers | {suite: compiler}).items())),
            dict(sorted((result.counts | ({suite: counts} if counts else {})).items())),
            tuple(sorted([*kept, *rows], key=lambda r: (r.suite, r.program))),
        )
    )
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write(file, text.encode())
    except OSError as problem:
        raise BadInput(f"cannot write ({problem.strerror})", where=str(file)) from problem
    return file


def _text(result: ProgramResult) -> str:
    """TOML, one line per key, so that a change reads well."""
    lines = ["# Written by `boardless calibrate`; do not edit.", f'core = "{result.core}"']
    lines += [f'part = "{result.part}"'] if result.part else []
    tables = (("digests", result.digests), ("compilers", result.compilers))
    for name, table in (*tables, *([("counts", result.counts)] if result.counts else [])):
        lines += ["", f"[{name}]", *(f'{key} = "{value}"' for key, value in table.items())]
    for r in result.row:
        lines += ["", "[[row]]", f'suite = "{r.suite}"', f'program = "{r.program}"']
        lines += [f"measured = {r.measured:.1f}", f"estimated = {r.estimated:.1f}"]
        lines += [f"held_out = {'true' if r.held_out else 'false'}"]
        lines += [f'board = "{r.board}"'] if r.board else []
    return "\n".join(lines) + "\n"
