"""Mistakes of users give one clear line, the right exit status, and no process left (see Cli)."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from boardless.device import boards
from boardless.device.records import Build
from boardless.model import zoo
from command_line import Cli

DIGITS = ("run", "digits_cnn:int8", "--limit", "4")


def tools_without(tmp_path: Path, missing: str) -> str:
    """A PATH with links to all programs but those that start with `missing`."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for directory in os.environ["PATH"].split(os.pathsep):
        for program in Path(directory).glob("*"):
            link = folder / program.name
            if not program.name.startswith(missing) and not link.exists():
                link.symlink_to(program)
    return str(folder)


def test_unknown_model_board_and_emulator(cli: Cli) -> None:
    said = cli.fails(2, "run", "nonsense")
    assert "unknown model 'nonsense'" in said
    assert "digits_cnn, " in said
    said = cli.fails(2, *DIGITS, "--board", "nonsense")
    assert "unknown board 'nonsense'" in said
    assert f"known boards: {', '.join(boards.names())}" in said
    said = cli.fails(2, *DIGITS, "--emulator", "fake")
    assert "board mps2-an386 does not run on fake" in said
    assert "it runs on qemu" in said
    said = cli.fails(2, "run", "digits_cnn:int4")
    assert "it has int8 and float32" in said


@pytest.mark.emulated
def test_emulator_missing(cli: Cli, tmp_path: Path) -> None:
    said = cli.fails(3, *DIGITS, PATH=tools_without(tmp_path, "qemu-system"))
    assert "qemu-system-arm is not installed" in said
    assert "apt-get install qemu-system-arm" in said


@pytest.mark.emulated
def test_compiler_missing(cli: Cli, tmp_path: Path) -> None:
    said = cli.fails(3, *DIGITS, PATH=tools_without(tmp_path, "arm-none-eabi"))
    assert "arm-none-eabi-gcc is not installed" in said
    assert "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi" in said
    assert "board mps2-an386" in said


@pytest.mark.emulated
def test_doctor_names_what_is_missing(cli: Cli, tmp_path: Path) -> None:
    done = cli("doctor", PATH=tools_without(tmp_path, "qemu-system"))
    assert done.returncode == 3
    assert "boardless: missing: qemu-system-arm; run ./bootstrap" in done.stderr
    assert "apt-get install qemu-system-arm" in done.stdout
    assert cli("doctor").returncode == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("description", "desciption", "unknown field `desciption`"),
        ('core = "cortex-m4"', "core = 4", "Expected `str`, got `int` - at `$.core`"),
        ("flash_bytes = 0x400000", 'flash_bytes = "4M"', "$.memory.flash_bytes"),
        ("[toolchain]", "[toolchain", "board.toml"),
        ("machine =", "maschine =", "unknown field `maschine`"),
        ("[emulator.qemu]", "[emulator.quemu]", "unknown emulator 'quemu'"),
    ],
)
def test_typo_in_a_board_folder(
    cli: Cli, own_board: Path, old: str, new: str, message: str
) -> None:
    path = own_board / "board.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    said = cli.fails(2, *DIGITS, "--board", "my-board")
    assert message in said
    assert "my-board/board.toml" in said


@pytest.mark.emulated
def test_a_board_that_is_too_small_says_by_how_much(cli: Cli, own_board: Path) -> None:
    path = own_board / "board.toml"
    path.write_text(path.read_text().replace("flash_bytes = 0x400000", "flash_bytes = 0x2000"))
    said = cli.fails(2, *DIGITS, "--board", "my-board")
    assert "does not fit: FLASH is too small by" in said


