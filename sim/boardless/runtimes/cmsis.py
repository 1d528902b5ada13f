"""The sources of CMSIS-NN that some code calls, of a folder that holds it.

paths = called(Path("cmsis_nn"), [Path("conv.cc")])
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

DEFINITION = r"^(?:const\s+)?\w+[ *]+(\w+)(?:\[\w*\] =|\s*\()"  # of a function or a table
FLOATS = r"_(f16|f32|flt)$"  # TensorFlow Lite Micro's build leaves them out, too


def called(folder: Path, callers: Iterable[Path], texts: Iterable[str] = ()) -> set[Path]:
    """Returns the files in the folder that define what some files or texts call, what those call,
    and so on."""
    defined = _definitions(folder / "Source")
    found = set[Path]()
    waiting = [*texts, *(path.read_text(errors="replace") for path in callers)]
    while waiting:
        for name in {*re.findall(r"\w+", waiting.pop())} & {*defined}:
            if (path := defined[name]) not in found:
                found.add(path)
                waiting.append(path.read_text(errors="replace"))
    return found


def _definitions(folder: Path) -> dict[str, Path]:
    """Returns the files of a folder by what each defines for others."""
    found = {}
    for path in sorted(folder.rglob("*.c")):
        if re.search(FLOATS, path.stem):
            continue
        for name in re.findall(DEFINITION, path.read_text(errors="replace"), re.M):
            found[name] = path
    return found
