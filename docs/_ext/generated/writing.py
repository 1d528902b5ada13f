"""Markdown from data: tables and cells that hold any text."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence


def cell(value: object) -> str:
    """Text for a table: in one line, nothing in it is markup, addresses are links."""
    text = " ".join(str(value).split())
    text = re.sub(r"([\\`*_\[\]{}|<>$~#])", r"\\\1", text)
    return re.sub(r"(https://[^\s,;)]+)", lambda m: f"<{plain(m.group(1))}>", text)


def plain(escaped: str) -> str:
    return re.sub(r"\\(.)", r"\1", escaped)


def code(value: object) -> str:
    """Text as code; nothing where there is none."""
    text = str(value).replace("|", r"\|")
    return f"`{text}`" if text else ""


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A column whose name starts with # holds numbers. Cells are Markdown."""
    rule = ["---:" if name.startswith("#") else "---" for name in columns]
    lines = [[name.lstrip("#") for name in columns], rule, *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"


def number(value: float | int | None) -> str:
    return "" if value is None else f"{value:,}"


def prose(thing: object) -> str:
    """A docstring as one paragraph of Markdown; what it quotes as `code` stays that."""
    return sentence(inspect.getdoc(thing) or "")


def sentence(text: str) -> str:
    """Text in one line; `code` stays code, nothing else in it is markup."""
    pieces = " ".join(text.split()).split("`")
    return "`".join(
        p if i % 2 else re.sub(r"([*_\[\]<>])", r"\\\1", p) for i, p in enumerate(pieces)
    )
