"""Cores: how far off their estimates are, and every rule with its source."""

from __future__ import annotations

from boardless.cycles import calibration, cores
from boardless.cycles.calibration import Error
from boardless.cycles.cores import Core, Rule

from generated.writing import cell, code, table

LISTS = ("cost", "latency", "neighbours", "taken", "pair", "unpaired")


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
    label = f"Instruction set `{core.isa}`, features {', '.join(map(code, core.features))}."
    return f"## {core.name}\n\n{cell(core.description)}. {label}\n\nLabel: {cell(core.status)}.\n\n{rules}"


def _row(rule: Rule) -> list[str]:
    """(instructions, cycles, source)"""
    kinds = getattr(rule, "kinds", ())
    pairs = (("of", "to"), ("first", "then"), ("older", "younger"))
    for first, then in pairs:
        if hasattr(rule, first):
            kinds = (*getattr(rule, first), "then", *getattr(rule, then))
    when = f" (when {', '.join(rule.when)})" if getattr(rule, "when", ()) else ""
    besides = f" beside {', '.join(rule.besides)}" if getattr(rule, "besides", ()) else ""
    cycles = getattr(rule, "cycles", getattr(rule, "missed", getattr(rule, "latency", "")))
    per = f" + {rule.per_register:g} per register" if getattr(rule, "per_register", 0) else ""
    amount = f"{cycles:g}{per}" if cycles != "" else ""
    words = f"queue of {rule.words} words" if hasattr(rule, "words") else ""
    return [cell(" ".join(kinds) + words + besides + when), amount, cell(rule.source)]
