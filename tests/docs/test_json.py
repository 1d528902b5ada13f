"""reference/json.md against what commands write: every key is there, with its type, and no more.

A list whose elements the page does not describe is not looked into.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import re
import sqlite3
import subprocess
from pathlib import Path
from typing import Any

import bare_programs
import example_report
import msgspec
import pytest
import stand_in_converters
from boardless import cli, commands
from boardless.commands import bisect
from boardless.cycles import calibration
from boardless.cycles.calibration import again, facts, recorded
from boardless.device.records import HardwareCycles, MarkedLayer
from boardless.front import tables
from boardless.front.bench import emulation
from boardless.front.bisect import Found, Tried
from boardless.judge import history as judged
from boardless.judge.budgets import NO_BUDGETS
from boardless.judge.fits import Fit
from boardless.judge.growth import Finding
from boardless.judge.history import Entry
from boardless.model import published, structures, zoo
from boardless.path import Request, follow
from boardless.report import calibrate, fit, history, record
from boardless.report import gate as gate_report
from boardless.report.columns import COLUMNS
from click.testing import CliRunner
from docs.pages import DOCS

MADE = "".join(f"| `{k.path}` | {k.kind} | {k.what} |\n" for c in COLUMNS for k in c.keys)
PAGE = (DOCS / "reference" / "json.md").read_text()
PAGE = PAGE.replace("```{made-from-code} columns:json\n```\n", MADE)
ROW = re.compile(r"^\| `(.+?)` \| (.+?) \| (.*?) ?\|$", re.MULTILINE)
LINK = re.compile(r"\[(.+?)\]\(#.+?\)")
NAMES = {dict: "object", str: "string", bool: "boolean", int: "integer", float: "number"}
BOARD = "mps2-an386"


def section(title: str) -> list[tuple[str, str]]:
    """(key, type) of each row of the tables under a heading."""
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL)
    assert found, f"json.md has no section {title!r}"
    return [(key, kind) for key, kind, _ in ROW.findall(found[1])]


def documented(title: str, at: str = "") -> dict[str, str]:
    """Path -> type, with what the types that are sections of their own hold."""
    found = {}
    for key, kind in section(title):
        path = f"{at}{key}"
        found[path] = LINK.sub("object", kind)
        if inner := LINK.search(kind):
            found |= documented(inner[1], path + ("[]." if kind.startswith("list") else "."))
    return found


def kind_of(value: Any) -> str:
    return "null" if value is None else "list" if isinstance(value, list) else NAMES[type(value)]


class Shape:
    """The keys of a section, and those that have been seen."""

    def __init__(self, title: str) -> None:
        self.paths = documented(title)
        self.seen: set[str] = set()

    def check(self, value: dict[str, Any], at: str = "") -> None:
        for key, inner in value.items():
            path = self._path(at, key)
            kind, kinds = kind_of(inner), self.paths[path]
            said = re.split(r" or ", kinds)
            ok = kind in said or (kind == "integer" and "number" in said)
            assert ok or (kind == "list" and kinds.startswith("list")), (
                f"{path}: {kind}, not {kinds}"
            )
            self.seen.add(path)
            if isinstance(inner, dict):
                self.check(inner, f"{path}.")
            elif isinstance(inner, list) and f"{kinds} ".startswith("list of object"):
                for each in inner:
                    self.check(each, f"{path}[].")

    def _path(self, at: str, key: str) -> str:
        """The row for a key: its own, or one in capitals, which stands for any."""
        if at + key in self.paths:
            return at + key
        for path in self.paths:
            if path.startswith(at) and re.fullmatch(r"[A-Z]+", path.removeprefix(at)):
                return path
        raise AssertionError(f"json.md does not name {at}{key}")

    def all_seen(self) -> None:
        assert sorted(set(self.paths) - self.seen) == []


def ask(*arguments: str) -> Any:
    done = CliRunner().invoke(cli.cli, [*arguments, "--json", "-"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


def quiet(what: str, done: int, total: int) -> None:
    """Nobody looks at this progress."""


def test_every_command_with_json_is_documented() -> None:
    with_json = {
        f"boardless {name}"
        for name in commands.names()
        if any("--json" in option.opts for option in commands.load(name).params)
    }
    assert with_json == set(re.findall(r"^## (boardless .+)$", PAGE, re.MULTILINE))


@pytest.mark.emulated
def test_run(tmp_path: Path) -> None:
    shape = Shape("boardless run")
    limits = ("--max-flash", "1M", "--max-ms", "1000")
    part = ("--part", "nrf52840", "--part", "stm32l4r5")
    shape.check(ask("run", "digits_cnn", "--limit", "2", *part, "--metrics", "all", *limits))
    groups = tmp_path / "groups.csv"
    groups.write_text("picture,group\n0,a\n1,b\n")
    outcome = follow(Request("digits_cnn", BOARD, limit=2, metrics=("fairness",), groups=groups))
    verdict = dataclasses.replace(outcome.verdict, mismatches=(1,))
    wrong = record.run(dataclasses.replace(outcome, verdict=verdict))
    measured = record.device(HardwareCycles("dwt", (90, 100), (60, 30), 0), {"cortex-m4": 110.0})
    shape.check(wrong | {"device": measured})
    shape.all_seen()


@pytest.mark.emulated
def test_sim_and_gate() -> None:
    shape = Shape("boardless gate")
    result = ask("gate", "digits_cnn:int8", "--board", BOARD)
    also = (Finding("worse", "arena", metric="x", unit="bytes", old=3, new=4),)
    found = Finding("worse", "arena", metric="arena_bytes", unit="bytes", old=1, new=2, also=also)
    result["rows"][0]["findings"].append(gate_report.finding(found) | {"line": str(found)})
    result["rows"][0]["accuracy"] = {"now": 0.5, "before": 0.25, "of": 4}  # of own pictures
    shape.check(result)
    shape.all_seen()
    (row,) = ask("sim", "digits_cnn:int8", "--boards", BOARD, "--limit", "2")
    Shape("boardless sim").check({"gate": row.pop("gate")})
    Shape("boardless run").check(row)


def test_report(tmp_path: Path) -> None:
    shape = Shape("boardless report")
    file, output = tmp_path / "report.json", tmp_path / "report.html"
    made = example_report.report(example_report.case(), text="a cause")
    file.write_bytes(msgspec.json.encode(made))
    shape.check(ask("report", "--from", str(file), "-o", str(output)))
    shape.all_seen()


@pytest.mark.emulated
def test_profile_and_bench(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SPEED_INSTRUCTIONS", "COUNTING_INSTRUCTIONS"):  # their figures are not looked at
        monkeypatch.setattr(emulation, name, getattr(emulation, name) // 20)
    for title, command in (
        ("boardless profile", ("profile", "digits_cnn", "--part", "stm32l4r5", "--limit", "1")),
        ("boardless bench", ("bench", "digits_cnn:int8")),
    ):
        shape = Shape(title)
        shape.check(ask(*command))
        shape.all_seen()


@pytest.mark.emulated
def test_count(tmp_path: Path) -> None:
    shape = Shape("boardless count")
    source, elf = tmp_path / "nothing.c", tmp_path / "nothing.elf"
    source.write_text("int main(void) { return 0; }\n")
    gcc = (*bare_programs.GCC, *bare_programs.NEWLIB, "-o", str(elf), str(source))
    subprocess.run(gcc, check=True, timeout=60)
    shape.check(ask("count", str(elf), "--region", "main:_exit", "--part", "nrf52840"))
    shape.all_seen()


@pytest.mark.emulated
def test_mlperf() -> None:
    shape = Shape("boardless mlperf")
    shape.check(ask("mlperf", "digits_cnn", "--limit", "2"))
    shape.check(ask("mlperf", "digits_cnn", "--mode", "performance", "--seconds", "0.001"))
    shape.all_seen()


def test_history() -> None:
    shape = Shape("boardless history")
    old = Entry(commit="1" * 12, date="2026-01-01", model="m:int8", board=BOARD, cycles=1)
    new = msgspec.structs.replace(old, commit="2" * 12, cycles=2, layers={"conv 0": 2})
    new = msgspec.structs.replace(new, instructions=1, ram=1, flash=1, accuracy=0.5)
    cases = {old.case: [old, new]}
    made = history.record(cases, judged.steps(cases[old.case], 1.0))
    assert made["steps"]
    # A layer's name has a space and a number, so it is not looked into.
    shape.check({**made, "entries": [e | {"layers": {}} for e in made["entries"]]})
    assert set(shape.paths) - shape.seen == {"entries[].layers.LAYER"}


def test_bisect() -> None:
    shape = Shape("boardless bisect")
    tried = (Tried("1" * 40, "good"), Tried("2" * 40, "bad", ("a line",)))
    first = [dict.fromkeys(("commit", "date", "author", "subject"), "text")]
    shape.check(bisect.record_of(Found(("2" * 40,), tried, ("a line",)), first))
    shape.all_seen()


@pytest.mark.emulated
def test_compare() -> None:
    shape = Shape("boardless compare")
    names = ("boardless", "bakenn:portable", "bakenn:esp_nn")
    chosen = [word for name in names for word in ("--runtime", name)]
    parts = ("--part", "nrf52840", "--part", "stm32l4r5")
    made = ask("compare", "digits_cnn", "--board", BOARD, *parts, *chosen)
    shape.check(made)
    shape.all_seen()
    ours, theirs, refused = made["rows"]
    assert ours["bit_exact"]
    assert theirs["own_reference"]["bit_exact"]
    assert theirs["instructions"]["median"] > 0
    assert refused["refused"].startswith("board mps2-an386: bakenn's esp_nn is not for cortex-m4")
    assert refused["memory"] is None


@pytest.mark.emulated
def test_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    shape, limits = Shape("boardless fit"), ("--max-flash", "1M", "--max-ram", "1M")
    monkeypatch.setattr(zoo, "names", lambda: ["digits_cnn"])
    shape.check(ask("fit", "--board", BOARD, "--part", "nrf52840", "--max-ms", "1000", *limits))
    small = Fit("m:int8", "a", "board", "cortex-m4", 10, 10, flash=11, ram=9)
    shape.check(fit.record([small], NO_BUDGETS, zoo=False))
    shape.all_seen()


@pytest.mark.emulated
def test_plan_and_models(monkeypatch: pytest.MonkeyPatch) -> None:
    shape = Shape("boardless plan")
    shape.check(ask("plan", "digits_cnn", "--measure")[0])
    known = next(name for name in structures.STRUCTURES if name in published.MEMORY)
    shape.check(ask("plan", known)[0])
    shape.all_seen()
    monkeypatch.setattr(zoo, "names", lambda: ["digits_cnn"])
    models = Shape("boardless models")
    models.check(ask("models")[0])
    models.all_seen()


@pytest.mark.emulated
def test_published_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    model, part = "digits_cnn:int8", "nrf52840"
    of = published.Published("somebody", part, *(6 * [1]))
    monkeypatch.setattr(tables, "MEMORY", {model: of})
    monkeypatch.setattr(tables, "TIMES", (published.Time(model, part, 2.0, "somebody"),))
    monkeypatch.setattr(tables, "WIDTHS", published.WIDTHS[-1:])
    shape = Shape("published tables")
    result = ask("models", "--tables", "--part", part)
    for name, title in (("memory", "memory"), ("times", "time"), ("widths", "width")):
        (row,) = result[name]
        inner = Shape(f"published {title}")
        inner.check(row)
        if name != "times":  # whose estimate has no boards of your own
            inner.all_seen()
    shape.check(result)
    ours = result["memory"][0]["boardless"]
    assert ours["arena_bytes"] + ours["runtime_ram_bytes"] == ours["ram_bytes"]
    assert ours["weights_bytes"] + ours["code_bytes"] <= ours["flash_bytes"]
    (time,) = result["times"]
    assert 0 < time["estimated_milliseconds"] < 2
    assert 0 < time["estimate"]["error_percent"] < time["estimate"]["worst_error_percent"]


def test_boards_and_doctor(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")  # so that something is missing
    shape, tool = Shape("boardless boards"), Shape("boardless doctor")
    for row in ask("boards"):
        shape.check(row)
    shape.all_seen()
    done = CliRunner().invoke(cli.cli, ["doctor", "--json", "-"])
    for row in json.loads(done.stdout):
        tool.check(row)
    tool.all_seen()


@pytest.mark.emulated
def test_sweep(tmp_path: Path) -> None:
    shape = Shape("boardless sweep")
    file = str(tmp_path / "sweep.sqlite")
    (row,) = ask("sweep", "digits_cnn:int8", "--boards", BOARD, "--limit", "2", "-o", file)
    with contextlib.closing(sqlite3.connect(file)) as results, results:
        columns = "case_id, first, last, status, reason"
        results.execute(f"INSERT INTO failures ({columns}) VALUES (1, 0, 1, 3, 'said so')")
    done = CliRunner().invoke(cli.cli, ["sweep", "--show", file, "--json", "-"])
    shape.check(row)
    shape.check(json.loads(done.stdout)[0])
    shape.all_seen()


def test_check() -> None:
    shape = Shape("boardless check")
    shape.check(ask("check", "digits_cnn", "--board", BOARD))
    shape.all_seen()


def test_compile(tmp_path: Path) -> None:
    shape = Shape("boardless compile")
    shape.check(ask("compile", "digits_cnn", "-o", str(tmp_path / "ours")))
    alone = ("--standalone", "--no-measure")
    shape.check(ask("compile", "digits_cnn", *alone, "-o", str(tmp_path / "alone")))
    shape.all_seen()


def test_export(tmp_path: Path) -> None:
    shape = Shape("boardless export")
    shape.check(ask("export", "digits_cnn", "--format", "c_array", "-o", str(tmp_path)))
    shape.all_seen()


def test_convert(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(stand_in_converters.keras(tmp_path / "packages")))
    monkeypatch.chdir(tmp_path)
    Path("net.keras").write_bytes(b"")
    images = str(stand_in_converters.digits(tmp_path / "digits.npz", 4))
    shape = Shape("boardless convert")
    shape.check(ask("convert", "net.keras", "--images", images))
    shape.all_seen()


def test_calibrate() -> None:
    """Its programs are others': the JSON of rows that it has kept."""
    suite = facts.load("embench")
    rows = [row for row in calibration.load(suite.core, suite.part).row if row.suite == suite.name]
    shape = Shape("boardless calibrate")
    found = calibrate.SuiteFigures(suite, suite.core, suite.part, "14.2.1", rows)
    found.layers[rows[0].program] = [
        (MarkedLayer(0, "CONV_2D", "conv", 8), 100, 99.5)
    ]  # as of a board
    shape.check(calibrate.as_json(found))
    shape.all_seen()


def test_all_calibrated_targets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One suite of them, priced anew: the same error as was committed, of the same counts."""
    committed = calibration.error("cortex-m7", "stm32h743")
    monkeypatch.setattr(calibration, "FOLDER", tmp_path)
    monkeypatch.setattr(again, "suites", lambda: ["cfft-stm32h743"])
    result = ask("calibrate", "--all")
    Shape("all calibrated targets").check(result)
    (target,) = result["targets"]
    shape = Shape("calibrated target")
    shape.check(target)
    assert committed
    assert target["summary"]["held_out"]["mean_percent"] == pytest.approx(committed.mean, abs=1e-3)
    assert target["counts"]["cfft-stm32h743"] == recorded.load("cfft-stm32h743").digest
    assert not target["stale"]


def test_a_key_that_is_not_documented_fails() -> None:
    with pytest.raises(AssertionError, match="does not name surprise"):
        Shape("boardless run").check({"surprise": 1})
    with pytest.raises(AssertionError, match="images: string, not integer"):
        Shape("boardless run").check({"images": "64"})
    with pytest.raises(AssertionError):
        Shape("boardless run").all_seen()
