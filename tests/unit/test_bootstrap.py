"""bootstrap: what apt is asked for, on a machine that is made of scripts."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from boardless.core import paths

OF_SYSTEM = ("sh", "dirname", "cat", "cksum", "sed", "tr", "id")


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A folder of programs, without g++. Its Python makes no environment: bootstrap ends there."""
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in OF_SYSTEM:
        (programs / name).symlink_to(str(shutil.which(name)))
    scripts = {
        "gcc": "",
        "qemu-system-arm": "",
        "arm-none-eabi-gcc": "echo /usr/lib/libc.a",
        "python3": '[ "$2" != venv ]',
        "sudo": 'exec "$@"',
        "apt-get": f'echo "$*" >>"{tmp_path}/apt"',
    }
    for name, script in scripts.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    for name in ("bootstrap", "constraints.txt", "pyproject.toml"):
        shutil.copy(paths.ROOT / name, tmp_path)
    return tmp_path


def installed(machine: Path, *arguments: str) -> list[str]:
    """The packages that apt was asked for."""
    done = subprocess.run(
        ["sh", "bootstrap", *arguments],
        cwd=machine,
        env={"PATH": str(machine / "bin"), "CI": "true"},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.stderr.splitlines()[-1] == "bootstrap: cannot make .venv here"
    log = machine / "apt"
    lines = log.read_text().splitlines() if log.exists() else []
    return [word for line in lines if line.startswith("install") for word in line.split()[3:]]


@pytest.mark.parametrize(
    ("arguments", "packages"),
    [
        ("-s tests", ["g++"]),
        ("-s lint tests -- -x", ["g++"]),
        ("--session=tests", ["g++"]),
        ("-s sim", []),
        ("--version", []),
    ],
)
def test_the_tests_need_a_compiler_of_cxx(
    machine: Path, arguments: str, packages: list[str]
) -> None:
    assert installed(machine, *arguments.split()) == packages


def test_what_is_there_is_not_installed(machine: Path) -> None:
    shutil.copy(machine / "bin" / "gcc", machine / "bin" / "g++")
    assert installed(machine, "-s", "tests") == []
    (machine / "bin" / "gcc").unlink()
    assert installed(machine, "-s", "tests") == ["gcc", "libc6-dev"]
