"""The gate's comparison, without an emulator."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
import pytest
from boardless.device import boards
from boardless.judge import growth, records, toolchain
from boardless.judge.figures import Figures, Spent
from boardless.judge.growth import Finding
from gate_figures import (
    GCC,
    LAYERS,
    MEMORY,
    OLD,
    counted,
    no_tolerance,
    priced,
    replaced,
    with_memory,
)

MPS2 = boards.load("mps2-an386")


def lines(new: Figures, old: Figures = OLD, **options: Any) -> list[str]:
    """Returns the findings about `new`, without the command that accepts them."""
    found = growth.compare(old, new, options.pop("limit", no_tolerance), **options)
    return [str(f) for f in found]


# --- Comparison ---------------------------------------------------------------------------------
def test_equal_figures_are_nothing_to_say() -> None:
    assert lines(OLD) == []


def test_a_slower_layer_is_one_line() -> None:
    assert lines(replaced(instructions=counted(conv_2=100))) == [
        "conv 2: 90 -> 100 instructions (+11.1 %, limit 0 %)"
    ]


def test_the_line_of_the_documentation() -> None:
    row = records.Comparison(
        records.Case("mobile_lenet", "int8", MPS2),
        reason="",
        inputs="",
        new=OLD,
        after="accept: boardless gate --update mobile_lenet",
    )
    finding = Finding("worse", "conv 3", "", "", "cycles cortex-m4", 812_334, 901_120)
    assert row.line(finding) == (
        "mobile_lenet:int8 mps2-an386 conv 3: 812,334 -> 901,120 cycles cortex-m4 "
        "(+10.9 %, limit 0 %); accept: boardless gate --update mobile_lenet"
    )


def test_a_faster_layer_is_told_and_fails_nothing() -> None:
    (found,) = growth.compare(OLD, replaced(instructions=counted(conv_0=540)), no_tolerance)
    assert str(found) == "conv 0: 600 -> 540 instructions (-10.0 %), better"
    assert not found.fails


def test_what_lies_between_layers_is_a_place_of_its_own() -> None:
    slower = replaced(instructions=Spent(1003, LAYERS, 1008))
    assert lines(slower) == ["between layers: 10 -> 13 instructions (+30.0 %, limit 0 %)"]


def test_the_slowest_input_counts_where_the_first_does_not_tell() -> None:
    slower = replaced(instructions=Spent(1000, LAYERS, 1100))
    assert lines(slower) == ["slowest inference: 1,005 -> 1,100 instructions (+9.5 %, limit 0 %)"]


def test_a_small_finding_does_not_hide_a_large_one() -> None:
    cycles = {"cortex-m4": Spent(14789, {"conv 0": 14000}, 14789, "t")}
    slower = {"cortex-m4": Spent(14819, {"conv 0": 14030}, 74796, "t")}
    assert lines(replaced(cycles=slower), replaced(cycles=cycles)) == [
        "conv 0: 14,000 -> 14,030 cycles cortex-m4 (+0.2 %, limit 0 %)",
        "slowest inference: 14,789 -> 74,796 cycles cortex-m4 (+405.8 %, limit 0 %)",
    ]
    # Cycles of the board's core speak first, unless another measure says far more.
    new = replaced(
        instructions=counted(conv_0=1800),
        cycles={"cortex-m4": Spent(14819, {"conv 0": 14030}, 14819, "t")},
    )
    (found,) = growth.compare(replaced(cycles=cycles), new, no_tolerance, core="cortex-m4")
    assert (found.unit, [f.unit for f in found.also]) == ("instructions", ["cycles cortex-m4"])


def test_the_slowest_input_is_not_told_for_the_same_cause_again() -> None:
    twice = replaced(instructions=Spent(2000, LAYERS | {"conv 0": 1600}, 2010))
    assert len(lines(twice)) == 1
    assert len(lines(replaced(instructions=Spent(2000, LAYERS | {"conv 0": 1600}, 2011)))) == 2


def test_a_slower_worst_case_is_no_excuse_for_a_faster_first_input() -> None:
    new = replaced(instructions=Spent(940, LAYERS | {"conv 0": 540}, 1050))
    assert lines(new) == [
        "conv 0: 600 -> 540 instructions (-10.0 %), better",
        "slowest inference: 1,005 -> 1,050 instructions (+4.5 %, limit 0 %)",
    ]


def test_small_steps_within_a_tolerance_add_up_in_the_whole() -> None:
    slower = replaced(instructions=counted(conv_0=618, conv_2=92))  # +3 %, +2.2 %; whole +2 %
    limits = {"instructions.layer": 5.0, "instructions": 1.0, "instructions.worst": 5.0}
    assert lines(slower, limit=lambda metric: limits.get(metric, 0.0)) == [
        "inference: 1,000 -> 1,020 instructions (+2.0 %, limit 1 %)"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"arena_bytes": 1512, "static_ram_bytes": 1812},
            "arena: 1,000 -> 1,512 bytes of RAM (+51.2 %, limit 0 %)",
        ),
        (
            {"static_ram_bytes": 1308},
            "RAM without the arena: 300 -> 308 bytes (+2.7 %, limit 0 %)",
        ),
        (
            {"code_bytes": 5004, "flash_bytes": 7004},
            "code: 5,000 -> 5,004 bytes of flash (+0.1 %, limit 0 %)",
        ),
        (
            {"weights_bytes": 2008, "flash_bytes": 7008},
            "weights: 2,000 -> 2,008 bytes of flash (+0.4 %, limit 0 %)",
        ),
        ({"stack_bytes": 408}, "stack: 400 -> 408 bytes of RAM (+2.0 %, limit 0 %)"),
    ],
)
def test_memory_that_grew_is_one_line(changes: dict[str, int], said: str) -> None:
    assert lines(with_memory(**changes)) == [said]


def test_other_outputs_excuse_only_a_small_change_of_the_counts() -> None:
    other = replaced(outputs="x", top_1="1 2 0", instructions=counted(conv_0=606))
    said = "predictions: changed: top class of 1 of 3 inputs; the model is the same"
    assert lines(other) == [said]
    slow = replaced(outputs="x", top_1="1 2 0", instructions=counted(conv_0=1200))
    assert lines(slow) == [said, "conv 0: 600 -> 1,200 instructions (+100.0 %, limit 1 %)"]
    assert "outputs, no top class" in lines(replaced(outputs="x"))[0]
    assert "no output on these 3 inputs; the model is another" in lines(replaced(model="x"))[0]
    assert "2 inputs instead of 3" in lines(replaced(top_1="1 2"))[0]


def test_a_new_layer_and_one_that_is_gone_do_not_move_the_others() -> None:
    layers = {"conv 0": 600, "pad 1": 50, "depthwise conv 2": 300, "conv 3": 95}
    new = replaced(instructions=Spent(1055, layers, 1060))
    assert lines(new) == [
        "layer pad 1 is new, 50 instructions",
        "conv 3: 90 -> 95 instructions (+5.6 %, limit 0 %)",
    ]
    assert lines(OLD, new) == [
        "layer pad 1 is gone, 50 instructions",
        "conv 2: 95 -> 90 instructions (-5.3 %), better",
    ]


def test_lost_and_new_instruction_counts_are_reported() -> None:
    (lost,) = growth.compare(OLD, replaced(instructions=None), no_tolerance)
    assert (lost.kind, str(lost)) == ("missing", "instructions are not counted any more")
    (found,) = growth.compare(replaced(instructions=None), OLD, no_tolerance)
    assert (found.kind, str(found)) == ("new", "instructions are counted now")


# --- Cycles -------------------------------------------------------------------------------------
def test_one_place_is_one_line_by_the_cycles_of_the_boards_core() -> None:
    old = replaced(cycles={"cortex-m4": priced(1500, 590), "cortex-m7": priced(1200, 290)})
    new = replaced(
        instructions=counted(conv_2=100),
        cycles={"cortex-m4": priced(1520, 610), "cortex-m7": priced(1300, 390)},
    )
    (found,) = growth.compare(old, new, no_tolerance, core="cortex-m4")
    assert str(found) == "conv 2: 590 -> 610 cycles cortex-m4 (+3.4 %, limit 0 %)"
    assert [f.unit for f in found.also] == ["cycles cortex-m7", "instructions"]


def test_more_instructions_in_fewer_cycles_are_two_lines() -> None:
    old = replaced(cycles={"cortex-m4": priced(1500, 590)})
    new = replaced(instructions=counted(conv_2=100), cycles={"cortex-m4": priced(1400, 490)})
    found = growth.compare(old, new, no_tolerance, core="cortex-m4")
    assert [(f.kind, f.unit) for f in found] == [
        ("worse", "instructions"),
        ("better", "cycles cortex-m4"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ({}, {}, "skipped", "cycles not available: no plugin"),
        ({"m4": "a"}, {}, "skipped", "cycles not available: no plugin"),
        ({"m4": "a"}, {"m4": "b"}, "changed", "cycles not compared: the table of m4 changed"),
        ({}, {"m4": "a"}, "new", "cycles of m4 are not in the baseline yet"),
        ({"m4": "a", "m7": "a"}, {"m4": "a"}, "unused", "no cycles of m7 any more"),
    ],
)
def test_cycles_that_cannot_be_compared(
    old: dict[str, str], new: dict[str, str], kind: str, said: str
) -> None:
    def cycles(tables: dict[str, str]) -> Figures:
        return replaced(cycles={core: priced(1, 1, table) for core, table in tables.items()})

    why = "cycles not available: no plugin"
    (found,) = growth.compare(cycles(old), cycles(new), no_tolerance, no_cycles=why)
    assert (found.kind, str(found)) == (kind, said)
    # An older revision has had tables of its own.
    (found,) = growth.compare(
        cycles(old), cycles(new), no_tolerance, no_cycles=why, own_prices=True
    )
    assert found.fails == (kind == "unused")


# --- Another tool chain, other inputs ------------------------------------------------------------
def test_another_compiler_compares_predictions_arena_and_weights_alone() -> None:
    other = msgspec.structs.replace(
        with_memory(code_bytes=9000, flash_bytes=11_000, stack_bytes=900, static_ram_bytes=1999),
        outputs="other last bits",
        instructions=counted(conv_0=9999),
    )
    assert lines(other, same_compiler=False, exact_outputs=False) == []
    grown = with_memory(arena_bytes=1008, static_ram_bytes=1308, weights_bytes=1999)
    assert lines(grown, same_compiler=False) == [
        "arena: 1,000 -> 1,008 bytes of RAM (+0.8 %, limit 0 %)",
        "weights: 2,000 -> 1,999 bytes of flash (-0.1 %), better",
    ]
    wrong = replaced(top_1="1 2 0")
    assert len(lines(wrong, same_compiler=False, exact_outputs=False)) == 1


def test_other_inputs_compare_memory_alone() -> None:
    other = msgspec.structs.replace(
        with_memory(stack_bytes=401), top_1="0", instructions=counted(conv_0=9999)
    )
    assert lines(other, same_inputs=False) == ["stack: 400 -> 401 bytes of RAM (+0.2 %, limit 0 %)"]


@pytest.mark.parametrize("what", ["compiler", "libraries", "linker"])
def test_a_tool_chain_differs_in_each_of_its_parts(what: str) -> None:
    other = msgspec.structs.replace(GCC, **{what: "x"})
    assert toolchain.difference(GCC, GCC) == ""
    assert toolchain.difference(GCC, other).startswith(f"{what} 'x', the baseline has ")


def test_flags_are_a_change_of_the_sources() -> None:
    other = msgspec.structs.replace(GCC, flags=("-Os", "-g"))
    assert toolchain.difference(GCC, other) == ""
    said = "built with flags '-Os -g', the baseline with '-O2'"
    assert toolchain.change(GCC, other) == said


@pytest.mark.emulated
def test_what_the_sources_choose_of_this_machine_is_comparable() -> None:
    """Other flags take another libgcc, and another board another compiler: all are installed."""
    here = toolchain.identity(MPS2)
    soft = msgspec.structs.replace(MPS2.toolchain, flags=("-mcpu=cortex-m4", "-mthumb"))
    other = toolchain.identity(dataclasses.replace(MPS2, toolchain=soft))
    assert here.libraries != other.libraries
    assert toolchain.difference(here, other) == ""
    host = toolchain.identity(boards.load("host"))
    assert toolchain.difference(here, host) == ""
    older = msgspec.structs.replace(here, libraries="0")
    assert toolchain.difference(older, here).startswith("libraries ")


def test_flags_are_those_of_the_build() -> None:
    assert toolchain.project_flags()[:2] == ("-std=gnu11", "-O2")


def test_what_does_not_fit_the_board_is_wrong() -> None:
    assert growth.beyond_board(MEMORY, 7000, 1700) == []
    (reserved,) = growth.beyond_board(MEMORY | {"reserved_stack_bytes": 401}, 7000, 1700)
    assert str(reserved) == "RAM: 1,701 bytes, the board has 1,700"
    assert growth.beyond_board(MEMORY, 0, 0) == []  # a board that states no size
    found = growth.beyond_board(MEMORY, 6999, 1699)
    assert [str(f) for f in found] == [
        "flash: 7,000 bytes, the board has 6,999",
        "RAM: 1,700 bytes, the board has 1,699",
    ]
    assert all(f.kind == "wrong" for f in found)
