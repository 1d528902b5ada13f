"""Text of exported files, from the templates in this folder.

text = render("c_array.h.j2", name="digits", rows=["0x01"])
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray


def render(template: str, **values: Any) -> bytes:
    import jinja2  # here, because only exports need it

    from boardless.core.templates import environment

    loader = jinja2.PackageLoader("boardless.model.export", "templates")
    found = environment(loader, keep_trailing_newline=True, autoescape=False)
    return found.get_template(template).render(values).encode()


def identifier(name: str) -> str:
    """A name that C takes: digits_cnn:int8 -> digits_cnn_int8."""
    plain = re.sub(r"\W", "_", name, flags=re.ASCII)
    return plain if not plain[:1].isdigit() else f"m_{plain}"


def numbers(values: NDArray[np.float32]) -> Iterable[str]:
    """Nine digits each: a float32 reads back as itself."""
    return (f"{value:.9g}" for value in values.ravel().tolist())


def floats(values: NDArray[np.float32], per_line: int = 6) -> list[str]:
    """Lines of C literals."""
    texts = [f"{n}f" if re.search(r"[.e]", n) else f"{n}.0f" for n in numbers(values)]
    return [", ".join(texts[at : at + per_line]) for at in range(0, len(texts), per_line)]
