"""Espressif's QEMU: found among others, and the firmware in the chip's own memory map, executed by
a stand-in (tests/esp32c3_stand_in.py) and by the real one where it is installed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless import boards, paths
from boardless.emulators import qemu_esp
from boardless.errors import ToolMissing
from boardless.records import Build
from conftest import Cli
from elftools.elf.elffile import ELFFile

BOARD = "esp32c3_devkitm"
IRAM, DRAM = range(0x40380000, 0x403E0000), range(0x3FC80000, 0x3FCE0000)
ALIAS = 0x700000  # one memory: code sees it so much higher than data does
MODELS = ("digits_cnn:int8", "mobile_lenet:float32")
Built = Callable[[str, str], Build]


def installed() -> bool:
    try:
        qemu_esp.find(boards.load(BOARD))
        return True
    except ToolMissing:
        return False


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


DISTRIBUTION = "#!/bin/sh\necho 'virt                 RISC-V VirtIO board'\n"


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PATH and an empty folder of ESP-IDF's tools."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    monkeypatch.setenv("IDF_TOOLS_PATH", str(tmp_path / "idf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def test_nothing_installed(tools: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(ToolMissing, match=r"no qemu-system-riscv32 that knows esp32c3.*idf_tools"):
        qemu_esp.find(boards.load(BOARD))


def test_the_distributions_program_is_not_taken(tools: Path) -> None:
    own = program(tools / "bin" / "qemu-system-riscv32", DISTRIBUTION)
    with pytest.raises(ToolMissing, match=f"{own} does not know -M esp32c3"):
        qemu_esp.find(boards.load(BOARD))


def test_the_newest_of_esp_idf_is_found_behind_it(tools: Path) -> None:
    program(tools / "bin" / "qemu-system-riscv32", DISTRIBUTION)
    known = DISTRIBUTION + "echo 'esp32c3              Espressif ESP32C3 machine'\n"
    for version in ("esp_develop_8.2.0_20240122", "esp_develop_9.2.2_20250228"):
        place = tools / "idf" / "tools" / "qemu-riscv32" / version / "qemu" / "bin"
        newest = program(place / "qemu-system-riscv32", known)
    assert qemu_esp.find(boards.load(BOARD)) == str(newest)


@pytest.mark.emulated
@pytest.mark.parametrize("model", MODELS)
def test_code_and_data_do_not_meet_in_the_chips_one_memory(built: Built, model: str) -> None:
    build = built(model, BOARD)
    code, data = set[int](), set[int]()
    with build.elf.open("rb") as file:
        elf = ELFFile(file)
        assert elf["e_entry"] == boards.load(BOARD).memory.flash_origin == IRAM.start
        for segment in elf.iter_segments():
            if segment["p_type"] != "PT_LOAD" or not segment["p_memsz"]:
                continue
            start, size = segment["p_vaddr"], segment["p_memsz"]
            inside = IRAM if start in IRAM else DRAM
            assert start in inside
            assert start + size <= inside.stop
            (code if inside is IRAM else data).update((start, start + size))
            if segment["p_filesz"]:
                assert segment["p_paddr"] in IRAM
                code.add(segment["p_paddr"] + segment["p_filesz"])
    assert max(code) - ALIAS <= min(data)


@pytest.mark.emulated
@pytest.mark.skipif(not installed(), reason="needs Espressif's qemu-system-riscv32")
@pytest.mark.parametrize("model", MODELS)
def test_predictions_on_espressifs_qemu(cli: Cli, built: Built, model: str) -> None:
    built(model, BOARD)
    done = cli("run", model, "--board", BOARD, "--emulator", "qemu-esp", "--limit", "4")
    assert done.returncode == 0, done.stderr


@pytest.mark.emulated
@pytest.mark.parametrize("model", MODELS)
def test_predictions_on_the_stand_in(
    cli: Cli, built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    pytest.importorskip("unicorn")
    built(model, BOARD)
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    program(
        tmp_path / "qemu-system-riscv32",
        f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(paths.ROOT / 'tests')!r})\n"
        "import esp32c3_stand_in\nesp32c3_stand_in.main()\n",
    )
    arguments = ("run", model, "--board", BOARD, "--emulator", "qemu-esp", "--limit", "2")
    done = cli(*arguments, "--jobs", "1", "--json", "-", PATH=path)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["emulator"]["version"] == "9.2.2 (esp_develop_9.2.2_20250228)"
    assert result["agreement"] == 1.0
    assert result["bit_exact"] or model.endswith("float32")
