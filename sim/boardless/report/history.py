"""The history of cases in reports: entries of a run, a table of changes, and trends of the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from boardless.core.errors import BadInput
from boardless.judge import figures
from boardless.judge import history as judge
from boardless.judge.history import Entry, Step
from boardless.report import table
from boardless.report.page_records import CaseReport, Dot, Report, Trend
from boardless.report.table import number, words

FILE = "history.jsonl"
SHOWN = ("cycles", "ram", "accuracy")  # on the page; instructions where there are no cycles
BARS = "▁▂▃▄▅▆▇█"
MOST = 24  # bars in a line
WIDTH, HEIGHT = 240.0, 48.0  # of a trend, in pixels


def entries(report: Report) -> list[Entry]:
    """Returns an entry for each case of a run that was right. BadInput where its commit is not
    known."""
    if report.revision is None:
        raise BadInput("the run was in no git repository, so it belongs to no commit")
    return [_entry(case, report) for case in report.cases if case.ok]


def _entry(case: CaseReport, report: Report) -> Entry:
    assert report.revision
    cycles, counted = case.values["est_cycles"], case.values["instructions"]
    accuracy = case.values["accuracy"]
    rows = case.layers.rows
    layers = {figures.label({"op": r.op, "index": r.index}): round(r.value) for r in rows}
    return Entry(
        commit=report.revision.commit,
        date=report.revision.date,
        changed=report.revision.changed,
        model=case.model,
        board=case.board,
        target=cycles["target"] if cycles else "",
        cycles=cycles["median"] if cycles else None,
        instructions=counted["median"] if counted else None,
        ram=case.values["ram"],
        flash=case.values["flash"],
        accuracy=accuracy["device"] if accuracy else None,
        of=accuracy["of"] if accuracy else 0,
        layers=layers,
    )


def trends(cases: Mapping[str, Sequence[Entry]]) -> list[Trend]:
    """Returns a line for each figure of each case that has two commits at least."""
    found = []
    for name, of_case in cases.items():
        for figure in judge.FIGURES:
            known = [(e, v) for e in of_case if (v := judge.value(e, figure)) is not None]
            if len(known) > 1 and (figure in SHOWN or figure == "instructions"):
                found.append(_trend(name, figure, known))
    return found


def _trend(case: str, figure: str, known: Sequence[tuple[Entry, float]]) -> Trend:
    low, high = min(v for _, v in known), max(v for _, v in known)
    span = (high - low) or 1.0
    dots = []
    values = [value for _, value in known]
    for k, (entry, value) in enumerate(known):
        if 0 < k < len(known) - 1 and values[k - 1] == value == values[k + 1]:
            continue  # it lies on the line between its neighbours
        x = 4 + k * (WIDTH - 8) / (len(known) - 1)
        y = HEIGHT - 4 - (value - low) / span * (HEIGHT - 8) if high > low else HEIGHT / 2
        dots.append(
            Dot(round(x, 1), round(y, 1), f"{entry.commit[:12]} {entry.date[:10]}: {_text(value)}")
        )
    title = judge.FIGURES[figure]
    return Trend(case, title, _text(values[0]), _text(values[-1]), dots, len(known))


def lines(cases: Mapping[str, Sequence[Entry]], shown: Iterable[tuple[str, str]]) -> list[str]:
    """Returns a line for each figure over commits of the cases that are shown: (model, board)."""
    found = []
    for model, board in shown:
        names = (f"{model} {board}", f"{model.partition(':')[0]} {board}")
        of_case = next((cases[name] for name in names if name in cases), ())
        for figure in (*SHOWN, "instructions"):
            values = [v for e in of_case if (v := judge.value(e, figure)) is not None]
            if len(values) > 1 and (figure != "instructions" or of_case[-1].cycles is None):
                found.append(
                    f"{names[0]}: {judge.FIGURES[figure]} {bars(values[-MOST:])} "
                    f"{_text(values[0])} → {_text(values[-1])} over {len(values)} commits"
                )
    return found


def bars(values: Sequence[float]) -> str:
    """Returns a bar for each value, of eight heights from the least to the largest."""
    low, span = min(values), max(values) - min(values)
    heights = [round((len(BARS) - 1) * (v - low) / span) if span else 0 for v in values]
    return "".join(BARS[height] for height in heights)


def _text(value: float) -> str:
    return f"{value:.2%}" if isinstance(value, float) and value <= 1 else f"{value:,.0f}"


def record(cases: Mapping[str, Sequence[Entry]], steps: Sequence[Step]) -> dict[str, Any]:
    """Returns the JSON."""
    return {
        "entries": [_plain(e) for found in cases.values() for e in found],
        "steps": [
            {
                "model": s.entry.model,
                "board": s.entry.board,
                "commit": s.entry.commit,
                "before": s.before.commit,
                "figure": s.figure,
                "old": s.old,
                "new": s.new,
                "worse": s.worse,
                "layer": s.layer,
                "line": str(s),
            }
            for s in steps
        ],
    }


def _plain(entry: Entry) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in msgspec.structs.asdict(entry)}


def show(cases: Mapping[str, Sequence[Entry]], steps: Sequence[Step]) -> None:
    """Shows the newest figures of each case, and a line for each change."""
    headings = (
        words("model"),
        words("board", 1),
        number("commits", 4),
        words("newest", 3),
        number("est. cycles"),
        number("RAM", 2),
        number("flash", 5),
        number("accuracy", 2),
        number("changes"),
    )
    rows = []
    for name, found in cases.items():
        last = found[-1]
        changes = [s for s in steps if s.entry.case == name]
        rows.append(
            (
                last.model,
                last.board,
                str(len({e.commit for e in found})),
                last.commit[:12] + ("+" if last.changed else ""),
                _n(last.cycles),
                _n(last.ram),
                _n(last.flash),
                "" if last.accuracy is None else f"{last.accuracy:.2%}",
                str(len(changes)),
            )
        )
    table.show("", headings, rows)
    for step in steps:
        table.line(str(step))


def _n(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
