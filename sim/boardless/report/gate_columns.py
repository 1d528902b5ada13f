"""The columns of the gate's report, on a terminal and in Markdown; see columns.py.

column.show(COLUMNS, [values(row)])    # row: of the rows of `boardless gate --json`
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from boardless.report.column import Column, Values, percent
from boardless.report.measures import FEW, accuracy_text

ARROW = " → "
SAME, RIGHT = "same", "right"  # predictions
GateRow = dict[str, Any]  # as gate.row() makes it


def values(row: GateRow) -> Values:
    """Returns the value of each column, by its name."""
    return {column.name: column.value(row) for column in COLUMNS}


def is_changed(values: Values) -> bool:
    """Returns whether predictions or any figure are others than before."""
    figures = any(isinstance(v, dict) and "old" in v and _differ(v) for v in values.values())
    return figures or values["predictions"] not in (SAME, RIGHT)


def _differ(value: dict[str, Any]) -> bool:
    return value["old"] is not None and value["old"] != value["new"]


def _figures(find: Callable[[GateRow], int | None]) -> Callable[[GateRow], dict[str, Any] | None]:
    """Returns the value of a column: what `find` finds in the figures before and now."""

    def value(row: GateRow) -> dict[str, Any] | None:
        new, old = find(row["figures"]), row["baseline"] and find(row["baseline"])
        return None if new is None else {"old": old, "new": new}

    return value


def _cycles(row: GateRow) -> dict[str, Any] | None:
    # A run that has no cycles has no such key, nor has a baseline from before there were any.
    core = next(iter(sorted(row["figures"].get("cycles", {}))), "")
    return _figures(lambda figures: _whole(figures.get("cycles", {}).get(core)))(row)


def _whole(spent: dict[str, Any] | None) -> int | None:
    return spent["whole"] if spent else None


def _accuracy(row: GateRow) -> dict[str, Any] | None:
    found = row.get("accuracy")
    return found and {"old": found["before"], "new": found["now"], "of": found["of"]}


def _card(row: GateRow) -> dict[str, Any] | None:
    found = row.get("card_accuracy")  # older files have no such key
    return found and {"old": found["before"], "new": found["now"]}


def _predictions(row: GateRow) -> str:
    kinds = [finding["kind"] for finding in row["findings"]]
    if "wrong" in kinds:
        return "wrong"
    if row["baseline"] is None:
        return RIGHT
    found = row.get("predictions", {"changed": 0})  # older files have no such key
    if found is None:
        return "other inputs"
    if found["changed"]:
        return f"{found['changed']} of {found['of']} changed"
    # A model that was trained again may have other outputs of which no class changed.
    old, new = row["baseline"], row["figures"]
    another = old.get("model") != new.get("model") and old.get("outputs") != new.get("outputs")
    of_outputs = {"kind": "changed", "place": "predictions"}
    changed = any(of_outputs.items() <= finding.items() for finding in row["findings"])
    return "outputs changed" if another or changed else SAME


def _change(value: dict[str, Any]) -> str:
    """Returns the value now, and by how much it changed."""
    old, new = value["old"], value["new"]
    return f"{new:,} ({new - old:+,})" if _differ(value) else f"{new:,}"


def _before_and_now(value: dict[str, Any]) -> str:
    old, new = value["old"], value["new"]
    if not _differ(value):
        return f"{new:,}"
    growth = f" ({100 * (new - old) / old:+.1f} %)" if old else ""
    return f"{old:,}{ARROW}{new:,}{growth}"


def _accuracy_text(value: dict[str, Any]) -> str:
    text = _pictures(value["new"], value["of"])
    return f"{text} ({_points(value)})" if _differ(value) else text


def _accuracy_before_and_now(value: dict[str, Any]) -> str:
    old, new, of = value["old"], value["new"], value["of"]
    if not _differ(value):
        return _pictures(new, of)
    points = f" ({_points(value)} points)" if of >= FEW else ""  # of few they say too much
    return f"{_pictures(old, of)}{ARROW}{_pictures(new, of)}{points}"


def _card_text(value: dict[str, Any]) -> str:
    text = percent(value["new"])
    return f"{text} ({_points(value)})" if _differ(value) else text


def _card_before_and_now(value: dict[str, Any]) -> str:
    if not _differ(value):
        return percent(value["new"])
    return f"{percent(value['old'])}{ARROW}{percent(value['new'])} ({_points(value)} points)"


def _pictures(accuracy: float, of: int) -> str:
    return accuracy_text(round(accuracy * of), of)


def _points(value: dict[str, Any]) -> str:
    return f"{100 * (value['new'] - value['old']):+.2f}"


def _size(
    name: str, title: str, about: str, rank: int, value: Callable[[GateRow], dict[str, Any] | None]
) -> Column[GateRow]:
    """Returns a column of a figure that should not grow."""
    return Column(
        name,
        title,
        about,
        value,
        rank=rank,
        text=_change,
        markdown=_before_and_now,
        mood=lambda v: "good" if _differ(v) and v["new"] < v["old"] else "",
        order=lambda v: v["new"],
    )


def _memory(key: str) -> Callable[[GateRow], dict[str, Any] | None]:
    return _figures(lambda figures: figures["memory"][key])


COLUMNS: tuple[Column[GateRow], ...] = (
    Column("model", "model", "name and type", lambda row: row["model"], number=False),
    Column("board", "board", "one of `boardless boards`", lambda row: row["board"], number=False),
    Column(
        "predictions",
        "predictions",
        "of the gate's inputs: `same`, or how many have another top-1 class than before; `right` "
        "where there is nothing to compare with",
        _predictions,
        rank=3,
        number=False,
    ),
    Column(
        "accuracy",
        "accuracy",
        "on labelled pictures, and its change in points of percent",
        _accuracy,
        rank=4,
        text=_accuracy_text,
        markdown=_accuracy_before_and_now,
        mood=lambda v: "good" if _differ(v) and v["new"] > v["old"] else "",
        order=lambda v: v["new"],
        optional=True,
    ),
    Column(
        "card_accuracy",
        "card accuracy",
        "of the zoo's model on all held-out pictures, as its card states, and its change in points "
        "of percent",
        _card,
        rank=6,
        text=_card_text,
        markdown=_card_before_and_now,
        mood=lambda v: "good" if _differ(v) and v["new"] > v["old"] else "",
        order=lambda v: v["new"],
        optional=True,
    ),
    _size("est_cycles", "est. cycles", "of the first input on the board's core", 1, _cycles),
    _size(
        "instructions",
        "instructions",
        "of the first input",
        5,
        _figures(lambda figures: _whole(figures.get("instructions"))),
    ),
    _size("arena", "arena", "bytes of activations", 4, _memory("arena_bytes")),
    _size(
        "ram",
        "RAM",
        "bytes of static RAM and stack",
        2,
        _figures(lambda f: f["memory"]["static_ram_bytes"] + f["memory"]["stack_bytes"]),
    ),
    _size("flash", "flash", "bytes", 3, _memory("flash_bytes")),
    _size("stack", "stack", "bytes", 8, _memory("stack_bytes")),
    _size("static_ram", "static RAM", "bytes, arena included", 9, _memory("static_ram_bytes")),
    Column(
        "gate",
        "gate",
        "the verdict",
        lambda row: {"verdict": row["verdict"], "ok": row["ok"]},
        number=False,
        text=lambda v: v["verdict"],
        mood=lambda v: "good" if v["ok"] else "bad",
        order=lambda v: v["verdict"],
    ),
)
