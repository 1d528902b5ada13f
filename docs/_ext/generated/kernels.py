"""Operators and their kernels, from the folders under firmware/kernels."""

from __future__ import annotations

import re
from pathlib import Path

from boardless.core import paths
from boardless.model import folders, traits
from boardless.model.compiler import kernels

from generated.writing import cell, code, table

FUNCTION = re.compile(r"\bbl_status (bl_\w+)_([a-z]+)\(")
TYPE = re.compile(r"_(s8|s16|f32)(?=_|$)")  # in a function's name; without one it takes every type
# by the last word of a function's name
FORMS = {"ref": "C", "scalar": "scalar", "dsp": "DSP", "mve": "MVE", "fpu": "FPU"}
DTYPES = ("int8", "int16", "float32")
NO_CODE = "no code"  # the operator moves nothing
NONE = "-"


def markdown(what: str = "") -> str:
    """The page's tables and contracts; of README the table alone, with `what` "readme"."""
    names = kernels.names()
    if what == "readme":
        rows = [[name, *(forms(name, dtype) for dtype in DTYPES)] for name in names]
        return table(("operator", *DTYPES), rows)
    rows = [[code(n), _becomes(n), *(forms(n, dtype) for dtype in DTYPES)] for n in names]
    operators = table(("operator", "becomes", *DTYPES), rows)
    contracts = "\n".join(
        f"### {header.parent.name}\n\n```text\n{contract(header)}\n```\n"
        for header in sorted(paths.KERNELS.glob("*/*.h"))
    )
    return f"{operators}\n## Contracts\n\nAs their headers say.\n\n{contracts}"


def forms(operator: str, dtype: str) -> str:
    """The kernels that compute an operator's outputs of a type: C, and by instruction set."""
    known = traits.of(operator)
    if known.form is traits.Form.SHAPE:
        return NO_CODE
    own = folders.folder(operator) or ""
    folder = known.folder(dtype) or own
    header = paths.KERNELS / folder / f"{folder}.h"
    if not header.is_file():
        return NONE
    functions = FUNCTION.findall(header.read_text())
    if folder == own != operator.lower():  # a folder of several operators
        mine = [f for f in functions if f[0].startswith(f"bl_{operator.lower()}")]
        functions = mine or functions
    suffix = kernels.SUFFIXES[dtype]
    found = {form for name, form in functions if (TYPE.findall(name) or [suffix]) == [suffix]}
    return ", ".join(name for form, name in FORMS.items() if form in found) or NONE


def _becomes(operator: str) -> str:
    """Returns what the docstring of lower.py says of the kernel it chooses."""
    path = paths.KERNELS / (folders.folder(operator) or "") / "lower.py"
    first = path.read_text().split('"""')[1].split("\n\n")[0]
    return cell(re.sub(rf"^{operator}( ->)? ", "", first))


def contract(header: Path) -> str:
    """The comment that a header begins with."""
    text = header.read_text()
    comment = text[text.index("/*") + 2 : text.index("*/")]
    return "\n".join(re.sub(r"^ \* ?", "", line).rstrip() for line in comment.splitlines()).strip()
