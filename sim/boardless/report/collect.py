"""Collects what the page shows of outcomes, as records: all that costs something, once.

report = collect(outcomes, "boardless sim", judgement)
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from boardless import __version__
from boardless.core import paths, revision
from boardless.device.records import Run
from boardless.judge.figures import Figures, Spent
from boardless.judge.growth import Finding
from boardless.judge.records import Comparison, Judgement, Outcome
from boardless.report import estimates, gate, measures, metrics, record, runs
from boardless.report.column import Mood, Values
from boardless.report.columns import COLUMNS, values
from boardless.report.grid import Sheets
from boardless.report.page_records import (
    VERSION,
    Arena,
    Buffer,
    CaseReport,
    Cause,
    Confusion,
    Gate,
    LayerRow,
    Layers,
    Line,
    MemoryMap,
    Report,
    Revision,
)


def collect(
    outcomes: Sequence[Outcome],
    command: str,
    judgement: Judgement | None = None,
    *,
    notes: Sequence[str] = (),
    repeats: Sequence[str] = (),
    folder: Path = paths.ROOT,
) -> Report:
    """Returns everything that the page shows. `judgement` has what is no outcome, such as a model
    that does not fit; `repeats` are commands that repeat each outcome, where the usual one does
    not; `folder` is in the repository whose commit is named."""
    sheets = Sheets()
    usual = [_command(outcome.run) for outcome in outcomes]
    cases = [
        _case(outcome, command, sheets)
        for outcome, command in zip(outcomes, repeats or usual, strict=True)
    ]
    causes = [_wrong(case) for case in cases if not case.ok]
    for outcome, case in zip(outcomes, cases, strict=True):
        causes += _causes(outcome.comparison, case)
    if judgement:
        causes += [Cause(line, "boardless") for line in judgement.others()]
        notes = [*judgement.skipped(), *notes]
    found = revision.current(folder)
    return Report(
        version=VERSION,
        boardless=__version__,
        command=command,
        made=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        revision=Revision(*found) if found else None,
        ok=not causes,
        counts=runs.tally((case.state for case in cases), judgement),
        causes=causes,
        notes=list(notes),
        cases=cases,
        sheets=sheets.made,
    )


def _wrong(case: CaseReport) -> Cause:
    line = f"{case.model} {case.board}: {case.reason}"
    return Cause(line, f"{case.model} on {case.board}", case.file, case.id)


def _causes(comparison: Comparison | None, case: CaseReport) -> list[Cause]:
    if comparison is None or comparison.ok:
        return []
    lines = [comparison.line(f) for f in comparison.findings if f.fails and f.kind != "wrong"]
    if case.ok:
        lines = [comparison.line(f) for f in comparison.findings if f.fails]
    title = f"{comparison.case.model} on {comparison.case.board.name}"
    return [Cause(x, title, case.file, case.id) for x in lines]


def _case(outcome: Outcome, command: str, sheets: Sheets) -> CaseReport:
    run, verdict, compared = outcome.run, outcome.verdict, outcome.comparison
    board = run.build.board
    return CaseReport(
        id=re.sub(r"[^A-Za-z0-9_.-]", "-", f"{run.build.model}-{board.name}"),
        model=run.build.model,
        board=board.name,
        description=board.description,
        state=runs.state(outcome),
        values=values(outcome),
        ok=verdict.ok,
        reason=verdict.reason,
        origin=run.pictures.origin,
        estimates=_estimates(run),
        basis=run.cycles[0].basis if run.cycles else "",
        measured=record.told_by_device(run),
        gate=_gate(compared) if compared else None,
        file=gate.row(compared)["file"] if compared else "",
        layers=_layers(run, compared),
        memory=MemoryMap(
            **measures.memory(run.build, run.stack_bytes),
            other_bytes=run.build.static_ram_bytes - run.build.arena_bytes,
            flash_total=board.memory.flash_bytes,
            ram_total=board.memory.ram_bytes,
        ),
        arena=_arena(run),
        confusion=_confusion(run),
        grid=sheets.grid(run, verdict),
        tools={
            "compiler": run.build.toolchain,
            "emulator": f"{run.emulator} {run.emulator_version}",
            "build id": run.build.build_id,
            "link": run.link,
        },
        command=command,
        notes=[*run.notes, *metrics.missing(outcome.metrics)],
        metrics=metrics.tables(outcome.metrics),
    )


def _estimates(run: Run) -> list[str]:
    """Returns a line for each target, and one for the board's own clock where no part has one."""
    found, time = [estimates.summary(cycles) for cycles in run.cycles], estimates.time(run)
    if time and not estimates.milliseconds(run.cycles):
        found.append(f"est. {time.milliseconds:.4g} ms {time.note}")
    return found


