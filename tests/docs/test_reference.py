"""The parts of the reference that are made from the code hold everything that the code has."""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from boardless import robot_library
from boardless.core import paths
from boardless.cycles import cores, parts
from boardless.cycles.calibration import facts
from boardless.device import boards, emulators
from boardless.device.link.client import Client
from boardless.front import pytest_aliases, pytest_plugin
from boardless.model import zoo
from boardless.model.compiler import kernels
from boardless.report import columns, gate_columns
from docs.pages import DOCS

PART = re.compile(r"^```\{made-from-code\} (\w+)(?::(\w+))?$", re.MULTILINE)
Made = Callable[..., str]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[Made]:
    """made(NAME, WHAT...): Markdown of a module of docs/_ext/generated."""
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    yield lambda name, *what: str(importlib.import_module(f"generated.{name}").markdown(*what))
    for name in [name for name in sys.modules if name.split(".")[0] == "generated"]:
        del sys.modules[name]


def test_every_column_of_the_tables_of_results_is_explained(made: Made) -> None:
    for what, known in (("runs", columns.COLUMNS), ("gate", gate_columns.COLUMNS)):
        for column in known:
            assert f"| {column.title} | " in made("columns", what)
            assert column.about


@pytest.mark.parametrize(
    ("name", "things"),
    [
        ("boards", boards.names()),
        ("board_fields", ["prefix", "flash_origin", "icount_shift", "timer_hz", "baud"]),
        ("cores", cores.names()),
        ("parts", parts.names()),
        ("kernels", kernels.names()),
        ("models", zoo.names()),
        ("exit_codes", ["BadInput", "TooSmall", "ToolMissing", "ToolFailed", "DeviceFault"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_table_holds_all(name: str, things: list[str], made: Made) -> None:
    rows = made(name)
    for thing in things:
        assert re.search(rf"\| `{re.escape(thing)}(:int8)?` \|", rows), thing


def test_every_rule_of_every_core_has_its_source(made: Made) -> None:
    text = made("cores", "rules")
    for name in cores.names():
        core = cores.load(name)
        assert text.count(f"## {name}\n") == 1
        assert len(core.cost) <= text.count("| cost |")
    assert not re.search(r"\|\s*\|\n", text), "a rule without a source"


def test_every_measured_program_is_listed(made: Made) -> None:
    text = made("calibration")
    for name in facts.names():
        assert f"## {name}\n" in text
        for program in facts.load(name).programs:
            assert f"| `{program.name}` |" in text


def test_every_keyword_has_its_heading(made: Made) -> None:
    text = made("robot", "library")
    for name in (*robot_library.OURS, *robot_library.OF_RENODE):
        assert f"### {name.replace('_', ' ').title()}\n" in text
    assert "### The Board Is Switched On\n" in made("robot", "resource")


def test_every_fixture_option_and_marker_is_there(made: Made) -> None:
    for name in (f"boardless_{short}" for short in pytest_aliases.FIXTURES):
        assert hasattr(pytest_plugin, name)
        assert f"| `{name}` |" in made("pytest", "fixtures")
    for option in pytest_aliases.OPTIONS:
        assert f"| `--boardless-{option}=" in made("pytest", "options")
    assert made("pytest", "markers").count("@pytest.mark.") == 2
    assert "`device.predict(picture)`" in made("pytest", "device")


def test_commands_of_the_protocol_are_those_that_the_device_names(
    made: Made, built: Callable[[str, str], Any]
) -> None:
    firmware = built("digits_cnn:int8", "host")
    session = emulators.load("fake").start(firmware.board, firmware.elf, shared=False)
    try:
        client = Client(session)
        client.boot()
        told = client.command("help")
    finally:
        session.close()
    text = made("protocol").replace("\\", "")
    assert told
    for line in told:
        usage, what = re.split(r"  +", line)
        assert f"| `{usage}` | {what} |" in text


def test_every_variable_of_the_environment_is_documented() -> None:
    """Those that the project's own processes hand to each other are none of a user's business."""
    internal = {"BOARDLESS_GENERATED", "BOARDLESS_BOARD"}
    page = (DOCS / "reference" / "environment.md").read_text()
    folders = paths.ROOT / "sim", paths.ROOT / "tests", DOCS / "_ext"
    sources = [source for folder in folders for source in folder.rglob("*.py")]
    read = re.compile(r"""environ(?:\.get\(|\[)["'](BOARDLESS_\w+)""")
    used = {name for source in sources for name in read.findall(source.read_text())}
    documented = set(re.findall(r"`(BOARDLESS_\w+)`", page))
    assert used - internal <= documented
    everything = "".join(source.read_text() for source in sources)
    assert all(name in everything for name in documented)


def test_every_part_that_pages_ask_for_is_made(made: Made) -> None:
    asked = [part for page in DOCS.rglob("*.md") for part in PART.findall(page.read_text())]
    assert asked
    for name, what in asked:
        assert made(name, *filter(None, [what])).strip()


def test_every_column_of_a_table_has_a_heading() -> None:
    """A screen reader names it with every cell."""
    for page in DOCS.rglob("*.md"):
        for row in re.findall(r"^(\|.*\|)\n\|[ :|-]+\|$", page.read_text(), re.MULTILINE):
            assert all(cell.strip() for cell in row[1:-1].split("|")), f"{page}: {row}"
