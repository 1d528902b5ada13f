"""Tests of what fits where, of the order in which it is shown, and of the memories of parts."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from boardless.core.errors import BadInput
from boardless.cycles import parts
from boardless.device import boards
from boardless.device import parts as memories
from boardless.device.records import MarkedLayer
from boardless.front.fit import places, roomy
from boardless.judge import fits
from boardless.judge.budgets import NO_BUDGETS, Budgets
from boardless.judge.fits import Fit
from boardless.report import fit as report

FITS = Fit("m:int8", "a", "part", "cortex-m4", 1000, 100, 900, 90, cycles=64, milliseconds=2.0)
SMALL = replace(FITS, place="b", flash=1010, ram=107)
UNKNOWN = Fit("m:int8", "c", "board", "esp32-lx6", 1000, 100, why="no compiler")


def ms(limit: float) -> Budgets:
    return Budgets(ms=limit)


def test_what_is_missing_is_said_in_bytes() -> None:
    assert (FITS.word(), FITS.ok()) == ("fits", True)
    assert SMALL.word() == "flash is too small by 10 bytes and RAM is too small by 7 bytes"
    assert (SMALL.fits, SMALL.missing) == (False, {"flash": 10, "RAM": 7})
    assert (UNKNOWN.fits, UNKNOWN.word()) == (None, "no compiler")
    assert replace(FITS, has_ram=0).fits is None


def test_time_counts_where_it_is_limited() -> None:
    assert (FITS.word(ms(2.0)), FITS.ok(ms(2.0))) == ("fits", True)
    assert (FITS.word(ms(1.5)), FITS.ok(ms(1.5))) == ("too slow by 0.5 ms", False)
    assert SMALL.word(ms(1.5)) == SMALL.word()
    without = replace(FITS, milliseconds=None)
    assert (without.word(ms(9.0)), without.ok(ms(9.0)), without.ok()) == (
        "time not known",
        None,
        True,
    )


def test_a_budget_that_is_exceeded_names_its_layer() -> None:
    layer = MarkedLayer(3, "CONV_2D", "conv", 1)
    fit = replace(FITS, largest=(("flash", (layer, 700.0)), ("ram", (layer, 80.0))))
    limits = Budgets(flash=899, ram=90, ms=1.0)
    flash, ram, time = fit.checked(limits)
    assert [each.exceeded for each in (flash, ram, time)] == [True, False, True]
    assert flash.sentence == (
        "flash is 900 bytes, more than --max-flash 899 bytes; look first at layer 3 CONV_2D: its "
        "constants take 700 bytes"
    )
    assert fit.word(limits) == "over --max-flash by 1 bytes and too slow by 1 ms"
    assert (fit.ok(limits), fit.ok(Budgets(flash=900, ram=90))) == (False, True)
    assert replace(fit, ram=None).ok(Budgets(ram=90)) is None
    assert report.closing([fit], Budgets(flash=1)).startswith("1 row: 0 fit into the budgets, 1 ")
    row = report.row(fit, limits)
    assert [(b["budget"], b["exceeded"], b["layer"]) for b in row["budgets"]] == [
        *(("max-flash", True, 3), ("max-ram", False, 3), ("max-ms", True, None))
    ]


def test_what_fits_comes_first_and_the_fastest_of_it() -> None:
    fast, counted = replace(FITS, place="d", milliseconds=1.0), replace(FITS, milliseconds=None)
    assert fits.in_order([UNKNOWN, SMALL, counted, FITS, fast]) == [
        *(fast, FITS, counted, UNKNOWN, SMALL)
    ]
    assert fits.in_order([fast, FITS], ms(0.5)) == [fast, FITS]
    assert report.closing([fast, FITS, UNKNOWN, SMALL], ms(1.0)) == (
        "4 rows: 1 fit in time, 2 do not, 1 not known"
    )
    assert report.closing([fast], NO_BUDGETS) == "1 row: 1 fit, 0 do not, 0 not known"


def test_the_best_of_a_data_set_are_beaten_by_none() -> None:
    good = replace(FITS, model="good", accuracy=0.9, dataset="x")
    small = replace(good, model="small", accuracy=0.8, ram=50)
    beaten = replace(good, model="beaten", accuracy=0.8)
    other = replace(beaten, model="other", dataset="y")
    too_large = replace(SMALL, model="large", accuracy=0.99, dataset="x")
    rows = [good, small, beaten, other, too_large]
    assert [f.model for f in fits.best(rows)] == ["good", "small", "other"]
    shown = report.record(rows, NO_BUDGETS, zoo=True)["rows"]
    assert [row["best"] for row in shown] == [True, True, False, True, False]
    assert report.record(rows, NO_BUDGETS, zoo=False)["rows"][0]["best"] is None


def test_the_picture_names_the_best(tmp_path: Path) -> None:
    good = replace(FITS, model="good", accuracy=0.9, dataset="x")
    rows = [good, replace(good, model="beaten", accuracy=0.8), UNKNOWN]
    path = tmp_path / "zoo.svg"
    report.draw(rows, path)
    texts = [t.text for t in ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")]
    assert texts.count("good") == 2
    assert "beaten" not in texts
    report.draw([*rows, replace(good, dataset="y", ram=0, milliseconds=0.0)], path)
    with pytest.raises(BadInput, match="cannot write the picture"):
        report.draw(rows, tmp_path / "zoo.none")


def test_every_part_states_its_memories() -> None:
    assert memories.names() == parts.names()
    for name in memories.names():
        memory = memories.load(name)
        assert memory
        assert 16 << 10 <= memory.ram_bytes < memory.flash_bytes <= 16 << 20
        for board in [b for b in map(boards.load, boards.names()) if b.part == name]:
            assert board.memory.ram_bytes <= memory.ram_bytes
            assert board.memory.flash_bytes <= memory.flash_bytes
    assert memories.load("no-such-part") is None


def test_places_are_all_or_those_that_are_named() -> None:
    every = places.chosen((), ())
    assert {p.name for p in every if not p.board} == {*parts.names()}
    assert {p.name for p in every if p.board} == {*boards.names()} - {"host"}
    (named,) = places.chosen((), ("stm32l4r5",))
    assert (named.kind, named.core, named.ram_bytes) == ("part", "cortex-m4", 640 << 10)
    (board,) = places.chosen(("nucleo_l4r5zi",), ())
    assert (board.kind, board.part) == ("board", "stm32l4r5")
    with pytest.raises(BadInput, match="unknown part"):
        places.chosen((), ("no-such-part",))


def test_a_small_core_is_measured_on_a_board_with_more_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path))
    monkeypatch.delenv("BOARDLESS_BOARDS", raising=False)
    known = boards.names()
    with roomy.boards():
        board = boards.load(roomy.of("cortex-m0plus"))
        assert board.core == "cortex-m0plus"
        assert "-mcpu=cortex-m0plus" in board.toolchain.flags
        assert board.memory.ram_bytes > boards.load("microbit").memory.ram_bytes
    assert boards.names() == known
    assert roomy.of("cortex-m4") == ""
