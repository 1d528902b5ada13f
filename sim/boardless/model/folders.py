"""The Python of a kernel's folder, found by the operator's name.

folders.module("CONV_2D", "lower").lower(context)

firmware/kernels/conv_2d/ serves CONV_2D: lower.py says how the compiler calls its C, traits.py what
the rest of the tree has to know of the operator, and value.py computes it on sizes, when the model
is compiled. A folder without lower.py is no kernel.
"""

from __future__ import annotations

import importlib.util
import sys
from functools import cache
from types import ModuleType

from boardless.core import paths


def names() -> list[str]:
    """Returns every operator that has a kernel folder, TFLite's names, sorted."""
    return sorted(p.parent.name.upper() for p in paths.KERNELS.glob("*/lower.py"))


@cache
def has(operator: str, part: str) -> bool:
    """Returns whether an operator, whose name may be of any text, has <part>.py in its folder."""
    known = operator.isascii() and operator.isupper() and operator.replace("_", "").isalnum()
    return known and (paths.KERNELS / operator.lower() / f"{part}.py").is_file()


@cache
def module(operator: str, part: str) -> ModuleType:
    """Returns the module <part>.py of an operator's folder."""
    path = paths.KERNELS / operator.lower() / f"{part}.py"
    name = f"boardless_kernel_{path.parent.name}_{part}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec
    assert spec.loader
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found
