"""README and pages of docs/ are compared with the code: commands, figures, links, generated C."""

from __future__ import annotations

import importlib
import re
import sys
import tomllib
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from boardless import commands
from boardless.core import paths
from boardless.cycles import calibration
from boardless.device import boards
from boardless.model import compiler, folders, zoo
from boardless.model.compiler import kernels

DOCS = paths.ROOT / "docs"
README = (paths.ROOT / "README.md").read_text()
LINK = re.compile(r"\]\((?!https?:)([^)#]+)")


def test_readme_is_short() -> None:
    """Its tables are as long as they are."""
    prose = re.sub(r"<!-- (\w+) -->.*?<!-- /\1 -->", "", README, flags=re.DOTALL)
    assert len(prose.split()) < 1_100


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_to_files(page: str) -> None:
    """Sphinx checks the pages of docs/, but not those outside of it."""
    for target in LINK.findall((paths.ROOT / page).read_text()):
        assert (paths.ROOT / target).exists(), target


def test_the_table_of_operators_is_made_from_the_kernel_folders(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(DOCS / "_ext"))
    fresh: str = importlib.import_module("readme").fresh(README)
    for name in [n for n in sys.modules if n.split(".")[0] in ("generated", "readme")]:
        del sys.modules[name]
    assert fresh == README, "run `python docs/_ext/readme.py` and commit README.md"
    for name in kernels.names():
        assert re.search(rf"^\| {name} \|", README, re.MULTILINE), name


def test_every_kernel_folder_without_an_operator_is_known() -> None:
    """A folder with a lower.py serves the operator of its name, or several; one with a value.py
    alone computes the sizes of an open batch, one with a traits.py alone names a variable."""
    known = {folders.folder(name) for name in kernels.names()}
    known |= {p.parent.name for p in paths.KERNELS.glob("*/value.py")}
    known |= {p.parent.name for p in paths.KERNELS.glob("*/traits.py")}
    shared = {p.name for p in paths.KERNELS.iterdir() if p.is_dir()} - known
    assert shared == {"layers", "lookup", "strided", "indexed", "pieces"}


@pytest.mark.parametrize("command", sorted(set(re.findall(r"`?boardless ([a-z]+)\b", README))))
def test_commands_in_readme_exist(command: str) -> None:
    assert command in {*commands.names(), "answers", "has"}


def test_options_in_readme_exist() -> None:
    block = README.split("## Seven commands\n\n```\n")[1].split("```")[0]
    lines = re.findall(r"^boardless (\w+) (.*)$", block, re.MULTILINE)
    assert len(lines) == 7
    for name, line in lines:
        known = {option for p in commands.load(name).params for option in p.opts}
        assert set(re.findall(r"(--[a-z-]+)", line)) <= known, line


def test_readme_shows_every_core_that_was_measured() -> None:
    for core, part in calibration.targets():
        assert (f"| `{part}` ({core}) |" if part else f"| `{core}` |") in README


def test_the_picture_in_readme_shows_the_baselines() -> None:
    """Its first line is the command; reference/results.md says how to draw it again."""
    (picture,) = re.findall(r"!\[.*\]\((.*)\)", README)
    svg = ElementTree.parse(paths.ROOT / picture)
    lines: dict[str, str] = {}
    for text in svg.iter("{http://www.w3.org/2000/svg}text"):
        lines[text.attrib["y"]] = f"{lines.get(text.attrib['y'], '')} {text.text}"
    shown = [line.replace("\xa0", " ").split() for line in lines.values()]
    command = " ".join(shown[0])
    assert command.removeprefix("$ ") in (DOCS / "reference" / "results.md").read_text()
    rows = [words for words in shown if ":int8" in words[0] or ":float32" in words[0]]
    assert len(rows) > 3
    for model, board, *figures, verdict, gate in rows:
        name, kind = model.split(":")
        baseline = (paths.ZOO / name / "baseline" / f"{board}.toml").read_text()
        memory = tomllib.loads(baseline)[kind]["memory"]
        assert f"{memory['static_ram_bytes'] + memory['stack_bytes']:,}" in figures, model
        assert f"{memory['flash_bytes']:,}" in figures, model
        assert (verdict, gate) == ("ok", "ok")


def test_the_generated_c_of_the_documentation_is_what_the_compiler_writes() -> None:
    board = boards.load("mps2-an386")
    program = compiler.compile_graph(zoo.find("digits_cnn:int8").graph, board.variants)
    text = compiler.emit(program)["model.c"].decode()
    body = text[text.index("bl_status bl_model_invoke") :]
    body = body[: body.index("\n}\n") + 2]
    assert f"```c\n{body}\n```" in (DOCS / "explanation" / "compiler.md").read_text()


def test_accuracies_are_those_of_the_committed_models() -> None:
    page = (DOCS / "reference" / "models.md").read_text()
    stated = dict(re.findall(r"\| ([a-z]\w+) \| ([\d.]+) % \|", page))
    assert stated == {n: f"{100 * zoo.results(n).accuracy['int8']:.1f}" for n in zoo.names()}


def test_the_architecture_page_lists_the_wings_in_the_order_of_the_contract() -> None:
    pyproject = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())
    layers = pyproject["tool"]["importlinter"]["contracts"][0]["layers"]
    page = (DOCS / "architecture.md").read_text()
    wings = re.findall(r"^\| .*?`([a-z]+)/` \|", page, re.MULTILINE)
    assert wings == [layer for layer in layers if layer in wings]
    assert {layer for layer in layers if layer not in wings} == {"__main__", "cli", "terminal"}


def test_every_place_of_the_architecture_page_exists() -> None:
    page = (DOCS / "architecture.md").read_text()
    parts = re.findall(r"`([a-z_]+/[\w./<> ]*)`", page)
    assert len(parts) > 25
    for part in parts:
        fixed = Path(part.split("<")[0])
        roots = (paths.ROOT, paths.ROOT / "sim" / "boardless")
        assert any((root / fixed).exists() for root in roots), part


def test_decisions_are_dated_and_numbered() -> None:
    records = sorted((DOCS / "adr").glob("[0-9]*.md"))
    for number, path in enumerate(records, 1):
        assert path.name.startswith(f"{number:04}-")
        text = path.read_text()
        assert re.match(rf"# {number}\. .+\n\n\d{{4}}-\d\d-\d\d\n\n## Context\n", text), path.name
        assert re.findall(r"^## (\w+)$", text, re.MULTILINE) == [
            "Context",
            "Decision",
            "Consequence",
        ]
