"""One file per kernel folder, found by its name: strategies/conv_2d.py draws cases for CONV_2D.

Each has cases(dtype), a strategy of Case for int8 or float32. An operator that has only one of the
types, or int16, too, says so in a list DTYPES. The file of a folder that serves several operators
has cases(operator, dtype), and in OPERATORS the types of each. FIXED has the cases that are drawn
too seldom: type -> cases, or there operator -> type -> cases.
"""

from __future__ import annotations

import importlib
from functools import cache, partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st

DTYPES = ("int8", "float32")


def names() -> list[str]:
    """Operators that have a strategy, in lower case."""
    return sorted(_files())


def folders() -> list[str]:
    """The folders that have one, for tests in which one case of many operators is enough."""
    return sorted(set(_files().values()))


def load(name: str) -> Any:
    """An object with cases(dtype): those of an operator, or of any operator of a folder."""
    found = importlib.import_module(f"properties.strategies.{folder(name)}")
    served = getattr(found, "OPERATORS", None)
    if served is None:
        return found
    if name in served:
        fixed = getattr(found, "FIXED", {}).get(name, {})
        return SimpleNamespace(cases=partial(found.cases, name), DTYPES=served[name], FIXED=fixed)

    def cases(dtype: str) -> st.SearchStrategy[Any]:
        those = sorted(operator for operator, types in served.items() if dtype in types)
        return st.sampled_from(those).flatmap(lambda operator: found.cases(operator, dtype))

    types = [dtype for dtype in DTYPES if any(dtype in each for each in served.values())]
    return SimpleNamespace(cases=cases, DTYPES=types)


def dtypes(name: str) -> tuple[str, ...]:
    """The types that every test draws: int8 and float32, where the operator has them."""
    return tuple(dtype for dtype in DTYPES if dtype in all_dtypes(name))


def with_int16() -> list[str]:
    """Operators that also have int16 kernels, which tests/properties/test_int16.py draws."""
    return [name for name in names() if "int16" in all_dtypes(name)]


def all_dtypes(name: str) -> tuple[str, ...]:
    return tuple(getattr(load(name), "DTYPES", DTYPES))


def folder(name: str) -> str:
    """Returns the folder of an operator, or of a folder itself."""
    return _files().get(name, name)


def label(name: str) -> str:
    """The operator for a test's name, after its folder where that serves several."""
    return name if folder(name) == name else f"{folder(name)}-{name}"


@cache
def _files() -> dict[str, str]:
    """Operator -> file."""
    found = {}
    for path in Path(__file__).parent.glob("[a-z]*.py"):
        module = importlib.import_module(f"properties.strategies.{path.stem}")
        found.update(dict.fromkeys(getattr(module, "OPERATORS", [path.stem]), path.stem))
    return found
