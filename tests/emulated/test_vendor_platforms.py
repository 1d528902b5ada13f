"""PlatformIO environments on its own platforms: what can be seen without its registry. A platform
of ours stands in for theirs; it adds the flags that theirs add to a program without a framework."""

from __future__ import annotations

import configparser
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.core.errors import ToolMissing
from boardless.device import boards
from boardless.device.records import Board, Build
from elftools.elf.elffile import ELFFile

Built = Callable[[str, str], Build]


@dataclass(frozen=True)
class Vendor:
    """The settings that a platform of PlatformIO's has for a board (its boards/<board>.json)."""

    board: str  # ours
    flash_bytes: int  # upload.maximum_size
    ram_bytes: int  # upload.maximum_ram_size
    flags: tuple[str, ...]  # of frameworks/_bare.py, in CCFLAGS
    link_flags: tuple[str, ...]


ST = ("-Os", "-ffunction-sections", "-fdata-sections", "-Wall", "-mthumb", "-mcpu=cortex-m4")
ESPRESSIF = ("-Os", "-Wall", "-nostdlib", "-Wpointer-arith", "-mlongcalls", "-ffunction-sections")
UNDEFINED = ("-nostdlib", "-Wl,-static", "-u", "call_user_start_cpu0", "-Wl,--gc-sections")
VENDORS = {
    "ststm32_nucleo_l4r5zi": Vendor(
        "nucleo_l4r5zi", 2097152, 655360, ST, ("-Os", "-mthumb", "-mcpu=cortex-m4")
    ),
    "ststm32_nucleo_f446re": Vendor(
        "nucleo_f446re", 524288, 131072, ST, ("-Os", "-mthumb", "-mcpu=cortex-m4")
    ),
    "espressif32_esp32dev": Vendor("esp32_devkit", 4194304, 327680, ESPRESSIF, UNDEFINED),
    "espressif32_esp32-c3-devkitm-1": Vendor(
        "esp32c3_devkitm", 4194304, 327680, ESPRESSIF, UNDEFINED
    ),
    "espressif32_esp32-s3-devkitc-1": Vendor(
        "esp32s3_devkitc", 8388608, 327680, ESPRESSIF, UNDEFINED
    ),
}

OFFLINE = {
    "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
    "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
}
PLATFORM = """\
import runpy
globals().update(runpy.run_path({ours!r}))
class {name}Platform(BoardlessPlatform): pass
"""
BUILDER = """\
from SCons.Script import Default, DefaultEnvironment
env = DefaultEnvironment()
env.Replace(AR="{prefix}ar", AS="{prefix}as", CC="{prefix}gcc", RANLIB="{prefix}ranlib",
    SIZETOOL="{prefix}size", PROGNAME="firmware", PROGSUFFIX=".elf", ARFLAGS=["rc"])
env.Append(ASFLAGS=["-x", "assembler-with-cpp"], CFLAGS=["-std=gnu99"], CCFLAGS={flags!r},
    CPPDEFINES=["ESP32", ("F_CPU", "$BOARD_F_CPU")], LINKFLAGS={link_flags!r},
    LIBS=["c", "gcc", "m", "stdc++"])
Default(env.BuildProgram())
"""


def configuration(*names: Path) -> configparser.ConfigParser:
    config = configparser.ConfigParser(interpolation=None)
    config.read(names, encoding="utf8")
    return config


def pio(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "platformio", *arguments],
        env=os.environ | OFFLINE | environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_they_are_the_vendors_environments_and_none_is_built_by_default() -> None:
    done = pio("project", "config", "-d", str(paths.ROOT), "--json-output")
    assert done.returncode == 0, done.stderr
    options = {section: dict(values) for section, values in json.loads(done.stdout)}
    defaults = options["platformio"]["default_envs"]
    environments = {k.removeprefix("env:"): v for k, v in options.items() if k[:4] == "env:"}
    assert set(defaults) <= set(environments)
    own = {name for name, v in environments.items() if v["platform"].startswith("symlink:")}
    assert set(environments) - own == set(VENDORS)
    if (paths.ROOT / ".venv" / "boards.ini").is_file():  # ./bootstrap was here
        inside = {path.parent.name for path in paths.BOARDS.glob("*/board.toml")}
        assert own == {name.replace("-", "_") for name in inside} | {"any_board"}
    assert not set(VENDORS) & set(defaults)
    for name, vendor in VENDORS.items():
        values = environments[name]
        assert name == f"{values['platform']}_{values['board']}"
        assert values["custom_board"] == vendor.board
        assert values["extra_scripts"] == ["pre:firmware/platform/vendor.py"]
        assert values["build_flags"] == environments["mps2_an386"]["build_flags"]
        assert values["test_framework"] == "custom"
    assert (paths.FIRMWARE / "platform" / "vendor.py").is_file()


