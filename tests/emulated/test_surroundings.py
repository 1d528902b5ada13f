"""Odd surroundings of a run: streams that are closed or full, odd paths, a damaged build folder.
Either they do not matter, or one line names the problem."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.device import boards
from boardless.device.records import Build
from boardless.model import zoo
from command_line import Cli, marked_processes

HOST = ("run", "digits_cnn:int8", "--board", "host", "--limit", "2")
QEMU = ("run", "digits_cnn:int8", "--limit", "2")
Built = Callable[[str, str], Build]


def redirected(cli: Cli, how: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Starts the command line as a shell does with `how`, such as `>&-`."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$@" {how}', "sh", sys.executable, "-m", "boardless", *arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env=cli.environment(),
    )
    assert not marked_processes(cli.mark)
    return done


# ---- streams ----


@pytest.mark.parametrize("how", [">&-", "2>&-", "<&-", "<&- >&- 2>&-"])
def test_closed_streams_change_nothing(cli: Cli, built: Built, tmp_path: Path, how: str) -> None:
    built("digits_cnn:int8", "host")
    file = tmp_path / "run.json"
    done = redirected(cli, how, *HOST, "--json", str(file))
    assert done.returncode == 0, done.stderr
    assert "boardless:" not in done.stderr
    assert file.stat().st_size


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_the_verdict_stands_where_whoever_reads_has_gone(
    cli: Cli, built: Built, tmp_path: Path, stream: str
) -> None:
    built("digits_cnn:int8", "host")
    for budget, status in (("1M", 0), ("1K", 1)):
        file = tmp_path / f"{status}.json"
        command = [*HOST, "--max-flash", budget, "--json", str(file)]
        reading, writing = os.pipe()
        os.close(reading)
        streams: dict[str, int] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        done = subprocess.run(
            [sys.executable, "-m", "boardless", *command],
            **streams | {stream: writing},  # type: ignore[call-overload]
            timeout=300,
            check=False,
            env=cli.environment(),
        )
        os.close(writing)
        assert done.returncode == status
        assert file.stat().st_size
        assert b"boardless:" not in (done.stderr or b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_behind_standard_error_changes_nothing(
    cli: Cli, built: Built, tmp_path: Path
) -> None:
    built("digits_cnn:int8", "host")
    done = redirected(cli, "2>/dev/full", *HOST)
    assert done.returncode == 0
    assert "digits_cnn:int8" in done.stdout
    assert redirected(cli, ">/dev/full 2>/dev/full", *HOST).returncode == 2
    assert redirected(cli, "2>/dev/full", "nonsense").returncode == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("extra", [(), ("--json", "-")])
def test_a_full_disk_behind_standard_output(cli: Cli, built: Built, extra: tuple[str, ...]) -> None:
    built("digits_cnn:int8", "host")
    done = redirected(cli, ">/dev/full", *HOST, *extra)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "boardless: standard output, or the disk: No space left on device"
    )


@pytest.mark.emulated
def test_a_terminal_that_knows_only_ascii(cli: Cli, built: Built) -> None:
    built("digits_cnn:int8", "mps2-an386")
    done = cli.process(*QEMU, LC_ALL="C", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "\\xb1" in done.stdout  # the sign before an estimate's error


def test_where_a_result_cannot_go_is_said_before_the_work(cli: Cli, tmp_path: Path) -> None:
    for target, words in (
        (tmp_path / "none" / "run.json", "cannot write (No such file or directory)"),
        (tmp_path, "cannot write (Is a directory)"),
        (Path(__file__) / "run.json", "cannot write (Not a directory)"),
    ):
        done = cli("run", "nonsense", "--json", str(target))
        assert done.returncode == 2
        assert done.stderr == f"boardless: {target}: {words}\n"
    said = cli.fails(2, "profile", "digits_cnn", "--csv", str(tmp_path))
    assert "cannot write (Is a directory)" in said
    said = cli.fails(2, "profile", "nonsense", "--picture", str(tmp_path / "x.xyz"))
    assert said.endswith("x.xyz: a picture ends in .svg, .png, .pdf")


# ---- paths ----


@pytest.mark.emulated
def test_spaces_commas_and_letters_of_other_alphabets(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "mödel, 模型 'x'"
    folder.mkdir()
    model = folder / "my model,1 é.tflite"
    shutil.copyfile(paths.ZOO / "digits_cnn" / "int8.tflite", model)
    images = folder / "pictures, 1.npz"
    np.savez(images, images=np.zeros((2, 8, 8, 1), np.uint8))
    done = cli("run", str(model), "--images", str(images), BOARDLESS_BUILD_DIR=str(folder / "b, ü"))
    assert done.returncode == 0, done.stderr
    assert "my_model_1__" in done.stdout


def test_a_board_is_a_name_not_a_path(cli: Cli) -> None:
    assert "unknown board '../boards/host'" in cli.fails(2, *HOST[:3], "../boards/host")


def test_a_pipe_is_not_waited_for(cli: Cli, built: Built, tmp_path: Path) -> None:
    built("digits_cnn:int8", "host")
    pipe = tmp_path / "model.tflite"
    os.mkfifo(pipe)
    assert f"{pipe}: this is not a file" in cli.fails(2, "run", str(pipe))
    assert f"{pipe}: not readable pictures" in cli.fails(2, *HOST, "--images", str(pipe))


# ---- the build folder ----


@pytest.fixture(scope="module")
def own_objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build folder of this module alone, with one build in it."""
    folder = tmp_path_factory.mktemp("build")
    assert Cli()(*HOST, BOARDLESS_BUILD_DIR=str(folder)).returncode == 0
    return folder


