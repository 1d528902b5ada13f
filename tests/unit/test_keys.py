"""Everything that a firmware depends on is in its key, and nothing else is."""

from __future__ import annotations

import dataclasses
import os
import shutil
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.device import boards, compilers, keys
from boardless.device.records import Board, Sources
from boardless.model import compiler, zoo
from boardless.runtimes import boardless as ours
from msgspec.structs import replace

IN_THE_KEY = (
    "app/server.c",
    "app/model.h",
    "hal/hal.h",
    "hal/cortex_m/cortex_m.ld",
    "hal/cortex_m/startup.c",
    "protocol/link.c",
    "boards/mps2-an386/board.c",
    "boards/mps2-an386/board.toml",
    "kernels/kernel.h",
    "kernels/conv_2d/conv_2d_ref.c",
    "kernels/conv_2d/conv_2d_dsp.c",
    "platform/builder/main.py",
    "platform/platform.py",
    "platform/platform.json",
    "../platformio.ini",
)
NOT_IN_THE_KEY = (
    "app_kernels/main.c",
    "boards/host/board.c",
    "hal/riscv/startup.c",
    "kernels/conv_2d/conv_2d_mve.c",
    "kernels/conv_2d/lower.py",
)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sources of the firmware, to be changed."""
    root = tmp_path_factory.mktemp("tree")
    shutil.copytree(paths.FIRMWARE, root / "firmware")
    shutil.copyfile(paths.ROOT / "platformio.ini", root / "platformio.ini")
    return root


@pytest.fixture
def board(tree: Path, monkeypatch: pytest.MonkeyPatch) -> Board:
    monkeypatch.setattr(paths, "ROOT", tree)
    monkeypatch.setattr(paths, "FIRMWARE", tree / "firmware")
    monkeypatch.setattr(paths, "BOARDS", tree / "firmware" / "boards")
    return boards.load("mps2-an386")


@pytest.fixture(scope="module")
def sources() -> Sources:
    variants = boards.load("mps2-an386").variants
    return ours.translated(compiler.compile_graph(zoo.find("digits_cnn:int8").graph, variants))


def key(sources: Sources, board: Board, version: str = "gcc 12") -> str:
    return keys.build_key(sources, board, version)


@pytest.mark.parametrize("name", IN_THE_KEY)
def test_a_source_is_in_the_key(board: Board, sources: Sources, name: str) -> None:
    before, state = key(sources, board), keys.state(keys.files(board))
    path = paths.FIRMWARE / name
    content = path.read_bytes()
    path.write_bytes(content + b"\n")
    assert key(sources, board) != before
    path.write_bytes(content)
    assert key(sources, board) == before
    assert keys.state(keys.files(board)) != state  # it was another one meanwhile


@pytest.mark.parametrize("name", NOT_IN_THE_KEY)
def test_what_is_not_in_the_firmware_is_not_in_the_key(
    board: Board, sources: Sources, name: str
) -> None:
    before, state = key(sources, board), keys.state(keys.files(board))
    with (paths.FIRMWARE / name).open("a") as file:
        file.write("\n")
    assert key(sources, board) == before
    assert keys.state(keys.files(board)) == state


def test_a_new_source_is_in_the_key(board: Board, sources: Sources) -> None:
    before = key(sources, board)
    for name in ("app/new.c", "kernels/add/new_ref.c", "boards/mps2-an386/env.ini"):
        path = paths.FIRMWARE / name
        path.touch()
        assert key(sources, board) != before
        path.unlink()
    assert key(sources, board) == before


def test_settings_are_in_the_key(board: Board, sources: Sources) -> None:
    toolchain, memory = board.toolchain, board.memory
    others = (
        dataclasses.replace(board, toolchain=replace(toolchain, flags=("-mcpu=cortex-m7",))),
        dataclasses.replace(board, toolchain=replace(toolchain, prefix="other-")),
        dataclasses.replace(board, memory=replace(memory, stack_bytes=1234)),
    )
    found = {key(sources, other) for other in (board, *others)}
    found.add(key(sources, board, "gcc 13"))
    assert len(found) == len(others) + 2


@pytest.mark.parametrize("name", compilers.VARIABLES)
def test_variables_that_reach_the_compiler_are_in_the_key(
    board: Board, sources: Sources, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.delenv(name, raising=False)
    before = key(sources, board)
    monkeypatch.setenv(name, "-DX")
    assert key(sources, board) != before
    assert compilers.environment()[name] == "-DX"


def test_no_other_variable_reaches_platformio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLATFORMIO_SRC_DIR", "elsewhere")
    assert "PLATFORMIO_SRC_DIR" not in compilers.environment()
    assert compilers.environment()["PATH"] == os.environ["PATH"]


def test_a_users_own_board_is_in_the_key_as_a_whole(
    board: Board, sources: Sources, tmp_path: Path
) -> None:
    folder = tmp_path / "mine"
    shutil.copytree(board.folder, folder)
    own = dataclasses.replace(board, folder=folder)
    found = {key(sources, own)}
    for name in ("hal/uart.c", "examples/notes.inc", "boards/x.h"):
        (folder / name).parent.mkdir()
        (folder / name).touch()
        found.add(key(sources, own))
    assert len(found) == 4


def test_a_compiler_that_was_installed_anew(board: Board, tmp_path: Path) -> None:
    """The version stays, its programs do not."""
    program = tmp_path / "some-gcc"
    program.write_text(f'#!/bin/sh\necho "COMPILER_PATH={tmp_path}/:/none/" >&2\n')
    program.chmod(0o755)
    found = set()
    for name in ("cc1", "ld"):
        (tmp_path / name).touch()
        found.add(compilers._state(f"{tmp_path}/some-", (name,)))
    (tmp_path / "cc1").write_text("other")
    found |= {compilers._state(f"{tmp_path}/some-", (str(n),)) for n in range(2)}
    assert len(found) == 3
