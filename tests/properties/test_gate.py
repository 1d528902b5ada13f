"""Properties of the gate's comparison that hold for any figures."""

from __future__ import annotations

import dataclasses
from fractions import Fraction

import msgspec
from boardless.judge import alignment, growth
from boardless.judge.figures import Figures, Spent
from boardless.judge.growth import Finding
from hypothesis import given
from hypothesis import strategies as st

COUNT = st.integers(0, 10**7)
OPERATORS = st.sampled_from(["conv", "depthwise conv", "softmax"])
METRICS = ("arena_bytes", "instructions.layer", "instructions", "stack_bytes")


@st.composite
def counted(draw: st.DrawFn, operators: list[str], table: str = "") -> Spent:
    """Layers of these operators; the whole is at least their sum."""
    layers = {f"{op} {i}": draw(COUNT) for i, op in enumerate(operators)}
    whole = sum(layers.values()) + draw(COUNT)
    return Spent(whole, layers, 0 if table else whole + draw(COUNT), table)


@st.composite
def figures(draw: st.DrawFn, operators: list[str] | None = None) -> Figures:
    """Sizes and counts that fit together, cycles of two cores, equal predictions."""
    if operators is None:
        operators = draw(st.lists(OPERATORS, max_size=5))
    arena, code, weights = draw(COUNT), draw(COUNT), draw(COUNT)
    memory = {
        "arena_bytes": arena,
        "code_bytes": code,
        "flash_bytes": code + weights,
        "reserved_stack_bytes": draw(COUNT),
        "stack_bytes": draw(COUNT),
        "static_ram_bytes": arena + draw(COUNT),
        "weights_bytes": weights,
    }
    cycles = {core: draw(counted(operators, "t")) for core in ("m4", "m7")}
    return Figures("m", "o", "1 2", memory, draw(counted(operators)), cycles)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Figures, Figures]:
    """Two runs, mostly of the same layers and with some figures equal."""
    old = draw(figures())
    if not draw(st.integers(0, 3)):
        return old, draw(figures())
    new = draw(figures([label.rpartition(" ")[0] for label in old.cycles["m4"].layers]))
    kept = draw(st.sets(st.sampled_from(["memory", "instructions", "cycles"])))
    return old, msgspec.structs.replace(new, **{name: getattr(old, name) for name in kept})


def judged(old: Figures, new: Figures, percent: float = 0.0) -> list[Finding]:
    """All findings, those behind another at the same place included."""
    found = growth.compare(old, new, lambda metric: percent, core="m4")
    return [x for f in found for x in (dataclasses.replace(f, also=()), *f.also)]


def places(found: list[Finding], *kinds: str) -> set[tuple[str, str]]:
    return {(f.metric, f.place) for f in found if f.kind in kinds}


@given(figures())
def test_equal_figures_are_nothing_to_say(same: Figures) -> None:
    assert judged(same, same) == []


@given(pairs())
def test_worse_one_way_is_better_the_other_way(pair: tuple[Figures, Figures]) -> None:
    old, new = pair
    there, back = judged(old, new), judged(new, old)
    if list(old.cycles["m4"].layers) == list(new.cycles["m4"].layers):
        assert places(there, "worse") == places(back, "better")
        assert places(there, "better") == places(back, "worse")
        assert len(there) == len(back)
    else:  # a layer that moved has two names, and may find another partner on the way back
        assert any(f.kind == "missing" for f in there + back)


@given(pairs(), st.floats(0, 200), st.floats(0, 200))
def test_a_wider_limit_never_shuts_the_gate(
    pair: tuple[Figures, Figures], a: float, b: float
) -> None:
    narrow, wide = (judged(*pair, percent) for percent in sorted((a, b)))
    if not any(f.fails for f in narrow):
        assert not any(f.fails for f in wide)


@given(pairs(), st.sampled_from(METRICS), st.integers(1, 10**6), st.floats(0, 100))
def test_a_gate_that_is_shut_stays_so_when_something_grows(
    pair: tuple[Figures, Figures], metric: str, more: int, percent: float
) -> None:
    old, new = pair
    memory, count = dict(new.memory), new.instructions
    assert count
    layers = dict(count.layers)
    if metric == "instructions.layer" and layers:
        layers[next(iter(layers))] += more
    if metric.startswith("instructions"):
        count = Spent(count.whole + more, layers, count.worst + more)
    else:
        memory[metric] += more
        if metric == "arena_bytes":
            memory["static_ram_bytes"] += more
    grown = msgspec.structs.replace(new, memory=memory, instructions=count)
    if places(judged(old, new, percent), "worse"):
        assert places(judged(old, grown, percent), "worse")


@given(pairs())
def test_the_whole_is_never_said_beside_the_layers_that_make_it_up(
    pair: tuple[Figures, Figures],
) -> None:
    """If the limit is 0, every change has a place: parts explain all of it."""
    found = judged(*pair)
    for whole in ("static_ram_bytes", "flash_bytes"):
        assert not places(found, "worse", "better") & {(whole, growth.BYTES[whole][0])}
    if pair[0].cycles["m4"].layers or pair[1].cycles["m4"].layers:
        assert not any(f.place == "inference" for f in found)


@given(pairs())
def test_every_byte_and_instruction_that_changed_is_told(pair: tuple[Figures, Figures]) -> None:
    old, new = pair
    found = judged(old, new)
    flash = sum(f.delta for f in found if f.metric in ("weights_bytes", "code_bytes"))
    assert flash == new.memory["flash_bytes"] - old.memory["flash_bytes"]
    assert old.instructions
    assert new.instructions
    told = sum(f.delta for f in found if f.metric in ("instructions", "instructions.layer"))
    assert told == new.instructions.whole - old.instructions.whole


@given(pairs())
def test_a_place_is_one_line(pair: tuple[Figures, Figures]) -> None:
    found = growth.compare(*pair, lambda metric: 0.0, core="m4")
    assert len({(f.place, f.kind) for f in found}) == len(found)


@given(COUNT, COUNT, st.integers(0, 100))
def test_a_limit_is_kept_at_its_very_edge(old: int, new: int, percent: int) -> None:
    found = growth.judge("m", "p", "u", old, new, lambda metric: float(percent))
    kinds = [f.kind for f in found]
    edge = old * (1 + Fraction(percent, 100))
    assert kinds == (["worse"] if new > edge else ["better"] if new < old else [])


@given(st.lists(OPERATORS, max_size=6), st.lists(OPERATORS, max_size=6))
def test_alignment_keeps_every_layer_once_and_in_order(old: list[str], new: list[str]) -> None:
    a, b = ([f"{op} {i}" for i, op in enumerate(ops)] for ops in (old, new))
    found = alignment.aligned(a, b)
    assert [x for x, _ in found if x] == a
    assert [y for _, y in found if y] == b
    assert all(x.split(" ")[0] == y.split(" ")[0] for x, y in found if x and y)


@given(st.integers(1, 10**9), st.integers(1, 10**9))
def test_a_change_is_never_shown_as_none(old: int, new: int) -> None:
    said = growth.signed(100 * (new - old) / old)
    assert (float(said.replace(",", "")) == 0) == (old == new)
