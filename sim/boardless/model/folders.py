"""The Python of a kernel's folder, found by the operator's name.

folders.module("CONV_2D", "lower").lower(context)

firmware/kernels/conv_2d/ serves CONV_2D: lower.py says how the compiler calls its C, traits.py what
the rest of the tree has to know of the operator, and value.py computes it on sizes, when the model
is compiled. A folder with operators.py in place of traits.py serves several operators that differ
in little more than a formula: OPERATORS has the traits of each by its name. A folder without
lower.py is no kernel.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType
from typing import Any

from boardless.core import paths


def names() -> list[str]:
    """Returns every operator that has a kernel folder, TFLite's names, sorted."""
    return sorted(_folders())


def folder(operator: str) -> str | None:
    """Returns the name of the folder that serves an operator, None where no folder does."""
    return _folders().get(operator)


@cache
def traits(operator: str) -> Any:
    """Returns the traits of an operator, whose name may be of any text; None where no folder gives
    any."""
    if has(operator, "operators"):
        return module(operator, "operators").OPERATORS[operator]
    return module(operator, "traits").TRAITS if has(operator, "traits") else None


@cache
def has(operator: str, part: str) -> bool:
    """Returns whether an operator, whose name may be of any text, has <part>.py in its folder."""
    known = operator.isascii() and operator.isupper() and operator.replace("_", "").isalnum()
    return known and (paths.KERNELS / _name(operator) / f"{part}.py").is_file()


@cache
def module(operator: str, part: str) -> ModuleType:
    """Returns the module <part>.py of the folder that serves an operator."""
    return _module(_name(operator), part)


def _name(operator: str) -> str:
    return _folders().get(operator, operator.lower())


@cache
def _folders() -> dict[str, str]:
    """Operator -> folder."""
    found = {}
    for path in paths.KERNELS.glob("*/lower.py"):
        several = path.with_name("operators.py").is_file()
        name = path.parent.name
        served = _module(name, "operators").OPERATORS if several else [name.upper()]
        found.update(dict.fromkeys(served, name))
    return found


@cache
def _module(name: str, part: str) -> ModuleType:
    path = paths.KERNELS / name / f"{part}.py"
    spec = importlib.util.spec_from_file_location(f"boardless_kernel_{name}_{part}", path)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = found
    spec.loader.exec_module(found)
    return found
