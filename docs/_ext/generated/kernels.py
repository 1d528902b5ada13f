"""Operators and their kernels, from the folders under firmware/kernels."""

from __future__ import annotations

import re
from pathlib import Path

from boardless.core import paths
from boardless.model.compiler import kernels

from generated.writing import cell, code, table

FUNCTION = re.compile(r"\bbl_status (bl_(\w+)_(s8|f32)_(\w+))\(")


def markdown() -> str:
    rows = [_row(paths.KERNELS / name.lower()) for name in kernels.names()]
    operators = table(("operator", "becomes", "int8", "float32"), rows)
    contracts = "\n".join(
        f"### {header.parent.name}\n\n```text\n{contract(header)}\n```\n"
        for header in sorted(paths.KERNELS.glob("*/*.h"))
    )
    return f"{operators}\n## Contracts\n\nAs their headers say.\n\n{contracts}"


def _row(folder: Path) -> list[str]:
    """Returns the docstring of lower.py, and the variants of the folder's own kernel."""
    told = (folder / "lower.py").read_text().split('"""')[1].split("\n\n")[0]
    becomes = re.sub(rf"^{folder.name.upper()}( ->)? ", "", told)
    header = folder / f"{folder.name}.h"
    found = FUNCTION.findall(header.read_text()) if header.is_file() else []
    forms = {
        kind: ", ".join(form for _, _, this, form in found if this == kind)
        for kind in ("s8", "f32")
    }
    return [code(folder.name.upper()), cell(becomes), forms["s8"], forms["f32"]]


def contract(header: Path) -> str:
    """The comment that a header begins with."""
    text = header.read_text()
    comment = text[text.index("/*") + 2 : text.index("*/")]
    return "\n".join(re.sub(r"^ \* ?", "", line).rstrip() for line in comment.splitlines()).strip()
