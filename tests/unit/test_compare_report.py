"""The tables and the page of `boardless compare`: refusals are rows, narrow terminals lose what
matters least, hostile text stays text, and each layer stands next to its like."""

from __future__ import annotations

import io
import re

import html5lib
import pytest
from boardless.core.errors import BadInput
from boardless.front import compare
from boardless.front.compare import CompareRow
from boardless.judge.predictions import Verdict
from boardless.report import compare as report
from boardless.report import compare_page, table
from compare_rows import rows, run
from example_report import HOSTILE
from rich.console import Console

REFUSED = CompareRow("mps2-an386", "tflx", refused="unknown runtime 'tflx'", model="m")


def test_a_refusal_is_a_row_with_its_reason() -> None:
    assert report.cells(REFUSED)[:4] == ["mps2-an386", "tflx", "", "refused"]
    assert len(report.cells(REFUSED)) == len(report.HEADINGS)
    assert report.remarks([REFUSED]) == ["refused, tflx mps2-an386: unknown runtime 'tflx'"]
    found = report.record(REFUSED)
    assert (found["refused"], found["memory"]) == ("unknown runtime 'tflx'", None)


@pytest.mark.parametrize(
    ("ok", "exact", "error", "wrong", "text"),
    [
        (True, True, 0.0, (), "exact"),
        (True, False, 1e-6, (), "within 1e-06"),
        (False, False, 2.0, (3, 7), "2 of 16 differ, by up to 2"),
    ],
)
def test_how_far_off(
    ok: bool, exact: bool, error: float, wrong: tuple[int, ...], text: str
) -> None:
    verdict = Verdict(ok, "", 1.0, exact, error, wrong, None, None)
    assert report.difference(verdict, 16) == text


def test_a_row_has_every_figure() -> None:
    ours, theirs, _ = map(report.cells, rows())
    row = dict(zip(report.titles("litert"), theirs, strict=True))
    assert row["own reference"] == "tflm: 1 of 2 differ, by up to 2"
    assert (row["instructions"], row["est. cycles"]) == ("30,000,115", "60,000,230")
    assert (row["est. ms"], row["stack"]) == ("500.00", "700")  # at 120 MHz
    assert (row["flash"], row["RAM"]) == ("1,234,567", "235,267")
    energy = report.record(rows()[1])["millijoules"]["stm32l4r5"]["inference"]
    assert row["est. mJ"] == f"{energy:.3g}"
    assert 10 < energy < 100
    assert ours[3:5] == ["tflm: exact", "exact"]
    assert any(line.startswith("est. mJ: stm32l4r5, power ±") for line in report.remarks(rows()))


def test_times_and_energies_have_no_column_where_nobody_has_them() -> None:
    titles = [report.HEADINGS[i] for i in report.shown(rows(priced=False))]
    assert {*report.HEADINGS} - {*titles} == {"est. ms", "est. mJ"}


@pytest.mark.parametrize("wrong", [False, True])
def test_80_columns_lose_what_matters_least_and_name_it(
    monkeypatch: pytest.MonkeyPatch, wrong: bool
) -> None:
    screen = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    monkeypatch.setattr(table, "console", lambda stderr=False: screen)
    ours, theirs, refused = rows("digits_cnn", board="mps2-an386")
    report.show("litert", [ours, theirs, refused] if wrong else [ours, refused])
    assert isinstance(screen.file, io.StringIO)
    title, head, _, *lines = screen.file.getvalue().splitlines()
    assert title.strip() == "digits_cnn on mps2-an386"
    for kept in ("runtime", "own reference", "est. ms", "flash", "RAM"):
        assert kept in head
    hidden = " ".join(lines).partition("not shown at 80 columns: ")[2]
    lost = ["board", "version", "litert", "instructions", "est. cycles", "est. mJ", "stack"]
    assert hidden.startswith(", ".join(t for t in lost if wrong or t != "instructions"))
    assert max(map(len, [head, *lines[:6]])) <= 80
    assert "refused" in next(line for line in lines if "bakenn:esp_nn" in line)


