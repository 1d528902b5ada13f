"""Writes the parts of README.md that are made from the code, between their marks.

python docs/_ext/readme.py
"""

from __future__ import annotations

import re

from boardless.core import paths
from generated import kernels

README = paths.ROOT / "README.md"
OPERATORS = re.compile(r"(?<=<!-- operators -->\n).*?(?=<!-- /operators -->)", re.DOTALL)


def fresh(text: str) -> str:
    """Returns README's text with its table of operators as the kernels' folders are now."""
    return OPERATORS.sub(lambda _: f"\n{kernels.markdown('readme')}\n", text)


if __name__ == "__main__":
    README.write_text(fresh(README.read_text()))
