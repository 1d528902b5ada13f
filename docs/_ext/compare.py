"""Writes docs/reference/runtimes.md: runtimes, models and cores in one table for each model.

python docs/_ext/compare.py            # nox -s compare: measure what is here, then write
python docs/_ext/compare.py --check    # measure what is here, and fail where the page differs
python docs/_ext/compare.py --runtime tflm:FOLDER --mlperf FOLDER kws

Figures lie in sim/boardless/runtimes/<runtime>/recorded.toml, and the page is made of these files
alone. A run replaces those that it measures: of runtimes that are installed or named, of the zoo's
models, and of those of MLPerf Tiny's that lie in a folder. They are found by their digests.
"""

from __future__ import annotations

import argparse
import datetime
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec
from boardless import __version__
from boardless.core import paths
from boardless.core.errors import BoardlessError
from boardless.core.printable import one_line
from boardless.cycles import calibration, cores
from boardless.front.compare import CompareRow, compare
from boardless.model import mlperf_tiny, zoo
from boardless.report import compare as report
from boardless.report import estimates
from boardless.report.measures import memory
from boardless.runtimes import recorded
from boardless.runtimes.recorded import Figure

PAGE = paths.ROOT / "docs" / "reference" / "runtimes.md"
BOARDS = {  # (core, part whose milliseconds the page has)
    "mps2-an386": ("cortex-m4", "stm32l4r5"),
    "mps3-an547": ("cortex-m55", ""),
    "esp32c3": ("esp32-c3", "esp32-c3"),
    "esp32": ("esp32-lx6", "esp32"),
}
M4 = "mps2-an386"
ZOO = ("digits_cnn", "pico_mobilenet", "nano_mobilenet", "fdmobilenet_025", "mobilenet_v1_025")
SOURCE = "https://github.com/mlcommons/tiny"
COMMIT = "1afd2c9820f795965a6134facd0b4dfae41ef23f"
TRAINED = "benchmark/training"
INSTALLED = ("boardless", "bakenn")  # runtimes that need no checkout
PICTURES = 2  # counts are exact, so two are enough
HEAD = """\
# Runtimes compared

<!-- Written by `nox -s compare`: do not edit. -->

The firmware that each runtime makes of a model, on the same server and the same {pictures}
generated pictures, built by the same compiler with the same flags. Instructions are counted
exactly. Cycles are estimates for the core, with memory that never waits; milliseconds and
millijoules are estimates for {parts}. Flash and RAM are of the whole firmware, in bytes.
boardless leaves out channels that carry no information, of which `vww` has many; the other
runtimes compute them. [](../howto/runtimes.md) says what is compared, and with which references.

Each row says when it was measured. `nox -s compare` measures again what is there, and CI runs
`nox -s compare -- --check`, which fails where a figure differs. A row that CI cannot measure is
marked as recorded: it is of the last run where that model and that runtime were there. MLPerf
Tiny's models are not part of boardless. They lie in [mlcommons/tiny]({source})
(Apache-2.0, commit `{commit}`); `BOARDLESS_MLPERF` names a checkout of it, or any folder that holds
them.

The errors of the estimates:

{errors}
"""


@dataclass(frozen=True)
class Subject:
    """A model of the page."""

    name: str
    digest: str  # SHA-256 of its file
    where: str  # a path in the checkout, or in that of mlcommons/tiny
    about: str
    zoo: bool
    boards: tuple[str, ...] = tuple(BOARDS)

    @property
    def shown(self) -> str:
        """Returns what a reader writes after `boardless compare`."""
        return self.where if self.zoo else f"$BOARDLESS_MLPERF/{self.where}"


MLPERF = tuple(
    Subject(model.short, model.digest, model.where, model.about, zoo=False)
    for model in mlperf_tiny.MODELS.values()
)


def subjects() -> list[Subject]:
    """Returns all models of the page, MLPerf's first. Most of the zoo are on one board alone, which
    keeps the time of a check in bounds."""
    return [*MLPERF, *map(of_zoo, ZOO), *(of_zoo(n, (M4,)) for n in zoo.names() if n not in ZOO)]


def of_zoo(name: str, boards: tuple[str, ...] = tuple(BOARDS)) -> Subject:
    file = f"models/zoo/{name}/int8.tflite"
    about = "of boardless's zoo"
    return Subject(
        name, mlperf_tiny.digest(paths.ROOT / file), file, about, zoo=True, boards=boards
    )


