"""The layer-by-layer kernels and the example of the firmware that is written with them, on the
host."""

from __future__ import annotations

import ctypes
import importlib.util
from pathlib import Path
from typing import Any

import kept
from boardless.core import paths
from host_kernels import FLAGS, INCLUDES

LAYERS = paths.KERNELS / "layers" / "layers.c"
FOLDER = paths.FIRMWARE / "examples" / "mobile_lenet_layers"


def example() -> Any:
    """Its weights.py."""
    spec = importlib.util.spec_from_file_location("example_weights", FOLDER / "weights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def library(folder: Path, *sources: Path) -> ctypes.CDLL:
    """Builds a library of the layers and `sources`."""
    target = folder / "layers.so"
    command = ["gcc", *FLAGS, *INCLUDES, f"-I{FOLDER}", "-shared", "-o", str(target)]
    kept.run([*command, *map(str, (LAYERS, *sources)), "-lm"])
    return ctypes.CDLL(str(target))


def mobile_lenet(folder: Path) -> ctypes.CDLL:
    """The example with the weights.c of `folder`."""
    return library(folder, FOLDER / "mobile_lenet.c", folder / "weights.c")
