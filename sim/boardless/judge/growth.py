"""Old figures and new ones -> findings. Pure.

One line per cause: a whole (flash, static RAM, an inference) is judged by what is left of its
change after the changes of its parts that are reported themselves.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace

from boardless.judge.alignment import aligned
from boardless.judge.figures import Figures, Spent

Limit = Callable[[str], float]  # metric -> percent by which it may grow

# What fails. Of the rest, "skipped" was not compared, and "better" is good news, which fails only
# where nothing may be lost again.
FAILS = ("wrong", "changed", "worse", "new", "missing", "unused")

# metric -> (place, unit)
BYTES = {
    "arena_bytes": ("arena", "bytes of RAM"),
    "other_ram_bytes": ("RAM without the arena", "bytes"),
    "static_ram_bytes": ("static RAM", "bytes"),
    "stack_bytes": ("stack", "bytes of RAM"),
    "reserved_stack_bytes": ("reserved stack", "bytes of RAM"),
    "weights_bytes": ("weights", "bytes of flash"),
    "code_bytes": ("code", "bytes of flash"),
    "flash_bytes": ("flash", "bytes"),
}
OF_TABLES = ("new", "changed")  # kinds of findings about tables of prices
SMALL = 20  # times larger changes take the place of another
METRICS = (*BYTES, "instructions", "instructions.layer", "instructions.worst")  # and cycles.CORE
# They do not depend on it.
WITHOUT_COMPILER = ("arena_bytes", "weights_bytes", "reserved_stack_bytes")
WITH_OUTPUTS = 1.0  # percent by which counts may grow with other outputs: other values branch
PARTS = {
    "static_ram_bytes": ("arena_bytes", "other_ram_bytes"),
    "stack_bytes": (),
    "reserved_stack_bytes": (),
    "flash_bytes": ("weights_bytes", "code_bytes"),
}


@dataclass(frozen=True)
class Finding:
    """One thing to say about one model on one board; `text` where it is no figure."""

    kind: str  # one of FAILS, "better" or "skipped"
    place: str  # such as "conv 3", "arena", "predictions", "" for all of it
    text: str = ""
    metric: str = ""
    unit: str = ""
    old: int | None = None  # None: it was not there
    new: int | None = None
    limit: float = 0.0  # percent
    also: tuple[Finding, ...] = ()  # the same place by other measures
    kept: bool = False  # fails though it is better: see Comparison.ratchet

    @property
    def fails(self) -> bool:
        return self.kind in FAILS or self.kept

    @property
    def delta(self) -> int:
        return (self.new or 0) - (self.old or 0)

    @property
    def percent(self) -> float | None:
        """Growth; None where there was nothing to grow from."""
        return 100 * self.delta / self.old if self.old and self.new is not None else None

    def __str__(self) -> str:
        """Returns the text between the names and the command that accepts the finding."""
        if self.text:
            return f"{self.place}: {self.text}" if self.place else self.text
        if self.old is None or self.new is None:
            count = self.new if self.old is None else self.old
            how = "is new" if self.old is None else "is gone"
            return f"{self.place} {how}, {count:,} {self.unit}"
        change = "" if self.percent is None else f"{signed(self.percent)} %"
        if self.kind == "worse":
            change += (", " if change else "") + f"limit {self.limit:g} %"
        tail = ", better" if self.kind == "better" else ""
        tail += " but not accepted" if self.kept else ""
        return f"{self.place}: {self.old:,} -> {self.new:,} {self.unit} ({change}){tail}"


def signed(percent: float) -> str:
    """Returns a percentage with one decimal, or as many as show that it is not zero."""
    decimals = 1
    if percent and abs(percent) < 0.05:
        decimals = -math.floor(math.log10(abs(percent)))
    return f"{percent:+,.{decimals}f}"


def compare(
    old: Figures,
    new: Figures,
    limit: Limit,
    *,
    core: str = "",
    exact_outputs: bool = True,
    same_inputs: bool = True,
    same_compiler: bool = True,
    no_cycles: str = "",
    own_prices: bool = False,
) -> list[Finding]:
    """Returns the findings about `new`, in the order of memory, layers, total.

    `core` is the board's own, whose cycles speak first. `exact_outputs`: outputs must be equal to
    the last bit, not only in their top class. Without `same_inputs` neither predictions nor counts
    are compared, without `same_compiler` only what does not depend on it. `no_cycles` says why
    there are none. `own_prices`: an older revision computed the old cycles by tables of its own, so
    that other ones are no failure.
    """
    found: list[Finding] = []
    if same_inputs:
        found += predictions(old, new, exact=exact_outputs)
    # Other values take other paths: a small change of the counts would be the same cause again.
    allowed = at_least(WITH_OUTPUTS, limit) if found else limit
    found += memory(old.memory, new.memory, limit, complete=same_compiler)
    if not same_compiler or not same_inputs:
        return found
    counts: list[Finding] = []
    if old.instructions and new.instructions:
        counts += counted("instructions", old.instructions, new.instructions, allowed)
    elif old.instructions or new.instructions:
        how = "are counted now" if new.instructions else "are not counted any more"
        counts.append(Finding("new" if new.instructions else "missing", "", f"instructions {how}"))
    prices = cycles(old.cycles, new.cycles, allowed, no_cycles)
    if own_prices:
        prices = [replace(f, kind="skipped") if f.kind in OF_TABLES else f for f in prices]
    counts += prices
    return found + one_per_place(counts, core)


def at_least(percent: float, limit: Limit) -> Limit:
    """Returns `limit`, but nowhere less than `percent`."""
    return lambda metric: max(percent, limit(metric))


def predictions(old: Figures, new: Figures, *, exact: bool) -> list[Finding]:
    before, now = old.top_1.split(), new.top_1.split()
    if len(before) != len(now):
        text = f"changed, {len(now)} inputs instead of {len(before)}"
        return [Finding("changed", "predictions", text)]
    differ = sum(a != b for a, b in zip(before, now, strict=True))
    another = old.model != new.model
    if differ:
        what = f"top class of {differ} of {len(now)} inputs"
    elif exact and old.outputs != new.outputs:
        what = "outputs, no top class"
    elif another:
        what = f"no output on these {len(now)} inputs"
    else:
        return []
    why = "the model is another" if another else "the model is the same"
    text = f"changed: {what}; {why}"
    return [Finding("changed", "predictions", text)]


def memory(
    old: Mapping[str, int], new: Mapping[str, int], limit: Limit, *, complete: bool = True
) -> list[Finding]:
    """`complete`: sizes that depend on the compiler, too."""

    def sizes(values: Mapping[str, int]) -> dict[str, int]:
        rest = values["static_ram_bytes"] - values["arena_bytes"]
        return dict(values) | {"other_ram_bytes": rest}

    before, now = sizes(old), sizes(new)

    def part(metric: str) -> list[Finding]:
        if not complete and metric not in WITHOUT_COMPILER:
            return []
        return judge(metric, *BYTES[metric], before[metric], now[metric], limit)

    found = []
    for whole, metrics in PARTS.items():
        parts = [finding for metric in metrics for finding in part(metric)]
        found += parts
        if complete:
            place, unit = BYTES[whole]
            explained = sum(f.delta for f in parts)
            found += judge(whole, place, unit, before[whole], now[whole], limit, explained)
    return found


def cycles(
    old: Mapping[str, Spent], new: Mapping[str, Spent], limit: Limit, no_cycles: str
) -> list[Finding]:
    """Returns the findings about the cycles of every core; `no_cycles` says why there are none at
    all."""
    if not new:
        return [Finding("skipped", "", no_cycles)] if no_cycles else []
    found = []
    for core in sorted({*old, *new}):
        if core not in new:
            found.append(Finding("unused", "", f"no cycles of {core} any more"))
        elif core not in old:
            found.append(Finding("new", "", f"cycles of {core} are not in the baseline yet"))
        elif old[core].table != new[core].table:
            text = f"cycles not compared: the table of {core} changed"
            found.append(Finding("changed", "", text))
        else:
            found += counted(f"cycles.{core}", old[core], new[core], limit, f"cycles {core}")
    return found


def counted(
    metric: str, old: Spent, new: Spent, limit: Limit, unit: str = "instructions"
) -> list[Finding]:
    """Layer by layer, then what lies between them, the whole, and the worst of all inputs."""
    found: list[Finding] = []
    layer = f"{metric}.layer"
    for a, b in aligned(list(old.layers), list(new.layers)):
        if a is None or b is None:
            kind = "new" if a is None else "missing"
            count = (old.layers.get(a or ""), new.layers.get(b or ""))
            found.append(Finding(kind, f"layer {a or b}", "", layer, unit, *count))
        else:
            found += judge(layer, b, unit, old.layers[a], new.layers[b], limit)
    parts = sum(f.delta for f in found)
    if old.layers or new.layers:
        # Cycles of each layer are rounded, so what is left between them may differ by half of one
        # for each layer that has changed: the layers have caused that.
        rest = new.overhead - old.overhead
        rounding = 0 if unit == "instructions" else (len(found) + 1) // 2
        if not found or abs(rest) > rounding:
            found += judge(layer, "between layers", unit, old.overhead, new.overhead, limit)
            rest = sum(f.delta for f in found) - parts
        parts += rest
    found += judge(metric, "inference", unit, old.whole, new.whole, limit, parts)
    if old.worst and new.worst and not told_already(old, new, {f.kind for f in found}):
        place = "slowest inference"
        found += judge(f"{metric}.worst", place, unit, old.worst, new.worst, limit)
    return found


def told_already(old: Spent, new: Spent, kinds: Container[str]) -> bool:
    """Returns whether the slowest inference changed for the cause that findings of `kinds` tell
    about the first input: in the same direction, and not more in counts or in percent."""
    worst, first = new.worst - old.worst, new.whole - old.whole
    if worst * first <= 0 or ("worse" if first > 0 else "better") not in kinds:
        return False
    slower, faster = (new, old) if first > 0 else (old, new)
    in_percent = slower.worst * faster.whole <= faster.worst * slower.whole
    return in_percent or abs(worst) <= abs(first)


def judge(
    metric: str, place: str, unit: str, old: int, new: int, limit: Limit, explained: int = 0
) -> list[Finding]:
    """One finding, or none. `explained` is the part of the change that others report."""
    rest, percent = new - old - explained, limit(metric)
    if 100 * rest > percent * old:
        kind = "worse"
    elif rest < 0:
        kind = "better"
    else:
        return []
    return [Finding(kind, place, "", metric, unit, old, new, percent)]


def one_per_place(findings: Iterable[Finding], core: str) -> list[Finding]:
    """Keeps the most telling of several findings about one place: cycles of `core` first, then
    other cores', then instructions; among these the largest change. One that is far smaller than
    another comes last."""

    def percent(finding: Finding) -> float:
        return abs(finding.percent or 0.0)

    def rank(finding: Finding, largest: float) -> tuple[bool, bool, bool, float]:
        own = finding.unit == f"cycles {core}"
        small = SMALL * percent(finding) < largest
        return (small, not own, finding.unit == "instructions", -percent(finding))

    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        groups.setdefault((finding.kind, finding.place, finding.text), []).append(finding)
    chosen = []
    for group in groups.values():
        most = max(map(percent, group))
        first, *others = sorted(group, key=lambda finding, most=most: rank(finding, most))  # type: ignore[misc]
        chosen.append(replace(first, also=tuple(others)))
    return chosen


def beyond_board(new: Mapping[str, int], flash_bytes: int, ram_bytes: int) -> list[Finding]:
    """Returns a finding for each memory that is too small; a board that states no size has no
    limit."""
    stack = max(new["stack_bytes"], new.get("reserved_stack_bytes", 0))
    ram = new["static_ram_bytes"] + stack
    found = []
    for place, used, has in (("flash", new["flash_bytes"], flash_bytes), ("RAM", ram, ram_bytes)):
        if 0 < has < used:
            found.append(Finding("wrong", place, f"{used:,} bytes, the board has {has:,}"))
    return found
