"""The output of `boardless fit`: a table, JSON, and a picture of the zoo on one board."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boardless.core.errors import BadInput
from boardless.judge import fits as judge
from boardless.judge.budgets import NO_BUDGETS, Budgets
from boardless.judge.fits import Fit
from boardless.report import record as records
from boardless.report import table
from boardless.report.column import percent
from boardless.report.table import number, sentences, words

COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00")  # Okabe and Ito


def row(fit: Fit, budgets: Budgets = NO_BUDGETS, *, best: bool | None = None) -> dict[str, Any]:
    """Returns the JSON of a model on a place; `best` is None where models are not compared."""
    return {
        "model": fit.model,
        "place": fit.place,
        "kind": fit.kind,
        "core": fit.core,
        "ok": fit.ok(budgets),
        "fits": fit.fits,
        "missing": {f"{name.lower()}_bytes": n for name, n in fit.missing.items()},
        "flash_bytes": fit.flash,
        "ram_bytes": fit.ram,
        "has_flash_bytes": fit.has_flash or None,
        "has_ram_bytes": fit.has_ram or None,
        "cycles": fit.cycles,
        "clock_hz": fit.clock_hz,
        "milliseconds": fit.milliseconds,
        "millijoules": fit.millijoules,
        "basis": fit.basis,
        "how": fit.how,
        "why": fit.why,
        "accuracy": fit.accuracy,
        "data_set": fit.dataset,
        "best": best,
        "budgets": records.budgets(fit.checked(budgets)),
    }


def record(rows: Sequence[Fit], budgets: Budgets, *, zoo: bool) -> dict[str, Any]:
    """Returns the JSON; `zoo`: the rows are the models of the zoo, which are compared."""
    chosen = judge.best(rows) if zoo else []
    return {
        "max_flash": budgets.flash,
        "max_ram": budgets.ram,
        "max_ms": budgets.ms,
        "rows": [row(f, budgets, best=f in chosen if zoo else None) for f in rows],
    }


def show_places(rows: Sequence[Fit], budgets: Budgets) -> None:
    """Shows one model on several places."""
    energy = [number("est. mJ", 4)] if any(f.millijoules for f in rows) else []
    headings = (
        words("place"),
        words("kind", 4),
        words("core", 5),
        number("flash", 3),
        number("RAM", 2),
        number("est. cycles", 6),
        number("est. ms", 1),
        *energy,
        sentences("fits"),
    )
    cells = [
        (
            *(f.place, f.kind, f.core, _n(f.flash), _n(f.ram), _n(f.cycles), _ms(f)),
            *([_mj(f)] if energy else []),
            _word(f, budgets),
        )
        for f in rows
    ]
    table.show(rows[0].model if rows else "", headings, cells)
    _exceeded(rows, budgets)
    _remarks(rows)


def show_zoo(rows: Sequence[Fit], budgets: Budgets) -> None:
    """Shows the models of the zoo on one place or several."""
    chosen = judge.best(rows)
    several = len({f.place for f in rows}) > 1
    headings = (
        words("model"),
        *([words("place")] if several else []),
        words("data set", 5),
        number("accuracy", 1),
        number("flash", 4),
        number("RAM", 2),
        number("est. cycles", 6),
        number("est. ms", 3),
        words("best"),
        sentences("fits"),
    )
    cells = [
        (
            f.model,
            *([f.place] if several else []),
            f.dataset,
            "" if f.accuracy is None else percent(f.accuracy),
            _n(f.flash),
            _n(f.ram),
            _n(f.cycles),
            _ms(f),
            table.good("*") if f in chosen else "",
            _word(f, budgets),
        )
        for f in rows
    ]
    table.show("", headings, cells)
    table.note(
        "*: no other model of this data set is at least as accurate, as fast and as small: start "
        "from one of these"
    )
    _exceeded(rows, budgets)
    _remarks(rows)


def closing(rows: Sequence[Fit], budgets: Budgets) -> str:
    """Returns the last line: how many rows are in each state."""
    states = [f.ok(budgets) for f in rows]
    only_time = budgets == Budgets(ms=budgets.ms)
    fit = "fit" if not budgets else "fit in time" if only_time else "fit into the budgets"
    counts = (
        (sum(s is True for s in states), fit),
        (sum(s is False for s in states), "do not"),
        (sum(s is None for s in states), "not known"),
    )
    many = "row" if len(rows) == 1 else "rows"
    return f"{len(rows)} {many}: " + ", ".join(f"{n} {name}" for n, name in counts)


def _exceeded(rows: Sequence[Fit], budgets: Budgets) -> None:
    """Says of each budget that is exceeded by how much, and which layer to look at."""
    for fit in rows:
        for checked in fit.checked(budgets):
            if checked.exceeded:
                table.note(f"{fit.model} {fit.place}: {checked.sentence}")


def _remarks(rows: Sequence[Fit]) -> None:
    emulated = sorted({f.how.rpartition(" ")[2] for f in rows if " on " in f.how})
    if emulated:
        table.note(
            f"emulated: {', '.join(emulated)}, one inference of noise each; bytes of other boards "
            "are the linker's, those of parts are of the emulated board of their core"
        )
    table.note(
        "RAM: static RAM and the stack, for a board the one that it reserves, for a part the "
        "deepest that was measured"
    )
    bases = dict.fromkeys(f.basis for f in rows if f.basis)
    if len(bases) == 1:
        table.note(f"est. cycles: {next(iter(bases))}")
    elif bases:
        table.note("est. cycles: the error of each estimate is in --json, as `basis`")


def _n(value: int | None) -> str:
    return "" if value is None else f"{value:,}"


def _ms(fit: Fit) -> str:
    return "" if fit.milliseconds is None else f"{fit.milliseconds:,.4g}"


def _mj(fit: Fit) -> str:
    return "" if fit.millijoules is None else f"{fit.millijoules:,.4g}"


def _word(fit: Fit, budgets: Budgets) -> table.Cell:
    word, ok = fit.word(budgets), fit.ok(budgets)
    return word if ok is None else table.good(word) if ok else table.bad(word)


def draw(rows: Sequence[Fit], path: Path) -> None:
    """Draws accuracy against time and against RAM, a colour for each data set, with a line through
    the best; BadInput where the file cannot be written or its ending is unknown."""
    import matplotlib  # here, because it takes longer to import than all the rest

    matplotlib.use("agg")
    from matplotlib import pyplot as plot

    shown = [f for f in rows if f.fits and f.accuracy is not None]
    clocked = any(f.milliseconds is not None for f in shown)
    several = len({f.place for f in shown}) > 1

    def group(fit: Fit) -> str:
        return f"{fit.dataset}, {fit.place}" if several else fit.dataset

    sets = sorted({group(f) for f in shown})
    with matplotlib.rc_context({"svg.hashsalt": "boardless", "svg.fonttype": "none"}):
        figure, panels = plot.subplots(1, 2, figsize=(11, 5), layout="constrained", sharey=True)
        time = "estimated ms" if clocked else "estimated cycles"
        for axes, name, key in (
            (panels[0], time, judge.spent),
            (panels[1], "bytes of RAM", lambda f: f.ram),
        ):
            for colour, dataset in zip(_colours(len(sets)), sets, strict=True):
                of_set = [f for f in shown if group(f) == dataset and key(f)]
                if not of_set:
                    continue
                points = [(key(f), 100 * (f.accuracy or 0.0)) for f in of_set]
                axes.scatter(*zip(*points, strict=True), color=colour, label=dataset)
                front = _front(points)
                axes.step(*zip(*front, strict=True), where="post", color=colour, linewidth=0.8)
                for (x, y), f in zip(points, of_set, strict=True):
                    if (x, y) in front:
                        axes.annotate(
                            f.model, (x, y), fontsize=7, xytext=(4, -9), textcoords="offset points"
                        )
            axes.set_xscale("log")
            axes.set_xlabel(name)
            axes.spines[["top", "right"]].set_visible(False)
        panels[0].set_ylabel("accuracy in % of held-out pictures")
        panels[0].legend(fontsize=8)
        figure.suptitle(f"the zoo on {', '.join(dict.fromkeys(f.place for f in rows))}")
        try:
            figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
        except (OSError, ValueError) as error:
            raise BadInput(
                f"cannot write the picture: {error}", where=str(path), hint="use .svg, .png or .pdf"
            ) from error
        finally:
            plot.close(figure)


def _colours(count: int) -> list[str]:
    return [COLOURS[k % len(COLOURS)] for k in range(count)]


def _front(points: Sequence[tuple[Any, float]]) -> list[tuple[Any, float]]:
    """Returns those that no other is left of and above, from left to right."""
    found: list[tuple[Any, float]] = []
    for x, y in sorted(points, key=lambda point: (point[0], -point[1])):
        if not found or y > found[-1][1]:
            found.append((x, y))
    return found
