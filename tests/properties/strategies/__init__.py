"""One file per operator, found by its name: strategies/conv_2d.py draws cases for CONV_2D.

Each has cases(dtype), a strategy of Case for int8 or float32. An operator that has only one of the
types says so in a list DTYPES.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

DTYPES = ("int8", "float32")


def names() -> list[str]:
    """Operators that have a strategy, in lower case."""
    return sorted(p.stem for p in Path(__file__).parent.glob("[a-z]*.py"))


def load(name: str) -> Any:
    return importlib.import_module(f"properties.strategies.{name}")


def dtypes(name: str) -> tuple[str, ...]:
    return tuple(getattr(load(name), "DTYPES", DTYPES))