@pytest.mark.parametrize("name", VENDORS)
def test_memories_agree_with_platformios(name: str) -> None:
    """An ESP32's flash is its boot medium: what is loaded is bounded by its RAM."""
    vendor = VENDORS[name]
    memory = boards.load(vendor.board).memory
    if name.startswith("ststm32"):
        assert memory.flash_bytes == vendor.flash_bytes
        assert memory.ram_bytes == vendor.ram_bytes
    else:
        assert memory.ram_bytes <= vendor.ram_bytes
        assert memory.flash_bytes + memory.ram_bytes <= 520 * 1024


@pytest.mark.emulated
@pytest.mark.parametrize("name", VENDORS)
def test_their_platform_builds_what_ours_builds(built: Built, tmp_path: Path, name: str) -> None:
    """Both use the compilers of this machine, and their code is equal, instruction for
    instruction."""
    vendor = VENDORS[name]
    try:
        own = built("digits_cnn:int8", vendor.board)
    except ToolMissing as error:
        pytest.skip(str(error))
    config = configuration(
        paths.ROOT / "platformio.ini", boards.load(vendor.board).folder / "env.ini"
    )
    section = config[f"env:{name}"]
    platform = tmp_path / section["platform"]
    (platform / "builder").mkdir(parents=True)
    (platform / "boards").mkdir()
    manifest: dict[str, object] = {
        "name": section["platform"],
        "version": "1.0.0",
        "title": "a stand-in",
    }
    manifest |= {"description": "-", "engines": {"platformio": "^6"}, "packages": {}}
    (platform / "platform.json").write_text(json.dumps(manifest))
    ours = str(paths.FIRMWARE / "platform" / "platform.py")
    title = section["platform"].capitalize()
    (platform / "platform.py").write_text(PLATFORM.format(ours=ours, name=title))
    prefix = compiler_with_a_library(own.board, tmp_path)
    builder = BUILDER.format(prefix=prefix, flags=vendor.flags, link_flags=vendor.link_flags)
    (platform / "builder" / "main.py").write_text(builder)
    upload = {"maximum_size": vendor.flash_bytes, "maximum_ram_size": vendor.ram_bytes}
    described: dict[str, object] = {
        "name": name,
        "url": "",
        "vendor": "",
        "frameworks": [],
        "upload": upload,
    }
    described["build"] = {"f_cpu": "16000000L", "mcu": "mcu"}
    (platform / "boards" / f"{section['board']}.json").write_text(json.dumps(described))

    section["platform"] = f"symlink://{platform}"
    config.remove_option("platformio", "extra_configs")
    config.remove_option("platformio", "default_envs")
    with (tmp_path / "platformio.ini").open("w") as file:
        config.write(file)
    done = pio(
        *("run", "-d", str(paths.ROOT), "-c", str(tmp_path / "platformio.ini"), "-e", name),
        PLATFORMIO_BUILD_DIR=str(tmp_path / "build"),
        PLATFORMIO_WORKSPACE_DIR=str(tmp_path / "workspace"),
        PLATFORMIO_CORE_DIR=str(tmp_path / "core"),
        BOARDLESS_GENERATED=str(own.elf.parent / "generated"),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert code(tmp_path / "build" / name / "firmware.elf") == code(own.elf)


def compiler_with_a_library(board: Board, folder: Path) -> str:
    """Prefix of compilers as the vendors have them: they find their C library by themselves."""
    toolchain = board.toolchain
    inside = [f for f in toolchain.flags if f.startswith(("--specs=", "-misa-spec="))]
    for tool in ("gcc", "ar", "as", "ranlib", "size"):
        path = folder / f"theirs-{tool}"
        words = [f"{toolchain.prefix}{tool}", *(inside if tool == "gcc" else [])]
        path.write_text(f'#!/bin/sh\nexec {" ".join(words)} "$@"\n')
        path.chmod(0o755)
    return str(folder / "theirs-")


def code(elf: Path) -> dict[str, bytes]:
    """Returns the loaded content, section by section."""
    with elf.open("rb") as file:
        return {
            s.name: s.data()
            for s in ELFFile(file).iter_sections()
            if s["sh_flags"] & 2 and s["sh_type"] != "SHT_NOBITS"
        }
