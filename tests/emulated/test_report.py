"""The HTML report of `boardless sim`, and what `boardless report` makes of it."""

from __future__ import annotations

import html
import json
import os
import re
import shutil
import subprocess
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import html5lib
import numpy as np
import pytest
from boardless.report import page
from command_line import Cli
from PIL import Image

pytestmark = pytest.mark.emulated
chromium = pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
VNU = os.environ.get("VNU_JAR", "")  # of the Nu Html Checker
VOID = {"meta", "img", "wbr"}  # elements that are never closed


def browse(folder: Path, page: Path, *options: str) -> str:
    """Returns the standard output of headless Chromium."""
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", *options]
    done = subprocess.run(
        [*command, f"--user-data-dir={folder / 'profile'}", f"file://{page}"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    return done.stdout


class Page(HTMLParser):
    """Checks nesting, and collects what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.cells: list[int] = []  # of each row
        self.bars = self.marks = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        found = dict(attributes)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found[k] or "" for k in ("href", "src") if k in found]
        self.bars += tag == "span" and found.get("class") == "bar"
        self.marks += tag == "b"
        if tag == "tr":
            self.cells.append(0)
        self.cells[-1:] = [self.cells[-1] + (tag in ("td", "th"))] if self.cells else []
        assert tag != "th" or found.get("scope") in ("col", "row")
        assert tag != "img" or found.get("alt")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(build folder, the page)"""
    folder = tmp_path_factory.mktemp("sim")
    done = Cli()(
        "sim", "digits_cnn", "mobile_lenet", "--limit", "36", BOARDLESS_BUILD_DIR=str(folder)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.rstrip().endswith(f"report: {folder / 'report.html'}")
    return folder, (folder / "report.html").read_text()


def test_the_page_is_whole_and_needs_no_other_file(sim: tuple[Path, str]) -> None:
    _, text = sim
    found = Page(text)
    assert len(set(found.ids)) == len(found.ids)
    for link in found.links:
        picture = re.match("data:image/(png|jpeg);base64,", link)
        assert picture or link.removeprefix("#") in found.ids
    assert "<script" not in text
    assert "url(" not in text
    assert "prefers-color-scheme: dark" in text
    assert len(text) < 3_000_000


def test_the_page_shows_every_layer_beside_what_was_accepted(sim: tuple[Path, str]) -> None:
    folder, text = sim
    data = json.loads((folder / "report.json").read_text())
    layers = sum(len(run["layers"]["rows"]) for run in data["runs"])
    found = Page(text)
    assert (found.bars, found.marks) == (layers, layers)
    for run in data["runs"]:
        assert run["gate"]["verdict"] == "ok"
        assert f'id="{run["id"]}"' in text
    digits = data["runs"][0]
    assert sum(map(sum, digits["confusion"]["counts"])) == 36
    wrong = sum(n for k, row in enumerate(digits["confusion"]["counts"]) for n in row) - sum(
        row[k] for k, row in enumerate(digits["confusion"]["counts"])
    )
    assert [g["count"] for g in digits["galleries"]] == ([wrong] if wrong else [])


def test_report_makes_it_again(sim: tuple[Path, str], tmp_path: Path) -> None:
    folder, text = sim
    again = tmp_path / "again.html"
    done = Cli()("report", "-o", str(again), BOARDLESS_BUILD_DIR=str(folder))
    assert (done.returncode, done.stdout) == (0, f"{again}\n")
    assert again.read_text() == text
    done = Cli()("report", "--github", BOARDLESS_BUILD_DIR=str(folder))
    lines = done.stdout.splitlines()
    assert lines[1] == "## boardless: all well"
    assert {line.count("|") for line in lines if line.startswith("|")} == {12}
    done = Cli()("report", BOARDLESS_BUILD_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "run `boardless sim` first" in done.stderr


def test_what_is_wrong_stands_out(sim: tuple[Path, str]) -> None:
    data = json.loads((sim[0] / "report.json").read_text())
    data["ok"] = data["runs"][0]["ok"] = False
    data["runs"][0]["values"]["ok"] = False
    data["runs"][0]["reason"] = "36 of 36 <predictions> differ"
    data["causes"] = [page.cause("<digits_cnn>: 36 of 36", data["runs"][0])]
    text = page.render(data)
    assert "boardless: something is wrong" in text
    assert "36 of 36 &lt;predictions&gt; differ" in text
    cells = [*re.finditer(r"<td[^>]*>(.*?)</td>", text, re.DOTALL)]
    # A heading explains the word, too: it must stand in one cell.
    assert [cell[1] for cell in cells].count("WRONG") == 1
    assert text.index("&lt;digits_cnn&gt;: 36 of 36") < text.index("<table>")


def test_html_is_valid(sim: tuple[Path, str]) -> None:
    html5lib.HTMLParser(strict=True).parse(sim[1])
    with pytest.raises(html5lib.html5parser.ParseError):
        html5lib.HTMLParser(strict=True).parse(sim[1].replace("</section>", "</div>", 1))


@pytest.mark.skipif(not VNU, reason="VNU_JAR names no Nu Html Checker")
def test_the_nu_html_checker_has_nothing_to_say(sim: tuple[Path, str]) -> None:
    command = ["java", "-jar", VNU, str(sim[0] / "report.html")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")


def test_it_can_be_read_without_seeing_it(sim: tuple[Path, str]) -> None:
    """Pictures have a text, what can be scrolled can be reached by keyboard and has a name."""
    tags = re.findall(r"<(\w+)([^>]*)>", sim[1])
    for tag, attributes in tags:
        if 'class="scroll"' in attributes or 'role="img"' in attributes:
            assert 'aria-label="' in attributes, attributes
        if 'class="scroll"' in attributes:
            assert 'tabindex="0"' in attributes
        if tag == "html":
            assert 'lang="en"' in attributes
    headings = [int(tag[1]) for tag, _ in tags if re.fullmatch("h[1-6]", tag)]
    assert headings[0] == 1
    assert all(b - a <= 1 for a, b in pairwise(headings)), "a level of headings is left out"


@chromium
def test_nothing_is_wider_than_a_phone(sim: tuple[Path, str], tmp_path: Path) -> None:
    """Only tables scroll at 360 pixels, each on its own."""
    tell = "parent.postMessage([document.documentElement.scrollWidth, innerWidth], '*')"
    inner = html.escape(sim[1] + f"<script>onload = () => {tell}</script>")
    (tmp_path / "phone.html").write_text(
        "<script>onmessage = e => document.title = `widths ${e.data}`</script>"
        f'<iframe width="360" height="700" style="border:0" srcdoc="{inner}"></iframe>'
    )
    options = ["--virtual-time-budget=5000", "--dump-dom"]
    said = browse(tmp_path, tmp_path / "phone.html", *options)
    found = re.search(r"<title>widths (\d+),(\d+)", said)
    assert found, said[:200]
    assert int(found[1]) <= int(found[2]) == 360


@chromium
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_browser_shows_both_themes(sim: tuple[Path, str], tmp_path: Path, theme: str) -> None:
    shot = tmp_path / "shot.png"
    dark = ["--blink-settings=preferredColorScheme=0"] if theme == "dark" else []
    size = ["--window-size=600,900", f"--screenshot={shot}"]
    browse(tmp_path, sim[0] / "report.html", *dark, *size)
    pixels = np.asarray(Image.open(shot).convert("L"), np.float64)
    ground = np.median(pixels)
    assert ground < 60 if theme == "dark" else ground > 230
    assert pixels.std() > 10  # there is something on it
    assert re.search(r"<h1>boardless", sim[1])