def measure(
    subject: Subject,
    files: dict[str, Path],
    boards: Sequence[str] = tuple(BOARDS),
    runtimes: Sequence[str] = (),
) -> list[Figure]:
    """Returns figures of a model by the runtimes that are named, or else by all that are installed,
    on those of the boards for which the page has it. What cannot be measured because it is not here
    has none; a line says why."""
    file = paths.ROOT / subject.where if subject.zoo else files.get(subject.digest)
    if file is None:
        print(f"{subject.name}: not here, its rows stay", file=sys.stderr)
        return []
    boards = [board for board in boards if board in subject.boards]
    if not boards:
        return []
    named = [BOARDS[board][0] for board in boards]
    parts = [BOARDS[board][1] for board in boards if BOARDS[board][1]]
    found = []
    for row in compare([str(file)], boards, runtimes, limit=PICTURES, cores=named, parts=parts):
        names = f"{subject.name} {row.board} {row.runtime}"
        print(f"{names}: {row.refused}" if row.refused else names, file=sys.stderr)
        if not row.missing:
            found.append(figure(row, subject))
    return found


def figure(row: CompareRow, subject: Subject) -> Figure:
    """Returns what is recorded of a row."""
    about = Figure(
        runtime=row.runtime if "/" not in row.runtime else row.runtime.partition(":")[0],
        version=row.version,
        model=subject.name,
        digest=subject.digest,
        board=row.board,
        date=datetime.datetime.now(datetime.UTC).date().isoformat(),
        boardless=__version__,
    )
    if row.outcome is None:
        return msgspec.structs.replace(about, refused=one_line(row.refused))
    run, pictures = row.outcome.run, len(row.outcome.run.pictures)
    core, part = BOARDS[row.board]
    times, energies = estimates.milliseconds(run.cycles), estimates.millijoules(run.cycles)
    cycles = {each.target.name: round(each.median) for each in run.cycles}
    sizes = memory(run.build, run.stack_bytes)
    return msgspec.structs.replace(
        about,
        compiler=run.build.toolchain,
        pictures=pictures,
        reference=run.build.profile,
        own=report.difference(row.outcome.verdict, pictures),
        common=report.difference(row.common, pictures) if row.common else "?",
        instructions=sorted(run.counts.instructions)[(pictures - 1) // 2],
        core=core,
        cycles=cycles.get(core),
        part=part if part in times else "",
        milliseconds=times.get(part),
        millijoules=energies[part]["inference"] if part in energies else None,
        flash_bytes=sizes["flash_bytes"],
        ram_bytes=sizes["ram_bytes"],
        stack_bytes=run.stack_bytes or None,
        notes=tuple(run.notes),
    )


def page(figures: Iterable[Figure]) -> str:
    """Returns the page of all models, made of what is recorded."""
    figures = [*figures]
    *parts, last = [f"`{part}`" for _, part in BOARDS.values() if part]
    errors = [f"- {core}: {calibration.error(core) or cores.load(core).status}" for core, _ in
              BOARDS.values()]  # fmt: skip
    head = HEAD.format(
        pictures=PICTURES,
        parts=f"{', '.join(parts)} and {last}",
        source=SOURCE,
        commit=COMMIT[:12],
        errors="\n".join(errors),
    )
    lines = head.splitlines()
    for subject in subjects():
        lines += section(subject, [f for f in figures if f.digest == subject.digest])
    return "\n".join(lines) + "\n"


TITLES = {
    "runtime": "---", "version": "---", "its own reference": "---", "litert": "---",
    "instructions": "---:", "est. cycles": "---:", "est. ms": "---:", "est. mJ": "---:",
    "flash": "---:", "RAM": "---:", "stack": "---:", "measured": "---",
}  # fmt: skip


def section(subject: Subject, figures: Sequence[Figure]) -> list[str]:
    """Returns the lines of a model: a table for each board, refusals and remarks, the command."""
    lines = ["", f"## {subject.name}", "", f"{subject.about}, `{subject.where}`,"]
    lines += [f"SHA-256 `{subject.digest[:16]}...`"]
    for board, (core, _) in BOARDS.items():
        rows = [f for f in figures if f.board == board]
        if rows:
            lines += ["", f"On {board} ({core}):", ""]
            lines += [f"| {' | '.join(TITLES)} |", f"| {' | '.join(TITLES.values())} |"]
            lines += [f"| {' | '.join(cells(each, subject.zoo))} |" for each in in_order(rows)]
    remarks = [f"{f.runtime.partition(':')[0]}: {note}" for f in figures for note in f.notes]
    remarks += [f"{f.runtime} on {f.board}: {f.refused}" for f in figures if f.refused]
    if remarks:
        lines += ["", *(f"- {escaped(text)}" for text in dict.fromkeys(remarks))]
    compilers = sorted({f.compiler for f in figures if f.compiler})
    lines += ["", f"Compilers: {', '.join(compilers)}. Repeat it:" if compilers else "Repeat it:"]
    boards = " ".join(f"--board {board}" for board in subject.boards)
    targets = [f"--core {BOARDS[board][0]}" for board in subject.boards]
    targets += [f"--part {BOARDS[board][1]}" for board in subject.boards if BOARDS[board][1]]
    return [
        *lines,
        "",
        "```{code-block} sh",
        ":class: not-run",
        ':caption: "Not run by the tests: takes minutes"',
        f"boardless compare {subject.shown} \\",
        f"  {boards} --limit {PICTURES} \\",
        f"  {' '.join(targets)}",
        "```",
    ]


def in_order(rows: Iterable[Figure]) -> list[Figure]:
    """Returns ours first, then the others from the fastest to the slowest, refusals last."""

    def rank(row: Figure) -> tuple[bool, bool, float, str]:
        return row.runtime != "boardless", bool(row.refused), row.instructions or 0, row.runtime

    return sorted(rows, key=rank)


def cells(row: Figure, zoo: bool) -> list[str]:
    """Returns a row in the order of TITLES. CI has the models of the zoo, and INSTALLED."""
    again = zoo and row.runtime.partition(":")[0] in INSTALLED
    when = row.date if again else f"recorded {row.date}"
    if row.refused:
        figures = ["refused", *[""] * 8]
    else:
        figures = [
            f"{row.reference}: {row.own}",
            row.common,
            f"{row.instructions:,}",
            f"{row.cycles:,}" if row.cycles is not None else "",
            f"{row.milliseconds:,.2f}" if row.milliseconds is not None else "",
            f"{row.millijoules:,.3g}" if row.millijoules is not None else "",
            f"{row.flash_bytes:,}",
            f"{row.ram_bytes:,}",
            f"{row.stack_bytes:,}" if row.stack_bytes else "?",
        ]
    return [escaped(text) for text in (row.runtime, row.version, *figures, when)]


def escaped(text: str) -> str:
    """Returns text that comes from elsewhere so that Markdown shows it as it is."""
    return "".join(f"\\{c}" if c in "\\`*_[]<>|$" else c for c in one_line(text))


def differences(new: Iterable[Figure], old: Iterable[Figure]) -> list[str]:
    """Returns a line for each figure that is not what was recorded. What another compiler has built
    is not compared."""
    known = {each.key: each for each in old}
    lines = []
    for each in new:
        names = f"{each.model} {each.board} {each.runtime}"
        before = known.get(each.key)
        if before is None:
            lines.append(f"{names}: is not recorded")
        elif before.compiler and each.compiler and before.compiler != each.compiler:
            print(f"{names}: not compared, {each.compiler} is not {before.compiler}")
        elif not recorded.same(each, before):
            was, now = msgspec.structs.asdict(before), msgspec.structs.asdict(each)
            changed = [k for k in now if k != "date" and now[k] != was[k]]
            lines += [f"{names}: {k} is {now[k]}, recorded is {was[k]}" for k in changed]
    return lines


def save(new: Iterable[Figure]) -> None:
    """Puts figures in the place of those that are recorded of the same runtimes, models, boards."""
    by_runtime: dict[str, list[Figure]] = {}
    for each in new:
        by_runtime.setdefault(each.runtime.partition(":")[0], []).append(each)
    current = {subject.digest for subject in subjects()}
    for name, figures in by_runtime.items():
        kept = [f for f in recorded.merged(recorded.load(name), figures) if f.digest in current]
        recorded.file(name).write_text(recorded.text(kept), encoding="utf-8")


def main(arguments: Sequence[str]) -> int:
    """Measures and writes, or compares with what is recorded."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("models", nargs="*", help="only these of the page's models")
    parser.add_argument("--board", action="append", choices=BOARDS, help="only these boards")
    parser.add_argument("--runtime", action="append", default=[], help="only these runtimes")
    parser.add_argument("--mlperf", type=Path, help="folder with MLPerf Tiny's models")
    parser.add_argument("--check", action="store_true", help="write nothing, fail on a difference")
    chosen = parser.parse_args(arguments)
    known = {subject.name: subject for subject in subjects()}
    unknown = [name for name in chosen.models if name not in known]
    if unknown:
        parser.error(f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")
    files = mlperf_tiny.find(chosen.mlperf or mlperf_tiny.folder())
    new = []
    for name in chosen.models or known:
        found = measure(known[name], files, chosen.board or tuple(BOARDS), chosen.runtime)
        new += found
        if not chosen.check:
            save(found)
    if chosen.check:
        lines = differences(new, recorded.every())
        if PAGE.read_text(encoding="utf-8") != page(recorded.every()):
            lines.append(f"{PAGE.relative_to(paths.ROOT)} is not what the recorded figures make")
        print("\n".join([*lines, f"run `nox -s compare`: {len(lines)} differ"] if lines else
                        [f"{len(new)} rows measured, all as recorded"]))  # fmt: skip
        return bool(lines)
    PAGE.write_text(page(recorded.every()), encoding="utf-8")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except BoardlessError as error:
        sys.exit(f"compare: {error}")
