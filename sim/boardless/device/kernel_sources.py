"""The sources of the kernels in C: which of them defines a function, what each includes and calls.

found = calling({"bl_conv_2d_s8_dsp"})
[source.path for source in found]

A function is known by its definition in firmware/kernels; what that source includes or calls comes
with it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from boardless.core import paths
from boardless.core.errors import ToolFailed

DEFINITION = re.compile(r"^(?=\w)(?P<type>[\w \t*]*?)\b(?P<name>bl_\w+)\s*\([^;{]*\)\s*\{", re.M)
LOCAL = re.compile(r"\b(static|typedef|BL_INLINE)\b")
INCLUDE = re.compile(r'^(#include ")([^"]+)(")', re.M)
PROTOTYPE = re.compile(r"^(?=\w)[\w \t*]*\bbl_\w+\s*\([^;{]*\)\s*;", re.M)
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
WORD = re.compile(r"\bbl_\w+")


@dataclass(frozen=True)
class Source:
    """A .c file of firmware/kernels, with the headers that it includes."""

    path: Path
    text: str
    defines: tuple[str, ...]  # functions that other files may call

    @cached_property
    def headers(self) -> tuple[Path, ...]:
        """Returns all headers that it includes, directly or not, sorted."""
        return tuple(sorted(_headers(self.path)))

    @property
    def name(self) -> str:
        return self.path.name


def calling(functions: Iterable[str]) -> list[Source]:
    """Returns the sources of these functions, and of all that they call, sorted by name.
    ToolFailed where no source defines one."""
    known = definitions()
    wanted, chosen = sorted(functions), {}
    while wanted:
        function = wanted.pop()
        if function not in known:
            raise ToolFailed(
                f"no source defines the kernel {function}",
                where=str(paths.KERNELS),
                hint="this is a bug of boardless, please report it",
            )
        source = known[function]
        if source.path not in chosen:
            chosen[source.path] = source
            wanted += sorted(calls(source))
    return sorted(chosen.values(), key=lambda source: source.name)


def of_firmware(texts: Iterable[str], variants: Collection[str]) -> list[Path]:
    """Returns the sources that a board with `variants` compiles for a firmware, sorted; `texts` is
    the C of all else that is in it. A source whose definitions are not seen here, such as those
    that a macro makes, is one of them."""
    suffixes = ("ref", *variants)
    allowed = [path for path in _all() if path.stem.rpartition("_")[2] in suffixes]
    named = {word for text in texts for word in WORD.findall(text)}
    try:
        found = {source.path for source in calling(named & definitions().keys())}
    except ToolFailed:  # a header is missing: the compiler says best who wants it
        return allowed
    seen = {source.path for source in definitions().values()}
    return [path for path in allowed if path in found or path not in seen]


@cache
def definitions() -> dict[str, Source]:
    """Returns every kernel function that other files may call, with its source."""
    found = {}
    for path in _all():
        text = read(path)
        defines = tuple(
            dict.fromkeys(
                m["name"] for m in DEFINITION.finditer(text) if not LOCAL.search(m["type"])
            )
        )
        source = Source(path, text, defines)
        found.update(dict.fromkeys(defines, source))
    return found


def calls(source: Source) -> set[str]:
    """Returns the functions of other sources that one names; a header may do it, too."""
    texts = [_code(source.text), *(_code(read(header)) for header in source.headers)]
    named = {word for text in texts for word in WORD.findall(text)}
    return {word for word in named if word in definitions() and word not in source.defines}


@cache
def read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _all() -> list[Path]:
    return sorted(paths.KERNELS.glob("*/*.c"))


def _headers(path: Path) -> set[Path]:
    """Returns all headers that a file includes, directly or not."""
    found: set[Path] = set()
    waiting = [path]
    while waiting:
        here = waiting.pop()
        for _, name, _ in INCLUDE.findall(read(here)):
            places = here.parent / name, paths.KERNELS / name
            header = next((p.resolve() for p in places if p.is_file()), None)
            if header is None:
                raise ToolFailed(f"{name} is missing", where=str(here), hint="install it again")
            if header not in found:
                found.add(header)
                waiting.append(header)
    return found


def _code(text: str) -> str:
    """Returns a source without its comments and its prototypes, which call nothing."""
    return PROTOTYPE.sub("", COMMENT.sub("", text))
