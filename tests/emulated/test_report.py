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

import browser
import html5lib
import kept
import numpy as np
import pytest
import shared
from command_line import Cli
from PIL import Image

pytestmark = pytest.mark.emulated
chromium = pytest.mark.skipif(not shutil.which("chromium"), reason="chromium is not installed")
VNU = os.environ.get("VNU_JAR", "")  # of the Nu Html Checker
VOID = {"meta", "input", "wbr"}  # elements that are never closed


READER = """
const rows = () => [...document.querySelectorAll(".results > tbody")].filter(b => !b.hidden);
const names = () => rows().map(b => b.rows[0].cells[0].textContent);
const seen = body => getComputedStyle(body.rows[1]).display !== "none";
const head = name => [...document.querySelectorAll(".results > thead button")]
  .find(b => b.textContent === name);
const said = {start: names(), opened: rows().filter(seen).map(b => b.id)};
head("est. cycles").click();
said.up = names();
head("est. cycles").click();
said.down = names();
said.sort = head("est. cycles").parentNode.getAttribute("aria-sort");
const form = document.querySelector(".filter").elements;
form.text.value = "LENET";
form.text.dispatchEvent(new Event("input", {bubbles: true}));
said.filtered = names();
form.board.value = "mps3-an547";
form.board.dispatchEvent(new Event("input", {bubbles: true}));
said.board = names();
said.output = document.querySelector("output").textContent;
form.trouble.click();
said.trouble = names();
form.trouble.click();
form.unfold.click();
said.unfolded = rows().filter(seen).length;
const link = rows()[0].querySelector("th a");
link.click();
said.folded = [seen(rows()[0]), link.getAttribute("aria-expanded")];
document.title = "said " + JSON.stringify(said);
"""


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


def free(text: str) -> str:
    """Returns the page without the policy that keeps a test's script from running."""
    return re.sub('<meta http-equiv="Content-Security-Policy"[^>]*>', "", text)


