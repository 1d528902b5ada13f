"""The sources of the kernels that a model calls, under names that cannot clash.

found = sources({"bl_conv_2d_s8_dsp"})
found.files()["conv_2d_dsp.c"]

A function is known by its definition in firmware/kernels; what that source includes or calls comes
with it. Every function gets a name that ends in a digest of its source and of all that it uses, and
is weak: two folders in one firmware share a kernel that is the same in both, and keep two where it
is not.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from boardless.core.errors import ToolFailed
from boardless.device import kernel_sources
from boardless.device.kernel_sources import COMMENT, INCLUDE, Source, read

# Functions of libm that kernels call, as they are spelt for float and double.
LIBM = re.compile(
    r"\b((?:a?(?:cos|sin|tan)h?|ceil|erf|exp2?|expm1|fabs|floor|fma|fmax|fmin|fmod|l?l?rint|log"
    r"|log1p|log2|log10|l?l?round|nearbyint|pow|sqrt|trunc)f?)\("
)
DIGITS = 8  # of the digest in a name
SYMBOLS = """\
/* The names of the kernels' functions in a linked program. Each ends in a digest of its source and
 * of all that this uses, and its definition is weak: models in one firmware share a kernel that is
 * the same in each of them. */""".splitlines()


@dataclass(frozen=True)
class Sources:
    """The sources of some kernels, with all that they use."""

    chosen: tuple[Source, ...]  # sorted by name
    names: dict[str, str]  # function -> its name in the folder

    def files(self) -> dict[str, bytes]:
        """Returns the contents by file name; all of them lie in one folder."""
        headers = sorted({header for source in self.chosen for header in source.headers})
        found = {path.name: _flat(read(path)) for path in headers}
        for source in self.chosen:
            weak = "".join(f"#pragma weak {self.names[f]}\n" for f in source.defines)
            found[source.name] = f'#include "symbols.h"\n{weak}\n{_flat(source.text)}'
        if len(found) != len(headers) + len(self.chosen):
            raise ToolFailed("two files of firmware/kernels have the same name")
        found["symbols.h"] = self._symbols()
        return {name: text.encode() for name, text in sorted(found.items())}

    def source_of(self, function: str) -> Source:
        """Returns the source that defines one of the functions."""
        return next(source for source in self.chosen if function in source.defines)

    @cached_property
    def libm(self) -> tuple[str, ...]:
        """Returns the functions of libm that the sources name, sorted. A linker that drops unused
        functions needs fewer."""
        texts = [source.text for source in self.chosen]
        texts += [read(h) for h in {h for source in self.chosen for h in source.headers}]
        return tuple(
            sorted({name for text in texts for name in LIBM.findall(COMMENT.sub("", text))})
        )

    def _symbols(self) -> str:
        lines = [*SYMBOLS, "#ifndef BL_SYMBOLS_H", "#define BL_SYMBOLS_H", ""]
        for function, name in sorted(self.names.items()):
            lines.append(f"#define {function} {name}")
        return "\n".join([*lines, "", "#endif", ""])


def sources(functions: Iterable[str]) -> Sources:
    """Returns the sources of these functions, and of all that they call."""
    found = tuple(kernel_sources.calling(functions))
    names = {f: f"{f}_{_digest(source)}" for source in found for f in source.defines}
    return Sources(found, names)


@cache
def _digest(source: Source) -> str:
    """Returns a digest of a source and of all that it includes or calls."""
    used, waiting = {source.path: source}, [source]
    while waiting:
        for function in sorted(kernel_sources.calls(waiting.pop())):
            called = kernel_sources.definitions()[function]
            if called.path not in used:
                used[called.path] = called
                waiting.append(called)
    files = {path for each in used.values() for path in (each.path, *each.headers)}
    digest = hashlib.sha256()
    for path in sorted(files, key=lambda p: p.name):
        digest.update(f"{path.name}\0".encode() + read(path).encode() + b"\0")
    return digest.hexdigest()[:DIGITS]


def _flat(text: str) -> str:
    """Returns a source whose includes are names of files next to it."""
    return INCLUDE.sub(lambda m: f"{m[1]}{Path(m[2]).name}{m[3]}", text)
