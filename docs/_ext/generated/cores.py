"""Cores: how far off their estimates are, and every rule with its source."""

from __future__ import annotations

import msgspec
from boardless.cycles import calibration, cores
from boardless.cycles.calibration import Error
from boardless.cycles.cores import Core, Rule

from generated.writing import cell, code, table

LISTS = ("cost", "latency", "neighbours", "taken", "dual_issue", "single_issue")


def markdown(what: str = "") -> str:
    if what == "rules":
        return "\n".join(_rules(cores.load(name)) for name in cores.names())
    columns = ("core", "what", "#programs", "#mean error", "#worst", "#held out: mean", "#worst")
    rows = [
        [code(name), cell(cores.load(name).description), *errors(calibration.error(name))]
        for name in cores.names()
    ]
    return table(columns, rows)


def errors(error: Error | None) -> list[str]:
    """Five cells: programs, mean, worst; mean and worst of those held out."""
    if error is None:
        return ["0", "not measured", "", "", ""]
    held = error.held_out
    old = ", of an older model" if error.stale else ""
    return [
        str(error.programs),
        f"{error.mean:.1f}\u00a0%{old}",
        f"{error.worst:.1f}\u00a0%",
        f"{held.mean:.1f}\u00a0% of {held.programs}" if held else "",
        f"{held.worst:.1f}\u00a0%" if held else "",
    ]


def _rules(core: Core) -> str:
    rows = [[kind, *_row(rule)] for kind in LISTS for rule in getattr(core, kind)]
    rows += [
        [kind, *_row(rule)]
        for kind in ("fetch", "prediction")
        if (rule := getattr(core, kind)) is not None
    ]
    rules = table(("rule", "of", "#cycles", "source"), rows)
    told = f"Instruction set `{core.isa}`, features {', '.join(map(code, core.features))}."
    label = cell(str(calibration.error(core.name) or core.status))
    parts = (f"## {core.name}", f"{cell(core.description)}. {told}", f"Label: {label}.")
    return "\n\n".join((*parts, rules))


def _row(rule: Rule) -> list[str]:
    """(instructions, cycles, source)"""
    it = msgspec.to_builtins(rule)
    kinds = " ".join(it.get("kinds", ()))
    for first, then in (("of", "to"), ("first", "then"), ("older", "younger")):
        if first in it:
            kinds = " ".join((*it[first], "then", *it[then]))
    kinds += f" with {', '.join(it['against'])}" if it.get("against") else ""
    kinds += f" (when {', '.join(it['when'])})" if it.get("when") else ""
    kinds += f"queue of {it['words']} words" if "words" in it else ""
    cycles = it.get("cycles", it.get("missed", it.get("latency")))
    amount = "" if cycles is None else f"{cycles:g}"
    amount += f" + {it['per_register']:g} per register" if it.get("per_register") else ""
    return [cell(kinds), amount, cell(rule.source)]
