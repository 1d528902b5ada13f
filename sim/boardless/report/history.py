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
RECENT = 10  # commits of an accepted figure that a page draws: 50 cases have to stay below 1 MB
WIDTH, HEIGHT = 240, 48  # of a trend, in pixels
NAMED = 0.01  # a figure has changed by this part since the last dot that says its commit


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
    """Returns a line for each figure of each case that has two commits at least. Of accepted
    figures, of which a checkout has many, those that have changed at the last few commits."""
    found = []
    for name, of_case in cases.items():
        drawn = _drawn(of_case)
        accepted = any(entry.accepted for entry in drawn)
        drawn = drawn[-RECENT:] if accepted else drawn
        for figure in judge.FIGURES:
            known = [(e, v) for e in drawn if (v := judge.value(e, figure)) is not None]
            steady = accepted and _is_steady(figure, [v for _, v in known])
            if len(known) > 1 and not steady and (figure in SHOWN or figure == "instructions"):
                found.append(_trend(name, figure, known))
    return found


def _drawn(of_case: Sequence[Entry]) -> Sequence[Entry]:
    """Returns the entries of a case that make a line: its runs, or, where they are of less than two
    commits, what was accepted. Both have figures of their own inputs."""
    accepted, runs = ([e for e in of_case if e.accepted is kind] for kind in (True, False))
    return accepted if len(accepted) > 1 and len({e.commit for e in runs}) < 2 else runs


def _is_steady(figure: str, values: Sequence[float]) -> bool:
    """Returns whether values differ by a part of NAMED at most; an accuracy may not differ."""
    allowed = 0.0 if figure == "accuracy" else NAMED * min(values, default=0.0)
    return max(values, default=0.0) - min(values, default=0.0) <= allowed


def _title(entries: Sequence[Entry], figure: str) -> str:
    return judge.FIGURES[figure] + (", accepted" if entries[0].accepted else "")


def _trend(case: str, figure: str, known: Sequence[tuple[Entry, float]]) -> Trend:
    low, high = min(v for _, v in known), max(v for _, v in known)
    span = (high - low) or 1.0
    dots = []
    values = [value for _, value in known]
    middle = round(HEIGHT / 2)
    heights = [
        round(HEIGHT - 4 - (value - low) / span * (HEIGHT - 8)) if high > low else middle
        for value in values
    ]
    named = values[0]
    for k, (entry, value) in enumerate(known):
        end = k in (0, len(known) - 1)
        if not end and heights[k - 1] == heights[k] == heights[k + 1]:
            continue  # it lies on the line between its neighbours
        text = ""
        if end or abs(value - named) > NAMED * abs(named):
            named, text = value, f"{entry.commit[:12]} {entry.date[:10]}: {_text(value)}"
        x = round(4 + k * (WIDTH - 8) / (len(known) - 1))
        dots.append(Dot(x, heights[k], text))
    title = _title([entry for entry, _ in known], figure)
    return Trend(case, title, _text(values[0]), _text(values[-1]), dots, len(known))


def lines(cases: Mapping[str, Sequence[Entry]], shown: Iterable[tuple[str, str]]) -> list[str]:
    """Returns a line for each figure over commits of the cases that are shown: (model, board). Of
    accepted figures, as of `trends`, those that have changed."""
    found = []
    for model, board in shown:
        names = (f"{model} {board}", f"{model.partition(':')[0]} {board}")
        of_case = _drawn(next((cases[name] for name in names if name in cases), ()))
        for figure in (*SHOWN, "instructions"):
            values = [v for e in of_case if (v := judge.value(e, figure)) is not None]
            steady = bool(values) and of_case[0].accepted and _is_steady(figure, values)
            if (
                len(values) > 1
                and not steady
                and (figure != "instructions" or of_case[-1].cycles is None)
            ):
                found.append(
                    f"{names[0]}: {_title(of_case, figure)} {bars(values[-MOST:])} "
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
        table.note(str(step))


def _n(value: int | None) -> str:
    return "" if value is None else f"{value:,}"
