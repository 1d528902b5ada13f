"""No file of sim/ names an operator: what is known of one stands in its kernel's folder."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest
from ai_edge_litert import schema_py_generated as schema
from boardless.core import paths
from boardless.model import folders, traits
from boardless.model.graph import options

SIM = paths.ROOT / "sim"
TABLE = Path(options.__file__)  # TFLite's option tables that several operators share
KERNELS = set(folders.names())
# Alone they name an operator, among other words they are SQL's.
ORDINARY = {"ABS", "ADD", "CAST", "EQUAL", "EXP", "LESS", "ROUND", "SELECT", "SUM"}
OPERATORS = {*KERNELS, *options.names(schema.BuiltinOperator).values()}
# The C of a kernel, such as bl_conv_2d_s8_ref or conv_2d/conv_2d.h.
C = re.compile(r"\bbl_(\w+?)_(?:s8|f32)|\b(\w+)/\2\.h")


def literals(path: Path) -> list[tuple[int, str]]:
    """Line and value of every string that is no docstring, f-strings by their parts."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.append((id(node), node.lineno, node.value))
    return [(line, text) for number, line, text in found if number not in docstrings]


def named(text: str) -> list[str]:
    """The operators that a text is the name of, or that it names among other words. Of those
    without a kernel only names of several words count: WHERE and SELECT are SQL's, too."""
    found = {text} & OPERATORS
    for word in re.findall(r"\w+", text):
        if word in KERNELS - ORDINARY or ("_" in word and word.upper() in OPERATORS):
            found.add(word)
    return sorted(found | {f"{name}'s C" for pair in C.findall(text) if (name := _kernel(pair))})


def _kernel(pair: tuple[str, str]) -> str:
    name = "".join(pair)
    return name if name.upper() in KERNELS else ""


def test_no_file_of_sim_names_an_operator() -> None:
    found = [
        f"{path.relative_to(paths.ROOT)}:{line}: {', '.join(names)}"
        for path in sorted(SIM.rglob("*.py"))
        if path != TABLE
        for line, text in literals(path)
        if (names := named(text))
    ]
    assert not found, "put it into firmware/kernels/<operator>/traits.py:\n" + "\n".join(found)


@pytest.mark.parametrize(
    "text", ["CONV_2D", "TRANSPOSE_CONV", "SPLIT", "like RELU", "bl_relu_f32_ref", "add/add.h"]
)
def test_a_name_is_found(text: str) -> None:
    assert named(text)


@pytest.mark.parametrize("text", ["add", "SELECT x", "mean", "bl_lookup_s8_ref", "layers", "NONE"])
def test_words_that_mean_something_else_are_not(text: str) -> None:
    assert not named(text)


def test_every_kernel_folder_says_its_traits() -> None:
    for name in folders.names():
        assert folders.traits(name) is not None, name
        assert traits.of(name) != traits.DEFAULT, name


def test_an_operator_that_nobody_knows_is_left_alone() -> None:
    for name in ("WHERE", "CUSTOM ../relu", "relu", ""):
        assert traits.of(name) == traits.DEFAULT
    assert traits.bounds("TANH") is None


def test_a_layer_is_one_operator() -> None:
    assert len({traits.operator(layer) for layer in traits.LayerKind}) == len(traits.LayerKind)
