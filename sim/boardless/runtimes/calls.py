"""A model's C in which kernels of others take the place of ours: a runtime has a folder of C files,
and each is a function with the parameters of our kernel of its name.

text, calls = calls.redirected(text, Path("calls"), "bl_esp_")
"""

from __future__ import annotations

import re
from pathlib import Path

from boardless.model.compiler import Program

OURS = re.compile(r"\bbl_(\w+)_ref\(")  # calls of our kernels, whose constants are as in the file
ARENA = "\nstatic uint8_t arena["


def redirected(text: str, folder: Path, prefix: str) -> tuple[str, list[str]]:
    """Returns (the C of a model that calls functions of `folder` where it can, their names).

    A function <name> of the folder is called <prefix><name>, and is in <name>.c."""
    known = {path.stem for path in folder.glob("*.c")}
    calls = sorted({*OURS.findall(text)} & known)
    text = OURS.sub(lambda x: f"{prefix}{x[1]}(" if x[1] in known else x[0], text)
    prototypes = "".join(_prototype(folder / f"{name}.c", prefix + name) for name in calls)
    return text.replace(ARENA, f"\n{prototypes}{ARENA}", 1), calls


def _prototype(path: Path, function: str) -> str:
    """Returns the declaration of a function that a file defines."""
    text = path.read_text(encoding="utf-8")
    found = re.search(rf"^bl_status {function}\([^;{{]*\)(?= \{{)", text, re.MULTILINE)
    assert found, path
    return f"{found[0]};\n"


def notes(program: Program, calls: list[str]) -> tuple[str, ...]:
    """Returns what to tell the user: which layers are computed by our kernels all the same."""
    functions = {f"bl_{name}_ref" for name in calls}
    ours = [x for x in program.layers if x.call.function not in functions]
    if not ours:
        return ()
    named = ", ".join(f"{layer.index} ({layer.op})" for layer in ours)
    return (f"computed by boardless's kernels: layer{'s' if len(ours) > 1 else ''} {named}",)
