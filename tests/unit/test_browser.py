"""The look at pages in a browser sees what is wrong: contrast, names, width."""

from __future__ import annotations

import shutil
from pathlib import Path

import browser
import msgspec
import pytest
from boardless.report import compare_page, page
from boardless.report.page_records import Dot, Report, Trend
from compare_rows import rows
from example_report import case, report

PAGE = """<!DOCTYPE html><html lang="en"><head><title>x</title><style>
p {{ color: {color}; background: #fff }}
@media (prefers-color-scheme: dark) {{ p {{ color: #eee }} }}
</style></head><body><main><h1>Title</h1><p>Words</p>{more}</main></body></html>"""


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which(browser.PROGRAM), reason="chromium is not installed"),
]


def example() -> Report:
    """Returns a report with one of everything: bad and good news, pictures, metrics, trends."""
    whole = report(case(), case(id="other", model="vww:int8", ok=True), text="words")
    dots = [Dot(4.0, 44.0, "abc 2026-11-29: 1"), Dot(236.0, 4.0, "def 2026-11-30: 2")]
    return msgspec.structs.replace(whole, trends=[Trend("vww:int8 b", "RAM", "1", "2", dots)])


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_axe_finds_nothing_in_a_report_and_a_comparison(tmp_path: Path, dark: bool) -> None:
    pages = [tmp_path / "report.html", tmp_path / "compare.html"]
    pages[0].write_text(page.render(example()))
    both = [*rows("digits_cnn", board="mps2-an386"), *rows("vww", board="esp32c3")]
    pages[1].write_text(compare_page.render("litert", both, "boardless compare digits_cnn vww"))
    assert [*browser.problems(browser.look(pages, dark=dark))] == []


def test_faults_are_seen(tmp_path: Path) -> None:
    pages = [tmp_path / f"{name}.html" for name in ("good", "faint", "wide")]
    pages[0].write_text(PAGE.format(color="#000", more=""))
    pages[1].write_text(PAGE.format(color="#999", more='<input name="x">'))
    pages[2].write_text(PAGE.format(color="#000", more='<div style="width: 500px">x</div>'))
    found = browser.look(pages)
    assert [*browser.problems({pages[0]: found[pages[0]]})] == []
    rules = {line.split(":")[0] for line in found[pages[1]].problems}
    assert rules == {"color-contrast", "label"}
    (line,) = browser.problems({pages[2]: found[pages[2]]})
    assert line.startswith("wide.html: 5")
    assert browser.look(pages[:1], dark=True)[pages[0]].problems[0].startswith("color-contrast: p")
