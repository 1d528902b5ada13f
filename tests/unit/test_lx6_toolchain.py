"""The mirrors of the esp32 tool chain's build script, which is stopped before it uses them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from boardless.core import paths

BUILDS = [
    paths.BOARDS / name / "toolchain" / "build"
    for name in ("esp32", "esp32_devkit", "esp32s3_devkitc")
]


@pytest.fixture
def apt(tmp_path: Path) -> Path:
    """An apt-get that prints the file `uris` and can reach no mirror."""
    program = tmp_path / "bin" / "apt-get"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\n[ "$1" != indextargets ] || exec cat "{tmp_path}/uris"\nexit 100\n'
    )
    program.chmod(0o755)
    (tmp_path / "uris").write_text("")
    return tmp_path


def mirrors(apt: Path, build: Path = BUILDS[0], **environment: str) -> tuple[int, str, set[str]]:
    """Returns exit status, output, and the mirrors that apt was asked for packages of."""
    path = f"{apt / 'bin'}{os.pathsep}{os.environ['PATH']}"
    kept = {k: v for k, v in os.environ.items() if k != "BOARDLESS_DEBIAN"}
    done = subprocess.run(
        ["sh", str(build), str(apt / "made")],
        env=kept | {"PATH": path} | environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    sources = apt / "made" / "work" / "sources.list"
    lines = sources.read_text().splitlines() if sources.is_file() else []
    return done.returncode, done.stderr, {line.split()[2] for line in lines}


@pytest.mark.parametrize("build", BUILDS, ids=lambda path: path.parent.parent.name)
def test_the_mirror_is_that_of_apt(apt: Path, build: Path) -> None:
    (apt / "uris").write_text(
        "https://example.org/tools\n"
        "https://example.org/debian-security/\n"
        "https://example.org/mirror/debian/\n"
        "https://example.org/debian\n"
    )
    status, said, found = mirrors(apt, build)
    assert (status, found) == (100, {"https://example.org/mirror/debian/"}), said


def test_a_mirror_can_be_named(apt: Path) -> None:
    (apt / "uris").write_text("https://example.org/debian\n")
    _, said, found = mirrors(apt, BOARDLESS_DEBIAN="https://example.org/own/debian")
    assert found == {"https://example.org/own/debian"}, said


@pytest.mark.parametrize("uris", ["", "https://example.org/ubuntu/\n"])
def test_without_a_mirror_nothing_is_touched(apt: Path, uris: str) -> None:
    (apt / "uris").write_text(uris)
    kept = apt / "made" / "kept"
    kept.parent.mkdir()
    kept.touch()
    status, said, _ = mirrors(apt)
    assert status == 3
    assert said.splitlines() == [
        "esp32: apt names no mirror of Debian here; set BOARDLESS_DEBIAN=URL, which ends in /debian"
    ]
    assert kept.exists()
