"""`boardless doctor --fix`: what is installed, and what is only shown."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boardless import cli
from boardless.core.errors import ToolFailed, ToolMissing
from boardless.front import doctor, setup
from boardless.front.doctor import Tool
from click.testing import CliRunner

MISSING = Tool("qemu-system-arm", "", "emulates", "", True, ("qemu-system-arm",))
FOUND = Tool("qemu-system-arm", "7.2", "emulates", "", True, ("qemu-system-arm",))
OPTIONAL = Tool("git", "", "revisions", "", False, ("git",))


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder of programs."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    return tmp_path


def program(folder: Path, name: str, script: str = "exit 0") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{script}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("manager", "how"),
    [
        ("brew", "brew install gcc-arm-embedded qemu"),
        ("dnf", "sudo dnf install arm-none-eabi-gcc-cs arm-none-eabi-newlib qemu-system-arm"),
        ("pacman", "sudo pacman -S arm-none-eabi-gcc arm-none-eabi-newlib qemu-system-arm"),
        ("other", "install what this system calls gcc-arm-none-eabi, libnewlib-arm-none-eabi, "),
    ],
)
def test_where_there_is_no_apt_it_says_how(path: Path, manager: str, how: str) -> None:
    program(path, manager)
    found = setup.plan(["gcc-arm-none-eabi", "libnewlib-arm-none-eabi", "qemu-system-arm"])
    assert found.how.startswith(how)
    with pytest.raises(ToolMissing, match="by hand: "):
        setup.install(found)


def test_apt_needs_root(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(path, "apt-get")
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert setup.plan(["git", "git"]).commands[1][-2:] == ("--no-install-recommends", "git")
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    found = setup.plan(["git"])
    assert found.how == "sudo apt-get install -y --no-install-recommends git"
    assert found.commands == ()  # there is no sudo
    program(path, "sudo")
    assert [command[:2] for command in setup.plan(["git"]).commands] == [("sudo", "apt-get")] * 2


def test_a_package_that_apt_does_not_know(path: Path) -> None:
    program(path, "apt-get", 'test "$1" = update')
    program(path, "sudo", 'exec "$@"')
    with pytest.raises(ToolFailed, match=r"apt-get install .* failed; by hand: "):
        setup.install(setup.plan(["no-such-package"]))


def test_what_is_lacking() -> None:
    assert doctor.lacking([MISSING, FOUND, OPTIONAL]) == ["qemu-system-arm"]
    assert doctor.lacking([FOUND, OPTIONAL]) == []


def test_what_a_board_lacks(path: Path) -> None:
    assert "gcc-riscv64-unknown-elf" in doctor.lacking([FOUND], ["esp32c3"])


@pytest.mark.parametrize(
    ("arguments", "answer", "status"),
    [(["--fix"], "y\n", 0), (["--fix", "--yes"], None, 0), (["--fix"], "n\n", 1)],
)
def test_fix_asks_before_it_installs(
    path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    answer: str | None,
    status: int,
) -> None:
    program(path, "apt-get", 'echo "$*" >> "$LOG"')
    program(path, "sudo", 'exec "$@"')
    log = path / "log"
    monkeypatch.setenv("LOG", str(log))
    monkeypatch.setattr(doctor, "tools", lambda: [FOUND if log.exists() else MISSING])
    done = CliRunner().invoke(cli.cli, ["doctor", *arguments], input=answer)
    assert done.exit_code == status, done.output
    assert "missing: qemu-system-arm" in done.output
    assert ("[Y/n]" in done.output) == (answer is not None)
    calls = log.read_text().splitlines() if log.exists() else []
    install = "install -y --no-install-recommends qemu-system-arm"
    assert calls == ([] if status else ["update -qq", install])
    assert ("7.2" in done.output) == (not status)


def test_nothing_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "tools", lambda: [FOUND, OPTIONAL])
    done = CliRunner().invoke(cli.cli, ["doctor", "--fix"])
    assert (done.exit_code, "nothing to install" in done.output) == (0, True)
    assert CliRunner().invoke(cli.cli, ["doctor", "--yes"]).exit_code == 2
