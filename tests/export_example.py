"""The layer-by-layer example of the firmware, built on the host with exported weights."""

from __future__ import annotations

import ctypes
import importlib.util
import subprocess
from pathlib import Path
from typing import Any

from boardless import paths
from host_kernels import FLAGS, INCLUDES

FOLDER = paths.FIRMWARE / "examples" / "mobile_lenet_layers"


def example() -> Any:
    """Its weights.py."""
    spec = importlib.util.spec_from_file_location("example_weights", FOLDER / "weights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def library(folder: Path) -> ctypes.CDLL:
    """mobile_lenet() with the weights.c of `folder`."""
    target = folder / "layers.so"
    sources = (paths.KERNELS / "layers" / "layers.c", FOLDER / "mobile_lenet.c")
    command = ["gcc", *FLAGS, *INCLUDES, f"-I{FOLDER}", "-shared", "-o", str(target)]
    files = [*map(str, sources), str(folder / "weights.c")]
    subprocess.run([*command, *files, "-lm"], check=True)
    return ctypes.CDLL(str(target))