def broken_models() -> dict[str, bytes]:
    whole = zoo.find("digits_cnn:int8").content
    noise = np.random.default_rng(5).integers(0, 256, 4000).astype(np.uint8).tobytes()
    return {
        "empty": b"",
        "random": noise,
        "random with the mark": noise[:4] + b"TFL3" + noise[8:],
        "truncated to half": whole[: len(whole) // 2],
        "truncated by 100": whole[:-100],
        "text": b"<html>404 not found</html>",
    }


@pytest.mark.parametrize("case", broken_models())
def test_damaged_model(cli: Cli, tmp_path: Path, case: str) -> None:
    path = tmp_path / "broken.tflite"
    path.write_bytes(broken_models()[case])
    said = cli.fails(2, "run", str(path))
    assert "broken" in said


@pytest.mark.parametrize("value", ["abc", "", "-1", "1e9", "9" * 40, "٣"])
def test_an_environment_that_libraries_cannot_read(cli: Cli, value: str) -> None:
    said = cli.fails(2, "boards", SOURCE_DATE_EPOCH=value)
    assert "SOURCE_DATE_EPOCH: no number of seconds; unset it" in said


def test_missing_model_file(cli: Cli) -> None:
    assert "No such file" in cli.fails(2, "run", "nowhere/my.tflite")


def test_empty_picture_folder_and_wrong_size(cli: Cli, tmp_path: Path, built: object) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    arguments = ("run", "digits_cnn:int8", "--board", "host", "--images")
    assert "no pictures in class folders" in cli.fails(2, *arguments, str(folder))
    wrong = tmp_path / "wrong.npz"
    np.savez(wrong, images=np.zeros((2, 28, 28, 3), np.uint8))
    said = cli.fails(2, *arguments, str(wrong))
    assert "pictures are 28 x 28 x 3, the model takes 8 x 8 x 1" in said


def test_build_folder_that_cannot_be_written(cli: Cli, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    said = cli.fails(2, *DIGITS, BOARDLESS_BUILD_DIR=str(blocked / "build"))
    assert "cannot write here" in said
    assert "BOARDLESS_BUILD_DIR" in said


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_while_the_result_is_written(cli: Cli) -> None:
    done = cli("run", "digits_cnn:int8", "--board", "host", "--limit", "2", "--json", "/dev/full")
    assert done.returncode == 2
    assert "boardless: /dev/full: cannot write (No space left on device)" in done.stderr


def test_bad_line_that_makes_no_sense(cli: Cli) -> None:
    done = cli(*DIGITS, "--bad-line", "loose=1")
    assert done.returncode == 2
    assert "is no description of a bad line" in done.stderr


def test_memory_link_where_there_is_none(cli: Cli, own_board: Path) -> None:
    path = own_board / "board.toml"
    path.write_text(path.read_text().replace("shared_memory = true", "shared_memory = false"))
    said = cli.fails(2, *DIGITS, "--board", "my-board", "--link", "memory")
    assert "has no memory that the host can see" in said
    assert "--link uart" in said


@pytest.mark.emulated
def test_a_compiler_error_names_the_line(cli: Cli, own_board: Path) -> None:
    (own_board / "board.c").write_text("#error broken on purpose\n")
    said = cli.fails(3, *DIGITS, "--board", "my-board")
    assert "#error broken on purpose" in said
    assert "the whole log is" in said


def test_a_wrong_prediction_is_exit_status_1(cli: Cli, tmp_path: Path) -> None:
    """The firmware's weights are damaged behind boardless's back; the build id still fits."""
    environment = {"BOARDLESS_BUILD_DIR": str(tmp_path)}
    assert cli(*DIGITS, "--board", "host", **environment).returncode == 0
    elf = tmp_path / "host" / "digits_cnn-int8" / "firmware.elf"
    weights = (elf.parent / "generated" / "weights.bin").read_bytes()
    content = elf.read_bytes()
    at = content.index(weights)
    wrong = content[:at] + bytes(b ^ 0x11 for b in weights[:72]) + content[at + 72 :]
    elf.write_bytes(wrong)
    (stamp,) = elf.parent.glob("*.stamp")
    *known, _ = stamp.read_text().split()
    stamp.write_text(" ".join([*known, hashlib.sha256(wrong).hexdigest()]) + "\n")
    done = cli(*DIGITS, "--board", "host", **environment)
    assert done.returncode == 1
    assert "WRONG" in done.stdout
    assert "4 of 4 predictions differ from the reference" in done.stdout


def test_help_and_usage(cli: Cli) -> None:
    for command in ("boards", "models", "doctor", "compile", "run", "serve", "sim"):
        done = cli(command, "--help")
        assert done.returncode == 0
        assert "Usage:" in done.stdout
    done = cli("run")
    assert done.returncode == 2
    assert "Missing argument 'MODEL...'" in done.stderr


def test_one_corrupt_board_does_not_hide_behind_a_traceback(cli: Cli, own_board: Path) -> None:
    (own_board / "board.toml").write_bytes(b"\xff\xfe")
    assert "my-board/board.toml" in cli.fails(2, "boards")


@pytest.mark.emulated
def test_serve_without_a_free_port(cli: Cli, built: Callable[[str, str], Build]) -> None:
    import socket

    built("digits_cnn:int8", "mps2-an386")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = cli.fails(2, "serve", "digits_cnn:int8", "--tcp", port)
    assert f"cannot listen on port {port}" in said


def test_the_fake_board_interrupted_while_serving(
    cli: Cli, built: Callable[[str, str], Build]
) -> None:
    built("digits_cnn:int8", "host")
    process = cli.start("serve", "digits_cnn:int8", "--board", "host", "--pty")
    assert process.stdout is not None
    address = process.stdout.readline().strip()
    assert Path(address).exists()
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert process.returncode == 0


def test_boards_and_shutil_agree(cli: Cli) -> None:
    """`available` says what the machine has."""
    import json

    rows = {row["name"]: row for row in json.loads(cli("boards", "--json", "-").stdout)}
    assert set(rows) == set(boards.names())
    installed = bool(shutil.which("qemu-system-arm") and shutil.which("arm-none-eabi-gcc"))
    assert rows["mps2-an386"]["available"] is installed
    for row in rows.values():
        assert {"name", "core", "emulators", "flash_bytes", "ram_bytes", "available"} <= set(row)