def shortened(folder: Path) -> None:
    elf = folder / "firmware.elf"
    elf.write_bytes(elf.read_bytes()[:20_000])


def changed(folder: Path) -> None:
    elf = folder / "firmware.elf"
    content = bytearray(elf.read_bytes())
    content[len(content) // 2] ^= 1
    elf.write_bytes(content)


def stamp(folder: Path) -> Path:
    (found,) = folder.glob("*.stamp")
    return found


def strange_stamp(folder: Path) -> None:
    stamp(folder).write_bytes(b"\xff\xfe")


def no_stamp(folder: Path) -> None:
    stamp(folder).unlink()


def a_stray_source(folder: Path) -> None:
    """Leaves a file as another version of the compiler could have written it."""
    stamp(folder).unlink()
    (folder / "generated" / "sub").mkdir()
    (folder / "generated" / "sub" / "old.c").write_text("#error this is not of the model")


DAMAGE = (shortened, changed, strange_stamp, no_stamp, a_stray_source)


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda f: f.__name__)
def test_a_damaged_build_is_made_anew(
    cli: Cli, built: Built, own_objects: Path, damage: Callable[[Path], None]
) -> None:
    whole = built("digits_cnn:int8", "host").elf
    folder = own_objects / "host" / "digits_cnn-int8"
    damage(folder)
    done = cli(*HOST, BOARDLESS_BUILD_DIR=str(own_objects))
    assert done.returncode == 0, done.stderr
    assert (folder / "firmware.elf").read_bytes() == whole.read_bytes()


@pytest.mark.parametrize("pattern", ["*.o", ".sconsign*", "*"])
def test_damaged_objects_are_compiled_again(
    cli: Cli, built: Built, own_objects: Path, pattern: str
) -> None:
    whole = built("digits_cnn:int8", "host").elf
    folder = own_objects / "host" / "digits_cnn-int8"
    no_stamp(folder)
    for path in (own_objects / "pio" / "host" / "build").rglob(pattern):
        if path.is_file():
            path.write_text("junk")
    done = cli(*HOST, BOARDLESS_BUILD_DIR=str(own_objects))
    assert done.returncode == 0, done.stderr
    assert (folder / "firmware.elf").read_bytes() == whole.read_bytes()


def test_a_folder_where_a_file_should_be(cli: Cli, tmp_path: Path) -> None:
    folder = tmp_path / "host" / "digits_cnn-int8"
    (folder / "lock").mkdir(parents=True)
    said = cli.fails(2, *HOST, BOARDLESS_BUILD_DIR=str(tmp_path))
    assert said.startswith(f"boardless: {folder}: cannot write here (Is a directory); ")


def test_runs_at_once_in_one_fresh_build_folder(cli: Cli, tmp_path: Path) -> None:
    models = ("digits_cnn:int8", "digits_cnn:int8", "digits_cnn:float32")
    runs = [cli.start("run", m, *HOST[2:], BOARDLESS_BUILD_DIR=str(tmp_path)) for m in models]
    for process in runs:
        _, said = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert not marked_processes(cli.mark)


def test_two_builds_of_one_model_keep_their_own_firmware(
    own_objects: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever builds a model otherwise, such as with --no-fold, changes nobody's firmware."""
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(own_objects))
    graph, board = zoo.find("digits_cnn:int8").graph, boards.load("host")
    plain = runtimes.load().build(graph, board)
    content = plain.elf.read_bytes()
    other = runtimes.load().build(graph, board, keep_input=True)
    assert other.build_id != plain.build_id
    assert plain.elf.read_bytes() == content != other.elf.read_bytes()
    shown = plain.elf.with_name("firmware.elf")
    assert shown.read_bytes() == other.elf.read_bytes()
    assert runtimes.load().build(graph, board).seconds == 0  # it is still there
    assert shown.read_bytes() == content
