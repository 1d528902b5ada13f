"""Prices are a linear function of counts: properties, refusals, flash, speed."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.cycles import cores, parts, price
from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import instructions
from cycle_code import THUMB, code, piece, straight
from hypothesis import given, settings
from hypothesis import strategies as st

M4 = cores.load("cortex-m4")
PLAIN = [line for line in THUMB if line not in ("vadd.f64 d0,d1,d2", "dls lr,r0")]
PLAIN = [line for line in PLAIN if "q" not in line.split()[-1]]
ARM = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")


@st.composite
def runs(draw: Any, lines: list[str] = PLAIN) -> tuple[Code, list[Tally]]:
    """Code and counts of several stretches that fit together: runs from jump to jump."""
    chosen = draw(st.lists(st.sampled_from(lines), min_size=2, max_size=24))
    found = code(chosen, 0x8000 + 2 * draw(st.integers(0, 3)))
    tallies = []
    for _ in range(draw(st.integers(1, 3))):
        executed, fallthrough = np.zeros(len(chosen), np.int64), np.zeros(len(chosen), np.int64)
        for _ in range(draw(st.integers(0, 4))):
            begin = draw(st.integers(0, len(chosen) - 1))
            end = draw(st.integers(begin + 1, len(chosen)))
            times = draw(st.integers(1, 1000))
            executed[begin:end] += times
            fallthrough[begin + 1 : end] += times
        tallies.append(Tally(executed, fallthrough, {}))
    return found, tallies


def total(tallies: list[Tally]) -> Tally:
    return sum(tallies[1:], tallies[0])


def can(name: str, content: Code) -> bool:
    decoded = instructions("thumb", content.address.tolist(), content.content)
    return all(i.feature in cores.load(name).features for i in decoded)


@given(runs(), st.sampled_from(ARM))
def test_the_whole_is_the_sum_of_its_regions(run: tuple[Code, list[Tally]], name: str) -> None:
    content, tallies = run
    if not can(name, content):
        return
    weights = price.weights(cores.load(name), None, content, total(tallies))
    parts_ = [price.cycles(weights, tally) for tally in tallies]
    np.testing.assert_allclose(sum(parts_), price.cycles(weights, total(tallies)), rtol=1e-12)


@given(runs(), runs(), st.sampled_from(ARM))
def test_more_executions_never_cost_less(
    run: tuple[Code, list[Tally]], other: tuple[Code, list[Tally]], name: str
) -> None:
    content, tallies = run
    if not can(name, content):
        return
    weights = price.weights(cores.load(name), None, content, total(tallies))
    fewer = price.cycles(weights, tallies[0])
    assert (fewer >= 0).all()
    assert price.cycles(weights, total(tallies)).sum() >= fewer.sum() - 1e-9


@given(runs(), st.sampled_from(ARM))
def test_weights_do_not_depend_on_how_often_all_ran(
    run: tuple[Code, list[Tally]], name: str
) -> None:
    content, tallies = run
    if not can(name, content):
        return
    whole = total(tallies)
    thrice = whole + whole + whole
    one, three = (price.weights(cores.load(name), None, content, t) for t in (whole, thrice))
    np.testing.assert_allclose(one.branch_target, three.branch_target, atol=1e-6)
    np.testing.assert_allclose(one.fallthrough, three.fallthrough, atol=1e-6)


@given(
    runs([line for line in PLAIN if THUMB[line][4:] == "" and line not in ("it eq", "cbz r0,+2")])
)
def test_a_changed_row_moves_only_its_kind(run: tuple[Code, list[Tally]]) -> None:
    """This core overlaps no instructions."""
    content, tallies = run
    core = cores.load("cortex-m0plus")
    for kind in ("load", "mul", "branch", "store_multiple"):
        rules = tuple(
            msgspec.structs.replace(r, cycles=r.cycles + 5) if kind in r.kinds else r
            for r in core.cost
        )
        kinds = {k for r in core.cost if kind in r.kinds for k in r.kinds}
        changed = msgspec.structs.replace(core, cost=rules)
        before, after = (
            price.cycles(price.weights(c, None, content, total(tallies)), total(tallies))
            for c in (core, changed)
        )
        decoded = instructions("thumb", content.address.tolist(), content.content)
        moved = np.array([i.kind in kinds for i in decoded]) * total(tallies).executed * 5
        np.testing.assert_allclose(after - before, moved)


@given(runs([line for line in PLAIN if "div" not in line]))
def test_a_changed_row_moves_no_code_without_that_kind(run: tuple[Code, list[Tally]]) -> None:
    """This core may overlap instructions."""
    content, tallies = run
    rules = tuple(
        msgspec.structs.replace(r, cycles=99.0) if {"div", "fpu_div"} & set(r.kinds) else r
        for r in M4.cost
    )
    rules = tuple(r for r in rules if "fpu_sqrt" not in r.kinds) + tuple(
        msgspec.structs.replace(r, kinds=("fpu_sqrt",)) for r in M4.cost if "fpu_sqrt" in r.kinds
    )
    changed = msgspec.structs.replace(M4, cost=rules)
    one, two = (price.weights(c, None, content, total(tallies)) for c in (M4, changed))
    np.testing.assert_array_equal(one.branch_target, two.branch_target)
    np.testing.assert_array_equal(one.fallthrough, two.fallthrough)


@pytest.mark.parametrize(
    ("core", "line", "message"),
    [
        ("cortex-m0", "smlad r0,r1,r2,r0", r"0x8002: cortex-m0 has no 'smlad' \(dsp\)"),
        ("cortex-m0plus", "add.w r0,r1,r2", r"0x8002: cortex-m0plus has no 'add.w' \(thumb2\)"),
        ("cortex-m3", "smlad r0,r1,r2,r0", r"cortex-m3 has no 'smlad' \(dsp\)"),
        ("cortex-m3", "vadd.f32 s0,s1,s2", r"cortex-m3 has no 'vadd.f32' \(fpu\)"),
        ("cortex-m4", "vadd.f64 d0,d1,d2", r"cortex-m4 has no 'vadd.f64' \(fpu64\)"),
        ("cortex-m33", "vldrb.u8 q0,[r0]", r"cortex-m33 has no 'vldr' \(mve\)"),
    ],
)
def test_what_a_core_cannot_execute_is_named(core: str, line: str, message: str) -> None:
    content, tally = piece(["mov r8,r8", line])
    with pytest.raises(BadInput, match=message):
        price.weights(cores.load(core), None, content, tally)


def test_what_cannot_be_decoded_is_refused() -> None:
    content = Code(np.array([0x100], np.uint64), np.array([4], np.uint8), (b"\xff" * 4,))
    with pytest.raises(BadInput, match="0x100: cannot decode ff ff ff ff"):
        price.weights(M4, None, content, straight(1))


def test_a_part_with_another_core_is_refused() -> None:
    content, tally = piece(["mov r8,r8"])
    with pytest.raises(BadInput, match="stm32l4r5 has a cortex-m4, not a cortex-m7"):
        price.weights(cores.load("cortex-m7"), parts.load("stm32l4r5"), content, tally)


def loop(count: int, times: int) -> tuple[Code, Tally]:
    """`count` wide instructions of 4 bytes and a branch back, entered once."""
    body = ["add.w r0,r1,r2", "add.w r3,r4,r5"] * (count // 2)
    content = [bytes.fromhex(THUMB[line]) for line in body]
    distance = -4 * count - 4
    offset = distance >> 1
    imm10, imm11, sign = offset >> 11 & 0x3FF, offset & 0x7FF, 1
    first = 0xF000 | sign << 10 | imm10
    second = 0xB800 | imm11  # b.w with J1 = J2 = 1, near enough
    content.append(first.to_bytes(2, "little") + second.to_bytes(2, "little"))
    address = 0x8000 + 4 * np.arange(count + 1)
    executed = np.full(count + 1, times, np.int64)
    fallthrough = executed.copy()
    fallthrough[0] = 0
    sizes = np.full(count + 1, 4, np.uint8)
    return Code(address.astype(np.uint64), sizes, tuple(content)), Tally(executed, fallthrough, {})


def test_the_loop_of_the_tests_is_one() -> None:
    content, _ = loop(8, 10)
    last = instructions("thumb", content.address.tolist(), content.content)[-1]
    assert (last.kind, last.distance) == ("branch", -32)


def waiting(part: str, count: int, times: int = 1000) -> float:
    """Cycles per instruction that flash adds to a loop."""
    content, tally = loop(count, times)
    cpi = []
    for p in (None, parts.load(part)):
        weights = price.weights(M4, p, content, tally)
        cpi.append(price.cycles(weights, tally).sum() / tally.instructions)
    return float(cpi[1] - cpi[0])


def test_a_loop_that_fits_into_the_accelerator_does_not_wait() -> None:
    assert waiting("stm32f407", 64) < 0.02  # 16 lines of 64
    assert waiting("stm32f407", 512) > 0.3  # 128 lines


def test_flash_never_makes_code_faster() -> None:
    for count in (2, 8, 30, 100, 254, 256, 300):
        for part in ("stm32f407", "stm32l4r5", "nrf52840"):
            assert waiting(part, count) >= 0


def test_a_slower_clock_never_waits_more() -> None:
    content, tally = loop(400, 100)
    spent = []
    for clock in (16_000_000, 48_000_000, 84_000_000, 168_000_000):
        weights = price.weights(M4, parts.load("stm32f407").at(clock), content, tally)
        spent.append(price.cycles(weights, tally).sum())
    assert spent == sorted(spent)
    plain = price.weights(M4, None, content, tally)
    assert spent[0] == price.cycles(plain, tally).sum()


def test_simulated_caches_take_the_place_of_the_estimate() -> None:
    content, tally = loop(512, 100)
    misses, none = np.zeros(513, np.int64), np.zeros(513, np.int64)
    misses[4] = 7
    events = {"icache_jump_miss": misses, "icache_miss": none}
    simulated = Tally(tally.executed, tally.fallthrough, events)
    part = parts.load("stm32f407")
    with_part, without = (price.weights(M4, p, content, simulated) for p in (part, None))
    extra = price.cycles(with_part, simulated) - price.cycles(without, simulated)
    assert extra[4] == 7 * part.wait_states
    assert extra.sum() == extra[4]


def test_literals_wait_for_flash_where_there_is_no_cache() -> None:
    content, tally = piece(["mov r8,r8", "ldr r0,[pc,#4]", "mov r8,r8"])
    weights = price.weights(M4, parts.load("nrf52840"), content, tally)
    plain = price.weights(M4, None, content, tally)
    assert weights.fallthrough[1] - plain.fallthrough[1] >= 2


@settings(max_examples=20)
@given(runs())
def test_prices_are_the_same_every_time(run: tuple[Code, list[Tally]]) -> None:
    content, tallies = run
    one, two = (price.weights(M4, None, content, total(tallies)) for _ in range(2))
    np.testing.assert_array_equal(one.fallthrough, two.fallthrough)


def test_a_loop_without_branches_keeps_what_is_on_its_way() -> None:
    """ESP32: a chain of dependent MADD.S takes 4 cycles each, across the end of a `loop`, too."""
    content = tuple(map(bytes.fromhex, ("768304", "20014a", "3df0", "3df0")))
    found = Code(np.array([2, 5, 8, 10], np.uint64), np.array([3, 3, 2, 2], np.uint8), content)
    tally = Tally(np.array([1, 100, 100, 1]), np.array([0, 1, 100, 1]), {})
    weights = price.weights(cores.load("esp32-lx6"), None, found, tally)
    assert 396 <= price.cycles(weights, tally).sum() <= 402
