"""PlatformIO builds: reproducible, cached, from a plain shell, with its registry out of reach."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.device.records import Build
from command_line import Cli

pytestmark = pytest.mark.emulated
Built = Callable[[str, str], Build]
PARTS = ("sim", "firmware", "models/zoo/digits_cnn", "platformio.ini")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The sources under another path, as in somebody else's clone, with what Python has made of
    them and one model."""
    folder = tmp_path / "another checkout"
    for part in PARTS:
        source, target = paths.ROOT / part, folder / part
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy(source, target)
    return folder


def in_checkout(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A proxy that answers nothing stands where a registry would have to be reached."""
    blocked = "http://127.0.0.1:9"
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("PLATFORMIO", "BOARDL"))
    }
    environment |= {
        "PYTHONPATH": str(folder / "sim"),
        "HTTP_PROXY": blocked,
        "HTTPS_PROXY": blocked,
        "http_proxy": blocked,
        "https_proxy": blocked,
    }
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_the_elf_is_the_same_from_another_checkout(
    cli: Cli, checkout: Path, tmp_path: Path
) -> None:
    here = tmp_path / "a build folder elsewhere"
    done = cli("run", "digits_cnn:int8", "--limit", "1", BOARDLESS_BUILD_DIR=str(here))
    assert done.returncode == 0, done.stderr
    done = in_checkout(checkout, "boardless", "run", "digits_cnn:int8", "--limit", "1")
    assert done.returncode == 0, done.stderr
    name = Path("mps2-an386/digits_cnn-int8/firmware.elf")
    assert sha256(here / name) == sha256(checkout / "build" / name)
    # Somebody moves it, and puts another one in its place.
    moved = checkout.rename(tmp_path / "elsewhere")
    (checkout / "firmware/platform").mkdir(parents=True)
    (checkout / "firmware/platform/platform.json").write_text("{}")
    shutil.rmtree((moved / "build" / name).parent)
    done = in_checkout(moved, "boardless", "run", "digits_cnn:int8", "--limit", "1")
    assert done.returncode == 0, done.stderr
    assert sha256(here / name) == sha256(moved / "build" / name)


def test_pio_from_a_plain_shell(checkout: Path) -> None:
    done = in_checkout(checkout, "platformio", "run", "-e", "mps2_an386")
    assert done.returncode == 0, done.stdout + done.stderr
    elf = checkout / ".pio" / "build" / "mps2_an386" / "firmware.elf"
    assert b"digits_cnn:int8" in elf.read_bytes()


def test_nothing_is_built_twice(cli: Cli, tmp_path: Path) -> None:
    environment = {"BOARDLESS_BUILD_DIR": str(tmp_path)}
    command = ("run", "digits_cnn:int8", "--limit", "1")
    assert cli(*command, **environment).returncode == 0
    elf = tmp_path / "mps2-an386" / "digits_cnn-int8" / "firmware.elf"
    before = elf.stat().st_mtime_ns
    assert cli(*command, **environment).returncode == 0
    assert elf.stat().st_mtime_ns == before


def test_compile_writes_readable_c_that_stays_the_same(cli: Cli, tmp_path: Path) -> None:
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        assert cli("compile", "digits_cnn:int8", "-o", str(folder)).returncode == 0
    names = {"model.c", "model_config.h", "weights.S", "weights.bin"}
    assert {p.name for p in folders[0].iterdir()} == names
    for name in names:
        assert (folders[0] / name).read_bytes() == (folders[1] / name).read_bytes()
    text = (folders[0] / "model.c").read_text()
    assert "bl_conv_2d_s8" in text
    assert len(text.splitlines()) < 90
    assert max(len(line) for line in text.splitlines()) < 160


READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && ! touch "$0/x" && exec "$@"'


def test_a_checkout_that_cannot_be_written(checkout: Path, built: Built, tmp_path: Path) -> None:
    """A read-only checkout, such as an administrator's installation, builds the same firmware."""
    alone = ["unshare", "-rm", "sh", "-c", READ_ONLY, str(checkout)]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this machine lets nobody mount")
    command = ["-m", "boardless", "run", "digits_cnn", "--limit", "2"]
    environment = os.environ | {
        "PYTHONPATH": str(checkout / "sim"),
        "BOARDLESS_BUILD_DIR": str(tmp_path / "build"),
    }
    done = subprocess.run(
        [*alone, sys.executable, *command],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    made = tmp_path / "build" / "mps2-an386" / "digits_cnn-int8" / "firmware.elf"
    assert sha256(made) == sha256(built("digits_cnn:int8", "mps2-an386").elf)
