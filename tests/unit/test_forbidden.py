"""A use that the design forbids, planted in a copy of the tree, breaks a contract."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import includes
import pytest
from boardless.core import paths

WINGS = "a wing imports only the wings below it"
CYCLES = "no module imports itself through others"
SIBLINGS = "commands do not know each other"
RUNTIMES = "runtimes do not know emulators"
PROTOCOL = "emulators do not know the protocol"
DASK = "dask is imported by name, and in front/sweep/cluster.py only"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its contracts."""
    root = tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__", "*.toml", "*.c")
    shutil.copytree(paths.ROOT / "sim" / "boardless", root / "sim" / "boardless", ignore=ignored)
    shutil.copyfile(paths.ROOT / "pyproject.toml", root / "pyproject.toml")
    return root


@pytest.fixture(scope="module")
def firmware(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the C that the rules are about."""
    root = tmp_path_factory.mktemp("firmware")
    for folder in includes.RULES:
        shutil.copytree(paths.FIRMWARE / folder, root / folder)
    return root


def broken(root: Path) -> set[str]:
    """Returns the names of the contracts that import-linter finds broken."""
    program = "from importlinter.cli import lint_imports_command as c; c()"
    done = subprocess.run(
        [sys.executable, "-c", program, "--cache-dir", str(root / "cache")],
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"PYTHONPATH": str(root / "sim"), "COLUMNS": "200"},
    )
    lines = done.stdout.splitlines()
    names = {line.removesuffix(" BROKEN") for line in lines if line.endswith(" BROKEN")}
    assert bool(names) == bool(done.returncode), done.stdout + done.stderr
    return names


def test_a_copy_breaks_nothing(package: Path) -> None:
    assert broken(package) == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "statement", "contract"),
    [
        ("model/compiler/kernels.py", "from boardless.device import build", WINGS),
        ("model/zoo.py", "from boardless.device import boards", WINGS),
        ("core/paths.py", "from boardless.model import zoo", WINGS),
        ("cycles/price.py", "from boardless.device import boards", WINGS),
        ("data/pictures.py", "from boardless.device import boards", WINGS),
        ("device/build.py", "from boardless import path", WINGS),
        ("device/boards.py", "from boardless import runtimes", WINGS),
        ("judge/predictions.py", "from boardless.path import follow", WINGS),
        ("judge/gating.py", "from boardless.report import table", WINGS),
        ("report/table.py", "from boardless.path import Request", WINGS),
        ("path/cases.py", "from boardless import terminal", WINGS),
        ("front/sweep/drive.py", "from boardless.commands import sweep", WINGS),
        ("core/errors.py", "from boardless.core import children", CYCLES),
        ("commands/gate.py", "from boardless.commands import sim", SIBLINGS),
        ("runtimes/__init__.py", "from boardless.device.emulators import qemu", RUNTIMES),
        ("device/emulators/qemu.py", "from boardless.device.link import client", PROTOCOL),
        ("front/sweep/chunk.py", "from distributed import Client", DASK),
    ],
    ids=lambda value: value if value.endswith(".py") else "",
)
def test_a_forbidden_import(package: Path, file: str, statement: str, contract: str) -> None:
    """Imports inside of a function count, too."""
    path = package / "sim" / "boardless" / file
    text = path.read_text()
    path.write_text(f"{text}\n\ndef planted() -> None:\n    {statement}\n")
    try:
        assert contract in broken(package)
    finally:
        path.write_text(text)


@pytest.mark.parametrize(
    ("file", "line", "violation"),
    [
        ("kernels/pad/pad_ref.c", '#include "hal.h"', "includes hal.h"),
        ("kernels/pad/pad.h", '#include "../../hal/hal.h"', "includes ../../hal/hal.h"),
        ("kernels/pad/pad_ref.c", "# include <stdio.h>", "includes stdio.h"),
        ("kernels/pad/pad_ref.c", "#include <stdlib.h>", "includes stdlib.h"),
        ("kernels/pad/pad_ref.c", "void *p(void) { return malloc (1); }", "uses malloc ("),
        ("kernels/pad/pad_ref.c", "void p(void) { hal_putc(1); }", "uses hal_putc"),
        ("kernels/pad/pad_ref.c", '#include "link.h"', "includes link.h"),
        ("protocol/link.c", '#include "hal.h"', "includes hal.h"),
        ("hal/shared.c", '#include "server.h"', "includes server.h"),
        ("boards/host/board.c", '#include "server.h"', "includes server.h"),
        ("boards/host/board.c", '#include "kernel.h"', "includes kernel.h"),
        ("app/server.c", "#include <stdio.h>", "includes stdio.h"),
        ("app/main.c", '#include "toolchain.h"', "includes toolchain.h"),
    ],
)
def test_a_forbidden_use_in_c(file: str, line: str, violation: str, firmware: Path) -> None:
    path = firmware / file
    text = path.read_text()
    path.write_text(f"{line}\n{text}")
    try:
        assert includes.violations(firmware) == [f"{file} {violation}"]
    finally:
        path.write_text(text)
