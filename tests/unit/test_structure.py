"""The rules of the design on who may use whom."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from boardless.core import paths

SIM = paths.ROOT / "sim" / "boardless"
PURE = (
    *("model/graph", "model/compiler", "judge/predictions.py", "judge/growth.py"),
    *("device/link/messages.py", "device/link/faults.py", "device/counting/accesses.py"),
    *("cycles/counts.py", "cycles/recording.py", "cycles/price.py", "cycles/pipeline.py"),
)
IO_MODULES = {"subprocess", "socket", "os", "shutil", "tempfile", "urllib", "requests", "pooch"}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def modules(place: str) -> list[Path]:
    path = SIM / place
    return [path] if path.suffix == ".py" else sorted(path.rglob("*.py"))


@pytest.mark.parametrize("place", PURE)
def test_pure_parts_do_no_io(place: str) -> None:
    for path in modules(place):
        assert not {name.split(".")[0] for name in imports(path)} & IO_MODULES, path


def test_wings_import_only_what_lies_below_them() -> None:
    """The contract of pyproject.toml: [tool.importlinter]."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()"]
    done = subprocess.run(
        [*command, "--no-cache"], cwd=paths.ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_tensorflow_stays_under_models_and_its_tests() -> None:
    for path in [*SIM.rglob("*.py"), *paths.KERNELS.rglob("*.py"), paths.ROOT / "noxfile.py"]:
        assert not {n.split(".")[0] for n in imports(path)} & {"tensorflow", "keras"}, path


def includes(folder: str) -> dict[Path, set[str]]:
    return {
        path: set(re.findall(r'#include ["<]([^">]+)[">]', path.read_text()))
        for path in (paths.FIRMWARE / folder).rglob("*.[ch]")
    }


def test_kernels_use_no_hal_stdio_or_heap() -> None:
    allowed = {"stdarg.h", "stddef.h", "stdint.h", "string.h", "math.h", "float.h", "limits.h"}
    allowed |= {"arm_acle.h", "arm_mve.h"}
    own = {p.name for p in paths.KERNELS.rglob("*.h")}
    for path, names in includes("kernels").items():
        assert {Path(n).name for n in names} <= allowed | own, path
        assert not re.search(r"\b(malloc|calloc|realloc|free|printf)\s*\(", path.read_text()), path


def test_the_protocol_knows_no_hal() -> None:
    for path, names in includes("protocol").items():
        assert names <= {"crc32.h", "link.h", "stdint.h", "stddef.h", "string.h"}, path
