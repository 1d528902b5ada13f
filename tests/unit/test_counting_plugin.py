"""The plugin's own C on the host, and how the library is built and chosen."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from boardless.core.errors import ToolMissing
from boardless.device import boards
from boardless.device.counting.devices import Devices
from boardless.device.emulators import fake, qemu
from boardless.device.plugin import counter
from command_line import Cli

SANITIZERS = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-g")
WARNINGS = ("-std=c11", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror")


@pytest.fixture
def no_memory() -> Iterator[None]:
    """find() asks again, as in a new process."""
    counter.find.cache_clear()
    yield
    counter.find.cache_clear()


def script(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


# ---- the table of segments ----

TABLE_TEST = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"
#include "segments.h"

static uint64_t *counted;
void qemu_plugin_register_vcpu_insn_exec_inline(struct instruction *i, int what, void *word,
                                                uint64_t value) {
  (void)i, (void)what, (void)value;
  counted = word;
}

int main(void) {
  enum { MANY = 20000 };
  static uint64_t *words[MANY];
  uint8_t code[4] = {2, 0, 0, 0};
  for (int round = 0; round < 3; round++) { /* translated again and again */
    for (uint32_t i = 0; i < MANY; i++) {
      memcpy(code + 1, &i, 2);
      const segment wanted = {.address = 2 * (uint64_t)(i / 4),
                              .instructions = 1,
                              .bytes = 2,
                              .head = i & 1,
                              .code = code};
      const uint32_t number = segment_find(&wanted);
      segment_count_inline(NULL, number);
      if (number != i || (round && words[i] != counted) || segment_count > MANY) {
        printf("round %d: %u has number %u\n", round, i, number);
        return 1;
      }
      words[i] = counted;
      ++*counted;
    }
  }
  for (uint32_t i = 0; i < MANY; i++) {
    if (*words[i] != 3) {
      return 2;
    }
  }
  printf("%u segments\n", segment_count);
  return 0;
}
"""


def test_code_that_is_translated_again_keeps_its_number(tmp_path: Path) -> None:
    """Counters never move either: translated code holds their addresses."""
    (tmp_path / "main.c").write_text(TABLE_TEST)
    sources = [str(counter.SOURCES / name) for name in ("segments.c", "record.c")]
    command = ["gcc", *WARNINGS, *SANITIZERS, "-DAPI=1", f"-I{counter.SOURCES}", *sources]
    program = tmp_path / "main"
    subprocess.run([*command, str(tmp_path / "main.c"), "-o", str(program)], check=True)
    options = os.environ | {"ASAN_OPTIONS": "detect_leaks=0"}
    done = subprocess.run([program], capture_output=True, text=True, check=False, env=options)
    assert (done.returncode, done.stdout) == (0, "20000 segments\n"), done.stderr


# ---- building and choosing ----


@pytest.mark.parametrize("interface", counter.INTERFACES)
def test_the_source_fits_every_interface(interface: int) -> None:
    path = counter.build(interface)
    symbols = subprocess.run(["nm", "-D", path], capture_output=True, text=True, check=True).stdout
    assert " T qemu_plugin_install" in symbols
    assert " D qemu_plugin_version" in symbols
    wanted = "insn_exec_inline_per_vcpu" if interface >= 3 else "insn_exec_inline\n"
    assert f"qemu_plugin_register_vcpu_{wanted}" in symbols


def test_without_gcc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_memory: None) -> None:
    script(tmp_path / "bin", "qemu-x", "echo QEMU emulator version 10.0.2")
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    with pytest.raises(ToolMissing) as caught:
        counter.find("qemu-x")
    assert str(caught.value).startswith("cycles not available: gcc is not installed; apt-get")


def test_a_plugin_that_was_lent_is_not_compiled_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    interface = counter.INTERFACES[0]
    ours = counter.build(interface)
    counter.lend(tmp_path / "theirs")
    counter.lend(tmp_path / "theirs")  # does nothing more
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "theirs"))
    monkeypatch.setenv("PATH", str(tmp_path))  # has no gcc
    assert counter.build(interface).read_bytes() == ours.read_bytes()
    assert os.access(counter.build(interface), os.X_OK)


def test_a_qemu_without_plugins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_memory: None
) -> None:
    text = """[ "$1" = --version ] && { echo "QEMU emulator version 8.0.1"; exit; }
echo "qemu-x: -plugin: invalid option" >&2; exit 1"""
    script(tmp_path / "bin", "qemu-x", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    with pytest.raises(ToolMissing) as caught:
        counter.find("qemu-x")
    assert str(caught.value) == (
        "cycles not available: qemu-x (QEMU 8.0.1) takes no plugin: "
        "qemu-x: -plugin: invalid option; "
        "install a QEMU with TCG plugins, such as Debian's"
    )


@pytest.mark.slow
def test_a_plugin_is_tried_once_per_qemu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, no_memory: None
) -> None:
    text = f"""[ "$1" = --version ] && {{ echo "QEMU emulator version 9.9.9"; exit; }}
echo tried >> {tmp_path}/log
case "$*" in *count-3-*) echo "boardless counter: interface 3 of 2 to 4" ;; *) exit 1 ;; esac"""
    program = script(tmp_path / "bin", "qemu-x", text)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    for _ in range(3):
        counter.find.cache_clear()
        assert counter.find("qemu-x").interface == 3
    assert (tmp_path / "log").read_text() == "tried\n"
    counter.find.cache_clear()
    program.write_text(program.read_text().replace("9.9.9", "9.9.10"))
    assert counter.find("qemu-x").interface == 3
    assert (tmp_path / "log").read_text() == "tried\ntried\n"


def test_an_emulator_that_cannot_count(monkeypatch: pytest.MonkeyPatch) -> None:
    build = object()
    devices = Devices.of(build, fake)  # type: ignore[arg-type]
    assert devices.missing == "cycles not available: this emulator takes no counting plugin"
    with devices.counter(0) as nothing:
        assert nothing is None

    def fails(_: object) -> None:
        raise ToolMissing("cycles not available: x", hint="y")

    monkeypatch.setattr(qemu, "counter", fails)

    class Some:
        board = boards.load("mps2-an386")

    assert Devices.of(Some(), qemu).missing == "cycles not available: x; y"  # type: ignore[arg-type]


def test_doctor_lists_the_plugin(cli: Cli) -> None:
    assert "counting plugin of qemu-system-arm" in cli("doctor").stdout


@pytest.mark.slow
def test_setting_up_never_fails(tmp_path: Path) -> None:
    environment = os.environ | {"BOARDLESS_BUILD_DIR": "/proc/nowhere"}
    done = subprocess.run(
        [sys.executable, "-m", "boardless.device.counting"],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0
    assert "mps2-an386: " in done.stderr
    assert "Traceback" not in done.stderr