def test_json_has_an_object_for_each_model_and_board() -> None:
    made = report.records("litert", [*rows("a"), *rows("b"), *rows("a", board="c")])
    assert [(each["model"], each["board"]) for each in made] == [("a", "a"), ("b", "b"), ("a", "c")]
    assert [len(each["rows"]) for each in made] == [3, 3, 3]
    assert {each["images"] for each in made} == {2}


def test_layers_stand_next_to_those_that_make_the_same_tensor() -> None:
    ours = [("CONV_2D", "a", 5), ("ADD", "b", 7), ("SOFTMAX", "end", 1)]
    theirs = [("PAD", "p", 2), ("CONV_2D", "a", 9), ("MUL", "m", 3), ("MUL", "m", 4)]
    runs = [("ours", run(ours, "litert")), ("theirs", run(theirs, "tflm"))]
    found = compare_page.chart(runs)
    assert found
    assert [(line.op, line.name, line.values) for line in found.lines] == [
        ("PAD", "p", [None, 4.0]),
        ("CONV_2D", "a", [10.0, 18.0]),
        ("MUL", "m", [None, 6.0]),
        ("MUL", "m", [None, 8.0]),
        ("ADD", "b", [14.0, None]),
        ("SOFTMAX", "end", [2.0, None]),
        ("", compare_page.REST, [20.0, 20.0]),
    ]
    assert (found.totals, found.most) == ([46.0, 56.0], 20.0)
    assert found.unit == "est. cycles on stm32l4r5"
    counted = compare_page.chart([("ours", run(ours, "litert", priced=False)), runs[1]])
    assert counted
    assert (counted.unit, counted.lines[1].values) == ("instructions", [5.0, 9.0])


def test_the_page_has_bars_and_reasons_and_hostile_text_is_no_markup() -> None:
    made = compare_page.render("litert", rows(HOSTILE), f"boardless compare {HOSTILE}")
    tree = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(made)
    elements = [*tree.iter()]
    assert not [each for each in elements if each.tag in ("script", "img", "link")]
    for each in elements:
        assert not [name for name in each.attrib if name.startswith("on")], each.attrib
    assert set(re.findall(r"[^\x20-\x7e\n]", made)) <= {"±", "\u25b4", "\u25be"}
    bars = [each.attrib["style"] for each in elements if each.attrib.get("class") == "bar"]
    assert bars.count("--v:100.00%") == 4  # the largest layer, the longest inference
    assert len(bars) == 2 + 2 + 1 + 2 + 2
    policy = next(each for each in elements if "http-equiv" in each.attrib)
    assert policy.attrib["content"].startswith("default-src 'none'; ")
    text = " ".join("".join(tree.itertext()).split())
    assert "refused: no </style>" in text


def test_a_page_of_refusals_has_no_bars() -> None:
    made = compare_page.render("litert", [REFUSED], "boardless compare m")
    assert "refused: unknown runtime" in made
    assert "By layer" not in made


def test_all_runtimes_are_compared_where_none_is_named() -> None:
    found = compare.every("mps2-an386")
    assert found[:2] == ["boardless", "bakenn:cmsis_nn"]
    assert "bakenn:cmsis_nn" not in compare.every("mps3-an547")


def test_a_part_is_for_the_boards_that_have_its_core() -> None:
    names = ("mps2-an386", "mps3-an547", "esp32c3", "host")
    assert compare.priced(names, ["esp32-c3"], ["stm32l4r5", "esp32-c3"]) == {
        "mps2-an386": ((), ("stm32l4r5",)),
        "mps3-an547": ((), ()),
        "esp32c3": (("esp32-c3",), ("esp32-c3",)),
        "host": ((), ()),
    }
    # No board here has a Cortex-M7: those that run its instructions are priced for it.
    assert compare.priced(names[:2], [], ["stm32h743"])["mps2-an386"] == ((), ("stm32h743",))
    with pytest.raises(BadInput, match=r"esp32c3: stm32l4r5 \(cortex-m4\) executes the code of"):
        compare.priced(["esp32c3"], [], ["stm32l4r5"])
