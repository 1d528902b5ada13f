"""Writes the parts of README.md that are made from the code, between their marks.

python docs/_ext/readme.py
"""

from __future__ import annotations

import re

from boardless.core import paths
from generated import errors, kernels

README = paths.ROOT / "README.md"
MADE = {"operators": lambda: kernels.markdown("readme"), "errors": errors.markdown}


def fresh(text: str) -> str:
    """Returns README's text with its tables as the kernels and the calibration are now."""
    for name, table in MADE.items():
        place = re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)
        text = place.sub(f"\n{table()}\n", text)
    return text


if __name__ == "__main__":
    README.write_text(fresh(README.read_text()))
