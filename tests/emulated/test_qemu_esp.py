"""Espressif's QEMU: found among others, and the firmware in the chips' own memory maps, executed by
stand-ins (esp32_stand_in.py, which also is an ESP32-S3, and esp32c3_stand_in.py) and by the real
one where it is installed."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from boardless.core import paths
from boardless.core.errors import ToolMissing
from boardless.device import boards, run, watch
from boardless.device.emulators import qemu_esp
from boardless.device.records import Build
from command_line import Cli
from elftools.elf.elffile import ELFFile

MODELS = ("digits_cnn:int8", "mobile_lenet:float32")
DISTRIBUTION = "#!/bin/sh\necho 'virt                 a board of no chip'\n"
Built = Callable[[str, str], Build]


@dataclass(frozen=True)
class Chip:
    """The places of its memories, from its Technical Reference Manual."""

    program: str
    machine: str
    tool: str
    code: range
    data: range
    loaded: range  # of the data: what the ROM does not use while it loads
    alias: int  # code sees the one memory so much higher than data does; 0: they are two


CHIPS = {
    "esp32_devkit": Chip(
        "qemu-system-xtensa",
        "esp32",
        "qemu-xtensa",
        range(0x40080000, 0x400A0000),
        range(0x3FFB0000, 0x40000000),
        range(0x3FFB0000, 0x3FFE0000),
        0,
    ),
    "esp32c3_devkitm": Chip(
        "qemu-system-riscv32",
        "esp32c3",
        "qemu-riscv32",
        range(0x40380000, 0x403E0000),
        range(0x3FC80000, 0x3FCE0000),
        range(0x3FC80000, 0x3FCE0000),
        0x700000,
    ),
    "esp32s3_devkitc": Chip(
        "qemu-system-xtensa",
        "esp32s3",
        "qemu-xtensa",
        range(0x40378000, 0x403E0000),
        range(0x3FC88000, 0x3FCF0000),
        range(0x3FC88000, 0x3FCE9700),
        0x6F0000,
    ),
}


def installed(name: str) -> bool:
    try:
        qemu_esp.find(boards.load(name))
        return True
    except ToolMissing:
        return False


def firmware(built: Built, model: str, name: str) -> Build:
    """A build; skips where the compiler is not installed."""
    try:
        return built(model, name)
    except ToolMissing as error:
        pytest.skip(str(error))


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


# ---- which program ----


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH without QEMU and an empty folder of ESP-IDF's tools."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/bin")
    monkeypatch.setenv("IDF_TOOLS_PATH", str(tmp_path / "idf"))
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("name", CHIPS)
def test_nothing_installed(tools: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    chip = CHIPS[name]
    monkeypatch.setenv("PATH", str(tools))
    with pytest.raises(ToolMissing) as caught:
        qemu_esp.find(boards.load(name))
    assert str(caught.value) == (
        f"there is no {chip.program} that knows {chip.machine}; Espressif's does: "
        f"python $IDF_PATH/tools/idf_tools.py install {chip.tool}, "
        "or an archive of https://github.com/espressif/qemu/releases"
    )


@pytest.mark.parametrize("name", CHIPS)
def test_the_distributions_program_is_not_taken(tools: Path, name: str) -> None:
    chip = CHIPS[name]
    own = program(tools / "bin" / chip.program, DISTRIBUTION)
    with pytest.raises(ToolMissing, match=f"{own} does not know -M {chip.machine}; Espressif's"):
        qemu_esp.find(boards.load(name))


def espressifs(tools: Path, chip: Chip, version: str) -> Path:
    """Installs a stand-in where ESP-IDF installs its QEMU."""
    place = tools / "idf" / "tools" / chip.tool / f"esp_develop_{version}" / "qemu" / "bin"
    machines = [other.machine for other in CHIPS.values() if other.program == chip.program]
    known = DISTRIBUTION + "".join(f"echo '{m:20} Espressif machine'\n" for m in machines)
    return program(place / chip.program, known + f"echo 'QEMU emulator version {version}'\n")


@pytest.mark.parametrize("name", CHIPS)
def test_the_newest_of_esp_idf_is_found_behind_it(tools: Path, name: str) -> None:
    chip = CHIPS[name]
    program(tools / "bin" / chip.program, DISTRIBUTION)
    espressifs(tools, chip, "8.2.0")
    newest = espressifs(tools, chip, "9.2.2")
    assert qemu_esp.find(boards.load(name)) == str(newest)


def test_one_that_hangs_is_not_taken(tools: Path) -> None:
    old = {name: espressifs(tools, chip, "8.2.0") for name, chip in CHIPS.items()}
    assert qemu_esp.find(boards.load("esp32_devkit")) == str(old["esp32_devkit"])
    with pytest.raises(ToolMissing, match=r"/qemu-system-riscv32 is too old to boot -M esp32c3"):
        qemu_esp.find(boards.load("esp32c3_devkitm"))


def test_doctor_tells_it_from_the_distributions(cli: Cli, tools: Path) -> None:
    rows = json.loads(cli("doctor", "--json", "-").stdout)
    for chip in CHIPS.values():
        (row,) = (r for r in rows if r["name"] == f"{chip.program} -M {chip.machine}")
        assert not row["found"]
        assert not row["required"]
        assert f"idf_tools.py install {chip.tool}, or" in row["get"]


# ---- where things are ----


@pytest.mark.emulated
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CHIPS)
def test_the_firmware_lies_in_the_chips_memories(built: Built, name: str, model: str) -> None:
    build, chip = firmware(built, model, name), CHIPS[name]
    code, data = set[int](), set[int]()
    with build.elf.open("rb") as file:
        elf = ELFFile(file)
        assert elf["e_entry"] in chip.code
        for segment in elf.iter_segments():
            if segment["p_type"] != "PT_LOAD" or not segment["p_memsz"]:
                continue
            start, size = segment["p_vaddr"], segment["p_memsz"]
            inside = chip.code if segment["p_flags"] & 1 else chip.data
            assert start in inside
            assert start + size <= inside.stop
            (code if inside is chip.code else data).update((start, start + size))
            if segment["p_filesz"]:  # put where it is used: nobody copies it
                assert segment["p_paddr"] == start
                assert inside is chip.code or start + segment["p_filesz"] <= chip.loaded.stop
        if chip.alias:
            assert max(code) - chip.alias <= min(data)
        if "xtensa" in chip.program:  # code is read by words: no constant may lie there
            symbols = elf.get_section_by_name(".symtab").iter_symbols()
            objects = [s for s in symbols if s["st_info"]["type"] == "STT_OBJECT" and s["st_size"]]
            assert objects
            assert all(s["st_value"] in chip.data for s in objects)


# ---- what it does ----


@pytest.mark.emulated
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("name", CHIPS)
def test_predictions_on_espressifs_qemu(cli: Cli, built: Built, name: str, model: str) -> None:
    if not installed(name):
        pytest.skip(f"needs Espressif's {CHIPS[name].program}")
    firmware(built, model, name)
    arguments = ("run", model, "--board", name, "--emulator", "qemu-esp", "--limit", "4")
    done = cli(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    try:
        qemu_esp.counter(boards.load(name))
    except ToolMissing:
        assert "plugins" in result["notes"][-1]
    else:  # run() has compared it with the timer where that counts, too
        assert result["notes"] == []
        assert result["cycles"]
        assert instructions(result)[0] > sum(instructions(result)[1:]) > 0


@pytest.fixture
def stand_ins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """First on PATH; the value is PATH without them. That of ESP32 and ESP32-S3 needs Debian's
    QEMU, that of the ESP32-C3 Unicorn."""
    without = os.environ["PATH"]
    start = f"#!{sys.executable}\nimport sys\nsys.path.insert(0, {str(paths.ROOT / 'tests')!r})\n"
    xtensa = shutil.which("qemu-system-xtensa")
    if xtensa:
        text = f"import esp32_stand_in\nesp32_stand_in.main({xtensa!r})\n"
        program(tmp_path / "bin" / "qemu-system-xtensa", start + text)
    text = "import esp32c3_stand_in\nesp32c3_stand_in.main()\n"
    program(tmp_path / "bin" / "qemu-system-riscv32", start + text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{without}")
    monkeypatch.setenv("IDF_TOOLS_PATH", str(tmp_path))
    return without


def can_stand_in(name: str) -> None:
    if CHIPS[name].machine == "esp32c3":
        pytest.importorskip("unicorn")
    elif not installed(name):
        pytest.skip("needs Debian's qemu-system-misc")


def result_on(cli: Cli, model: str, name: str, *more: str, **environment: str) -> dict[str, Any]:
    """The result of a run of two pictures whose predictions have to be right."""
    arguments = ("run", model, "--board", name, *more, "--limit", "2", "--jobs", "1")
    done = cli(*arguments, "--json", "-", **environment)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    assert result["agreement"] == 1.0
    assert result["bit_exact"] or model.endswith("float32")
    return result


def instructions(result: dict[str, Any]) -> list[int]:
    return [result["instructions"]["median"], *(x["instructions"] for x in result["layers"])]


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(
    ("model", "emulator"), [("digits_cnn:int8", "qemu-esp"), ("digits_cnn:float32", "qemu_esp")]
)
@pytest.mark.parametrize("name", CHIPS)
def test_a_build_without_plugins(
    cli: Cli, built: Built, name: str, model: str, emulator: str
) -> None:
    """Espressif's releases are such builds. The ESP32's timer counts, the ESP32-C3's does not."""
    can_stand_in(name)
    firmware(built, model, name)
    result = result_on(cli, model, name, "--emulator", emulator)
    assert result["emulator"]["version"] == "9.2.2 (esp_develop_9.2.2_20250228)"
    assert result["cycles"] == {}
    *others, cycles = result["notes"]
    assert cycles.startswith("cycles not available: ")
    assert cycles.endswith(
        "plugin interface not enabled in this build; Espressif's releases are built without "
        "plugins (espressif/qemu#134); build its sources with --enable-plugins"
    )
    if CHIPS[name].program == "qemu-system-xtensa":
        assert not others
        assert instructions(result)[0] > sum(instructions(result)[1:]) > 0
    else:
        assert others == ["instructions not available: on this emulator only a plugin counts"]
        assert result["instructions"] is None


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
def test_an_emulator_that_loses_bytes_ends_in_a_line(
    cli: Cli, built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A rebase of Espressif's sources does so: the device waits for a command, and we for the rest
    of its answer."""
    name = "esp32c3_devkitm"
    can_stand_in(name)
    firmware(built, MODELS[0], name)
    arguments = ("run", MODELS[0], "--board", name, "--limit", "1", "--jobs", "1")
    monkeypatch.setattr(watch, "AT_LEAST", 4.0)  # enough for a stand-in to start
    said = cli.fails(3, *arguments, STAND_IN_LOSES="yes")
    assert "bytes of the device's answer are lost" in said
    assert re.search(r"waits for the next command, at pc=0x403[0-9a-f]+ \(hal_getc\+", said)


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", ["esp32_devkit", "esp32c3_devkitm"])
def test_what_is_not_counted_is_said_by_every_command(cli: Cli, built: Built, name: str) -> None:
    """It counts no cycles, and on the ESP32-C3 no instructions."""
    can_stand_in(name)
    firmware(built, MODELS[0], name)
    uncounted = "instructions not available: on this emulator only a plugin counts"
    profile = cli.fails(2, "profile", MODELS[0], "--board", name, "--limit", "1")
    gate = cli("gate", MODELS[0], "--board", name, "--emulator", "qemu-esp")
    assert gate.returncode == 0, gate.stderr
    for said in (profile, gate.stdout):
        assert "cycles not available: " in said
        assert "build its sources with --enable-plugins" in said
        assert (uncounted in said) == (name == "esp32c3_devkitm")
    assert ("still counts instructions" in profile) == (name != "esp32c3_devkitm")


@pytest.mark.emulated
@pytest.mark.parametrize("name", ["esp32_devkit", "esp32s3_devkitc"])
def test_a_build_with_plugins_counts_as_stock_qemu_does(
    cli: Cli, built: Built, stand_ins: str, name: str
) -> None:
    """The LX6-compatible board is the same code and the same core, elsewhere in memory."""
    can_stand_in(name)
    model = MODELS[0]
    for board in (name, "esp32"):
        firmware(built, model, board)
    counted = result_on(cli, model, name, "--core", "esp32-lx6", STAND_IN_PLUGINS="yes")
    stock = result_on(cli, model, "esp32", PATH=stand_ins)
    assert counted["notes"] == []
    assert instructions(counted) == instructions(stock)
    assert counted["cycles"]["esp32-lx6"]["median"] == stock["cycles"]["esp32-lx6"]["median"]


@pytest.mark.parametrize("name", CHIPS)
def test_a_timer_tells_instructions_where_it_is_exact(name: str) -> None:
    found = qemu_esp.instructions(boards.load(name), 2559)  # of 40 MHz, 64 ns an instruction
    assert found == (None if name == "esp32c3_devkitm" else 1000)


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize("name", ["esp32_devkit", "esp32s3_devkitc"])
def test_reset_by_the_chips_own_register(built: Built, name: str) -> None:
    can_stand_in(name)
    build = firmware(built, MODELS[0], name)
    with run.open_client(build, run.Options("qemu_esp"), shared=False) as client:
        before = client.hello()
        client.reset()
        assert client.hello() == before


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("esp32_devkit", "  RTC_WDT_KEY = WDT_KEY;"),
        ("esp32c3_devkitm", "  REGISTER(RTC + RTC_SWD + 4) = 0x8F1D312A;"),
        ("esp32s3_devkitc", "  REGISTER(RTC + RTC_SWD + 4) = 0x8F1D312A;"),
        ("esp32s3_devkitc", "  RTC_WDT_KEY = WDT_KEY;"),
    ],
)
def test_a_watchdog_that_is_left_on_is_noticed(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, line: str
) -> None:
    can_stand_in(name)
    folder = tmp_path / "boards" / "careless"
    shutil.copytree(paths.BOARDS / name, folder)
    source = (paths.FIRMWARE / "hal" / "espressif.h").read_text()
    assert line in source.splitlines()
    (folder / "espressif.h").write_text(source.replace(line + "\n", ""))  # found before hal's
    monkeypatch.setenv("BOARDLESS_BOARDS", str(folder.parent))
    said = cli.fails(3, "run", MODELS[0], "--board", "careless", "--limit", "1", "--jobs", "1")
    assert "watchdog reset" in said or "gcc is not installed" in said


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_ins")
def test_constants_that_do_not_fit_beside_the_roms_memory(cli: Cli, built: Built) -> None:
    """225 KB of weights."""
    can_stand_in("esp32_devkit")
    firmware(built, MODELS[0], "esp32_devkit")
    said = cli.fails(3, "run", "mobilenet_v1_025:int8", "--board", "esp32_devkit")
    assert "constants and initial data do not fit into what the ROM leaves" in said