class Page(HTMLParser):
    """Checks nesting, and collects what the tests ask for."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.scripts = self.bars = self.marks = self.tiles = 0
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        found = dict(attributes)
        self.marks += tag == "b" and self.open[-1] == "i"
        if tag not in VOID:
            self.open.append(tag)
        self.ids += [found["id"] or ""] if "id" in found else []
        self.links += [found[k] or "" for k in ("href", "src") if k in found]
        self.scripts += tag == "script"
        self.bars += found.get("class") == "bar"
        self.tiles += tag == "i" and found.get("role") == "img"
        assert tag != "th" or found.get("scope") in ("col", "row")
        assert not [name for name in found if name.startswith("on")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def sim(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """(build folder, the page)"""
    folder = shared.once(tmp_path_factory, "sim", simulate)
    return folder, (folder / "report.html").read_text()


def simulate(folder: Path) -> None:
    kept.share_with(folder, ("mps2-an386", "mps3-an547"))
    done = Cli()(
        "sim", "digits_cnn", "mobile_lenet", "--limit", "36", BOARDLESS_BUILD_DIR=str(folder)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr.rstrip().endswith(f"report: {folder / 'report.html'}")


def test_the_page_is_whole_and_needs_no_other_file(sim: tuple[Path, str]) -> None:
    _, text = sim
    found = Page(text)
    assert len(set(found.ids)) == len(found.ids)
    assert {link.removeprefix("#") for link in found.links} <= {*found.ids}
    assert found.scripts == 1
    addresses = re.findall(r"url\((.*?)\)", text)
    assert addresses
    assert all(re.match('"data:image/(png|webp);base64,', address) for address in addresses)
    assert "default-src 'none'" in html.unescape(text)
    assert "prefers-color-scheme: dark" in text


def test_pictures_lie_in_the_page_once(sim: tuple[Path, str]) -> None:
    """Types of a model and boards share them: 51 cases stay below 1 MB, with what was accepted of
    them over commits."""
    folder, text = sim
    data = json.loads((folder / "report.json").read_text())
    assert len(data["sheets"]) == 2
    assert Page(text).tiles == 36 * len(data["cases"])
    pictures = sum(len(sheet["uri"]) for sheet in data["sheets"])
    assert pictures < 100_000
    history = "".join(re.findall('<section id="history".*?</section>', text, re.DOTALL))
    assert (len(text) - len(history) - pictures) / len(data["cases"]) < 16_000
    assert len(history) / len(data["cases"]) < 2_500


def test_the_page_shows_every_layer_beside_what_was_accepted(sim: tuple[Path, str]) -> None:
    folder, text = sim
    data = json.loads((folder / "report.json").read_text())
    layers = sum(len(case["layers"]["rows"]) for case in data["cases"])
    found = Page(text)
    assert (found.bars, found.marks) == (layers, layers)
    for case in data["cases"]:
        assert case["gate"]["verdict"] == "ok"
        assert case["id"] in found.ids
    digits = data["cases"][0]
    counts = digits["confusion"]["counts"]
    assert sum(map(sum, counts)) == 36
    right = sum(row[k] for k, row in enumerate(counts))
    groups = {group["title"]: group["count"] for group in digits["grid"]["groups"]}
    assert groups.get("misclassified, by the reference too", 0) == 36 - right
    assert groups["as labelled"] == right


def test_the_summary_says_what_made_it(sim: tuple[Path, str]) -> None:
    folder, text = sim
    data = json.loads((folder / "report.json").read_text())
    summary = text[text.index("<main>") : text.index('id="results"')]
    assert "boardless sim digits_cnn mobile_lenet --limit 36" in summary
    assert data["revision"]["commit"] in summary
    assert data["made"][:10] in summary
    assert "Nothing: every figure is as accepted." in summary
    assert data["counts"] == {"ok": 8, "worse": 0, "wrong": 0, "skipped": 0}


def test_report_makes_it_again(sim: tuple[Path, str], tmp_path: Path) -> None:
    folder, text = sim
    again = tmp_path / "again.html"
    done = Cli()("report", "-o", str(again), BOARDLESS_BUILD_DIR=str(folder))
    assert (done.returncode, done.stdout) == (0, f"{again}\n")
    assert again.read_text() == text
    done = Cli()("report", "--github", BOARDLESS_BUILD_DIR=str(folder))
    lines = done.stdout.splitlines()
    assert lines[1] == "## boardless: all well"
    assert {line.count("|") for line in lines if line.startswith("|")} == {14}
    done = Cli()("report", BOARDLESS_BUILD_DIR=str(tmp_path))
    assert done.returncode == 2
    assert "run `boardless sim` first" in done.stderr


def test_report_as_json(sim: tuple[Path, str]) -> None:
    folder, _ = sim
    done = Cli()("report", "--json", "-", BOARDLESS_BUILD_DIR=str(folder))
    found = json.loads(done.stdout)
    assert found["page"] == str(folder / "report.html")
    assert (found["ok"], found["causes"], len(found["rows"])) == (True, [], 8)
    assert found["rows"][0]["model"] == "digits_cnn:int8"


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
def test_axe_finds_nothing_and_a_phone_is_wide_enough(sim: tuple[Path, str]) -> None:
    """All rows are unfolded; tests/unit/test_browser.py looks at dark pages, too. On a phone only
    tables scroll, each on its own."""
    assert [*browser.problems(browser.look([sim[0] / "report.html"]))] == []


@chromium
def test_rows_can_be_sorted_filtered_unfolded_linked(sim: tuple[Path, str], tmp_path: Path) -> None:
    """A browser does what a reader does; the link of a row opens its details."""
    page = free(sim[1]).replace("</body>", f"<script>{READER}</script></body>")
    (tmp_path / "page.html").write_text(page)
    case = "mobile_lenet-float32-mps2-an386"
    found = browse(tmp_path, Path(f"{tmp_path / 'page.html'}#{case}"), "--dump-dom")
    title = re.search(r"<title>said (.*?)</title>", found)
    assert title, found[:200]
    said = json.loads(html.unescape(title[1]))
    models = ["digits_cnn:int8", "digits_cnn:float32", "mobile_lenet:int8", "mobile_lenet:float32"]
    assert said["start"] == models * 2
    assert said["opened"] == [case]
    assert (said["up"][0], said["up"][-1]) == ("digits_cnn:int8", "mobile_lenet:float32")
    assert said["down"] == said["up"][::-1]
    assert said["sort"] == "descending"
    assert sorted(said["filtered"]) == sorted(models[2:] * 2)
    assert sorted(said["board"]) == sorted(models[2:])
    assert said["output"] == "2 of 8"
    assert said["trouble"] == []
    assert said["unfolded"] == 2
    assert said["folded"] == [False, "false"]


@chromium
def test_only_the_script_of_the_page_runs(sim: tuple[Path, str], tmp_path: Path) -> None:
    """The form is hidden until the script has run; the policy keeps another from running."""
    other = sim[1].replace("</body>", "<script>document.title = 'other'</script></body>")
    (tmp_path / "page.html").write_text(other)
    found = browse(tmp_path, tmp_path / "page.html", "--dump-dom")
    assert "<title>boardless: all well</title>" in found
    assert '<form class="filter" role="search" aria-label="Filter the results">' in found


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
