"""The summary of a results file: records for --json, a table for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from boardless.core.errors import BadInput
from boardless.front.sweep.store import Store
from boardless.report import table
from boardless.report.measures import accuracy
from boardless.report.table import number, words

FIGURES = """
SELECT c.*, count(i.picture) AS done,
    avg(i.prediction = i.reference) AS agreement, min(i.bit_exact) AS bit_exact,
    max(i.error) AS max_abs_error, sum(NOT i.ok) AS wrong,
    avg(i.prediction = i.label) AS device, avg(i.reference = i.label) AS by_reference
FROM cases c LEFT JOIN inferences i USING (case_id)
GROUP BY case_id ORDER BY case_id
"""


def records(store: Store, only: Iterable[int] | None = None) -> list[dict[str, Any]]:
    """One per case, of all or of the numbers in `only`, in that order: what `boardless sweep
    --json` writes."""
    rows = {row["case_id"]: row for row in store.rows(FIGURES)}
    return [_record(store, rows[i]) for i in (rows if only is None else only)]


DAMAGE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def shown(store: Store) -> list[dict[str, Any]]:
    """Returns the records of a file from elsewhere, each of which can be shown. BadInput where a
    value is of another type."""
    try:
        found = records(store)
        for record in found:
            _row(record), lines(record)
    except DAMAGE as error:
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise BadInput(
            f"damaged results ({reason})", where=str(store.path), hint="delete the file"
        ) from error
    return found


def _record(store: Store, row: dict[str, Any]) -> dict[str, Any]:
    case_id = row["case_id"]
    failures = store.rows(
        "SELECT first, last, status, reason FROM failures WHERE case_id = ? ORDER BY first",
        (case_id,),
    )
    cycles = _spread(store, case_id, "cycles")
    return {
        "model": row["model"],
        "board": row["board"],
        "dataset": row["dataset"],
        "reference": row["reference"],
        "emulator": {"name": row["emulator"], "version": row["emulator_version"]},
        "toolchain": row["toolchain"],
        "build_id": row["build_id"],
        "pictures": row["done"],
        "asked": max(row["pictures"], row["done"]),
        "origin": row["origin"],
        "ok": _ok(row, failures),
        "agreement": row["agreement"],
        "bit_exact": None if row["bit_exact"] is None else bool(row["bit_exact"]),
        "max_abs_error": None if row["max_abs_error"] is None else float(row["max_abs_error"]),
        "wrong": row["wrong"] or 0,
        "accuracy": accuracy(row["device"], row["by_reference"], row["done"]),
        "instructions": _spread(store, case_id, "instructions"),
        "cycles": {row["cycle_model"].partition(" ")[0]: cycles} if cycles else {},
        "failures": failures,
        "misfit": row["misfit"] or None,
        "notes": row["notes"],
    }


def _ok(row: dict[str, Any], failures: Sequence[Any]) -> bool | None:
    """None where there is nothing to judge, or not all of it."""
    if row["wrong"]:
        return False
    return None if failures or row["misfit"] or row["done"] < row["pictures"] else True


def _spread(store: Store, case_id: int, column: str) -> dict[str, float] | None:
    """min, median (the lower of the two in the middle) and max; None where nothing was counted."""
    values = [
        row[column]
        for row in store.rows(
            f"SELECT {column} FROM inferences WHERE case_id = ? AND {column} IS NOT NULL "
            f"ORDER BY {column}",
            (case_id,),
        )
    ]
    if not values:
        return None
    return {"min": values[0], "median": values[(len(values) - 1) // 2], "max": values[-1]}


HEADINGS = (
    words("model"),
    words("board"),
    words("data set"),
    number("pictures", 1),
    number("agreement", 2),
    number("max error", 5),
    number("accuracy", 3),
    number("instructions", 6),
    number("est. cycles", 4),
    words("verdict"),
)


def show(found: Sequence[dict[str, Any]]) -> None:
    table.show("", HEADINGS, [_row(record) for record in found])
    for record in found:
        for line in lines(record):
            table.line(line)


def lines(record: dict[str, Any]) -> list[str]:
    """Returns the failures of a case, one line per reason."""
    names = f"{record['model']} {record['board']} {record['dataset']}"
    said = []
    if record["wrong"]:
        said.append(f"{names}: {record['wrong']} predictions differ from the reference")
    if record["misfit"]:
        said.append(f"{names}: {record['misfit']}")
    reasons: dict[str, list[str]] = {}
    for failure in record["failures"]:
        span = f"{failure['first']}-{failure['last']}"
        reasons.setdefault(failure["reason"], []).append(span)
    for reason, spans in reasons.items():
        which = f"pictures {', '.join(spans)}: " if record["asked"] else ""
        said.append(f"{names}: {which}{reason}")
    return said


def _row(record: dict[str, Any]) -> tuple[table.Cell, ...]:
    names = (record["model"], record["board"], record["dataset"])
    done, asked = record["pictures"], record["asked"]
    pictures = f"{done:,}" if done == asked else f"{done:,} of {asked:,}"
    verdicts = {True: table.good("ok"), False: table.bad("WRONG")}
    verdict: table.Cell = verdicts.get(record["ok"], "incomplete")
    if record["misfit"]:
        verdict = "does not fit"
    elif record["failures"] and not record["wrong"]:
        verdict = table.bad("FAILED")
    if not done:
        return (*names, pictures, *("" for _ in range(5)), verdict)
    accuracy, spread = record["accuracy"], record["instructions"]
    exact = "bit-exact" if record["bit_exact"] else f"{record['max_abs_error']:.2g}"
    cycles = next(iter(record["cycles"].values()), None)
    return (
        *names,
        pictures,
        f"{record['agreement']:.2%}",
        exact,
        f"{accuracy['device']:.2%}" if accuracy else "?",
        f"{spread['median']:,}" if spread else "?",
        f"{cycles['median']:,.0f}" if cycles else "?",
        verdict,
    )
