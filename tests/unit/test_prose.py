"""Docstrings are no fragments, and prose uses the words of the field instead of private ones."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from boardless.core import paths

FRAGMENT = re.compile(
    r"(Of|With|As|What|Whether|Where|By|From|In|The same|Which|When|Who|Whose|How|For|To|At|On|Like"
    r"|Such|That|Without|Through|Into|Over|Between)\b"
)
PRIVATE = re.compile(r"\b(mend(s|ed|ing)?|twins?|glue|told|said|beside)\b", re.IGNORECASE)
CODE = re.compile(r"`[^`]*`")
FENCE = re.compile(r"^ *(```+).*?^ *\1", re.MULTILINE | re.DOTALL)
FOLDERS = ("sim", "firmware", "models", "tests", "docs", "examples")


def python(place: str) -> list[Path]:
    return sorted((paths.ROOT / place).rglob("*.py"))


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and text of every docstring."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text:
                yield node.body[0].lineno, text


def messages(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and text of every string with a space in it: messages, help, headings."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
            yield node.lineno, node.value


def comments(path: Path) -> Iterator[tuple[int, str]]:
    for token in tokenize.generate_tokens(io.StringIO(path.read_text()).readline):
        if token.type == tokenize.COMMENT:
            yield token.start[0], token.string


def prose(path: Path) -> Iterator[tuple[int, str]]:
    """Yields line and text of every piece of prose: of Python, C or Markdown."""
    text = path.read_text()
    if path.suffix == ".py":
        yield from comments(path)
        tests = path.is_relative_to(paths.ROOT / "tests")
        yield from docstrings(path) if tests else messages(path)
    elif path.suffix in (".c", ".h"):
        for found in re.finditer(r"/\*.*?\*/|//[^\n]*", text, re.DOTALL):
            yield text.count("\n", 0, found.start()) + 1, found[0]
    else:
        yield from enumerate(FENCE.sub(_blank, text).splitlines(), 1)


def _blank(found: re.Match[str]) -> str:
    return "\n" * found[0].count("\n")


def files(place: str) -> list[Path]:
    path = paths.ROOT / place
    kinds = (".py", ".c", ".h", ".md")
    return [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in kinds)


@pytest.mark.parametrize("place", FOLDERS)
def test_docstrings_are_no_fragments(place: str) -> None:
    found = [
        f"{path.relative_to(paths.ROOT)}:{line}: {text.splitlines()[0]}"
        for path in python(place)
        for line, text in docstrings(path)
        if FRAGMENT.match(text)
    ]
    assert not found, "begin with what it returns or does:\n" + "\n".join(found)


@pytest.mark.parametrize("place", [*FOLDERS, "README.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_prose_uses_no_private_words(place: str) -> None:
    found = [
        f"{path.relative_to(paths.ROOT)}:{line}: {word[0]}"
        for path in files(place)
        if PRIVATE.search(path.read_text())  # else there is nothing to take apart, which is slow
        for line, text in prose(path)
        for word in PRIVATE.finditer(CODE.sub("", text))
    ]
    assert not found, "\n".join(found)