def _command(run: Run) -> str:
    port = " --port DEVICE" if run.counts.hardware else ""
    board = run.build.board.name
    return f"boardless run {run.build.model} --board {board} --limit {len(run.pictures)}{port}"


def _gate(compared: Comparison) -> Gate:
    lines = [Line(compared.line(finding), _mood(finding)) for finding in compared.findings]
    return Gate(compared.ok, compared.word, lines)


def _mood(finding: Finding) -> Mood:
    return "bad" if finding.fails else "good" if finding.kind == "better" else ""


def _layers(run: Run, compared: Comparison | None) -> Layers:
    """Returns cycles of the first target, or instructions where none could be estimated. Where the
    gate has judged, they are what it has judged: of its own first input, with what was accepted."""
    first = run.cycles[0] if run.cycles else None
    measured = dict(enumerate(run.counts.hardware.layers)) if run.counts.hardware else {}
    counts = run.counts.layers
    now = {x.index: float(counts[x.index]) for x in run.build.layers if counts}
    if first:
        now = {x.index: first.regions.get(x.index, 0.0) for x in run.build.layers}
    target = first.target.name if first else ""
    before: dict[int, float] = {}
    if compared:
        now = _by_layer(compared.new, target) or now
        before = _by_layer(compared.old, target)
    rows = [
        LayerRow(
            x.index,
            x.op,
            x.name,
            x.macs,
            now.get(x.index, 0.0),
            before.get(x.index),
            measured.get(x.index),
        )
        for x in run.build.layers
    ]
    unit = f"estimated cycles, {target}" if first else "instructions"
    return Layers(unit, max([*now.values(), *before.values()], default=0.0), rows)


def _by_layer(figures: Figures | None, target: str) -> dict[int, float]:
    """Returns cycles of `target`, or instructions, by the number of the layer."""
    found: Spent | None = None
    if figures:
        found = figures.cycles.get(target) if target else figures.instructions
    layers = found.layers if found else {}
    return {int(name.rsplit(" ", 1)[1]): float(n) for name, n in layers.items()}


def _confusion(run: Run) -> Confusion | None:
    labels = run.pictures.labels
    if labels is None:
        return None
    n = run.build.output_count
    counts = np.zeros((n, n), np.int64)
    np.add.at(counts, (labels, run.outputs.argmax(axis=1)), 1)
    names = run.pictures.classes or tuple(map(str, range(n)))
    return Confusion(list(names), counts.tolist())


def _arena(run: Run) -> Arena:
    wanted = ("name", "kind", "offset", "size", "first", "last")
    buffers = [Buffer(*(b[key] for key in wanted)) for b in run.build.arena_plan]
    steps = max((b.last for b in buffers), default=0) + 1
    return Arena(run.build.arena_bytes, steps, buffers)


def changes(before: Report, now: Report) -> list[Line]:
    """Returns a line for each case that both reports have and that differs, on equally many
    pictures."""
    old = {case.id: case.values for case in before.cases}
    lines = []
    for case in now.cases:
        was = old.get(case.id)
        if was and was.get("pictures") == case.values["pictures"]:
            found = [*_differences(was, case.values)]
            texts, moods = [text for text, _ in found], [mood for _, mood in found]
            mood: Mood = "bad" if "bad" in moods else "good" if "good" in moods else ""
            if found:
                lines.append(Line(f"{case.model} {case.board}: {', '.join(texts)}", mood, case.id))
    return lines


def _differences(before: Values, now: Values) -> Iterable[tuple[str, Mood]]:
    for column in COLUMNS:
        old, new = before.get(column.name), now.get(column.name)
        was, shown = column.shown(old), column.shown(new)
        if column.steady and was != shown:
            yield (
                f"{column.title} {was or 'unknown'} → {shown or 'unknown'}",
                column.change(old, new),
            )
