"""The rules of the design on who may use whom."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import includes
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
    converters = SIM / "front" / "convert" / "converters"  # they run in processes of their own
    for path in [*SIM.rglob("*.py"), *paths.KERNELS.rglob("*.py"), paths.ROOT / "noxfile.py"]:
        if path.is_relative_to(converters):
            continue
        assert not {n.split(".")[0] for n in imports(path)} & {"tensorflow", "keras"}, path


def test_c_uses_only_what_it_may() -> None:
    assert includes.violations(paths.FIRMWARE) == []
