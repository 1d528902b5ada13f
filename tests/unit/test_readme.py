"""README is held against the code: its C is what the compiler writes, its commands exist."""

from __future__ import annotations

import re

import pytest
from boardless import commands
from boardless.core import paths
from boardless.device import boards
from boardless.model import compiler, zoo
from boardless.model.compiler import kernels

README = (paths.ROOT / "README.md").read_text()


def test_the_generated_c_in_readme_is_what_the_compiler_writes() -> None:
    board = boards.load("mps2-an386")
    program = compiler.compile_graph(zoo.find("digits_cnn:int8").graph, board.variants)
    text = compiler.emit(program)["model.c"].decode()
    body = text[text.index("bl_status bl_model_invoke") :]
    body = body[: body.index("\n}\n") + 2]
    assert f"```c\n{body}\n```" in README


def test_every_operator_is_named_in_readme() -> None:
    for name in kernels.names():
        assert re.search(rf"\b{name}\b", README), name


def test_every_kernel_folder_without_an_operator_is_known() -> None:
    """A folder with a lower.py serves the operator of its name."""
    known = {name.lower() for name in kernels.names()}
    shared = {p.name for p in paths.KERNELS.iterdir() if p.is_dir()} - known
    assert shared == {"layers", "lookup"}


@pytest.mark.parametrize("command", sorted(set(re.findall(r"boardless ([a-z]+)\b(?! --)", README))))
def test_commands_in_readme_exist(command: str) -> None:
    words = set(commands.names()) | {"answers", "has", "cannot"}
    assert command in words


def test_options_in_readme_exist() -> None:
    options = {
        option
        for name in commands.names()
        for p in commands.load(name).params
        for option in (*p.opts, *p.secondary_opts)
    }
    for line in re.findall(r"^boardless .*$", README, re.MULTILINE):
        for option in re.findall(r"(--[a-z-]+)", line):
            assert option in options, line


def test_accuracies_are_those_of_the_committed_models() -> None:
    told = dict(re.findall(r"\| ([a-z]\w+) \| ([\d.]+) % \|", README))
    assert told == {n: f"{100 * zoo.results(n).accuracy['int8']:.1f}" for n in zoo.names()}
