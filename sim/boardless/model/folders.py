"""The Python of a kernel's folder, found by the operator's name.

folders.module("CONV_2D", "lower").lower(context)

firmware/kernels/conv_2d/ serves CONV_2D: lower.py says how the compiler calls its C, traits.py what
the rest of the tree has to know of the operator. A folder without lower.py is shared C.
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
