"""The steps of the documentation's pages, as a test can do them.

    ```sh                 commands, run as one script
    ```console            "$ command" with what it prints; ... stands for anything, as in a doctest
    ```{code-block} toml  with `:class: file`: the caption is the path of a file to write
    ```{code-block} diff  with `:class: file`: a change to make; the caption is for the reader

A block of commands with `:class: not-run` is left out; its caption must say why.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass, field
from pathlib import Path

from boardless.core import paths
from markdown_it import MarkdownIt

DOCS = paths.ROOT / "docs"
DIRECTIVE = re.compile(r"\{([\w-]+)\}\s*(.*)")
OPTION = re.compile(r":([\w-]+):\s*(.*)")
RUNS = ("sh", "console")
# What a fence may hold that nobody types into a shell.
SHOWN = ("text", "c", "python", "toml", "yaml", "json", "robotframework", "diff", "cpp", "markdown")


@dataclass(frozen=True)
class Block:
    """One fence of a page."""

    page: Path
    line: int  # of the fence, from 1
    language: str
    text: str
    options: dict[str, str] = field(default_factory=dict)
    directive: str = ""  # such as code-block

    @property
    def where(self) -> str:
        inside = self.page.is_relative_to(paths.ROOT)
        return f"{self.page.relative_to(paths.ROOT) if inside else self.page}:{self.line}"

    @property
    def classes(self) -> list[str]:
        return self.options.get("class", "").split()

    @property
    def caption(self) -> str:
        return self.options.get("caption", "").strip("\"'")

    @property
    def is_step(self) -> bool:
        return "file" in self.classes or (self.language in RUNS and "not-run" not in self.classes)


@dataclass(frozen=True)
class Command:
    """One command of a console block and what the page says that it prints."""

    text: str
    output: str


def pages() -> list[Path]:
    """README and every page of docs/."""
    return [paths.ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    return list(_blocks(page, page.read_text()))


@functools.cache
def _blocks(page: Path, text: str) -> tuple[Block, ...]:
    found = []
    # What is inside of a line is most of the time, and no fence.
    for token in MarkdownIt().disable("inline").parse(text):
        if token.type != "fence":
            continue
        assert token.map is not None
        directive = DIRECTIVE.fullmatch(token.info.strip())
        language = directive.group(2) if directive else token.info.strip()
        lines, options = token.content.splitlines(), {}
        while directive and lines and (option := OPTION.fullmatch(lines[0])):
            options[option.group(1)] = option.group(2)
            lines.pop(0)
        inside = "\n".join(lines).strip("\n") + "\n"
        kind = directive.group(1) if directive else ""
        found.append(Block(page, token.map[0] + 1, language, inside, options, kind))
    return tuple(found)


def commands(block: Block) -> list[Command]:
    """Returns the commands of a console block: "$ " begins a command, "> " continues it."""
    found: list[tuple[list[str], list[str]]] = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            found.append(([line[2:]], []))
        elif line.startswith("> ") and found and not found[-1][1]:
            found[-1][0].append(line[2:])
        else:
            assert found, f"{block.where}: a console block begins with $"
            found[-1][1].append(line)
    return [Command("\n".join(typed), "\n".join(printed)) for typed, printed in found]
