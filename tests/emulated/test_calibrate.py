"""`boardless calibrate` on a suite of two small programs."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import msgspec
import pytest
import tomlkit
from boardless.commands import calibrate
from boardless.cycles import calibration
from boardless.cycles.calibration import facts, recorded
from boardless.front.calibrate import programs
from click.testing import CliRunner
from command_line import Cli, all_ended

pytestmark = pytest.mark.emulated

FACTS = """title = "Two loops"
core = "cortex-m4"
board = "none"
clock_hz = 16_000_000
wait_states = 0
compiler = "GCC {compiler}"
flags = ["-O1", "-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft"]
source = "https://example.org/loops"
note = "not measured"
split = "one of two"

[build]
marker = "main.c"
sources = ["{{program}}.c", "main.c"]
include = ["."]
define = {{ ROUNDS = 1000 }}
own = ["triggers.c", "start.c"]
small_library = true

[emulated]
machine = "netduinoplus2"
flash = [0x0800_0000, 0x10_0000]
ram = [0x2000_0000, 0x2_0000]

[[program]]
name = "sum"
cycles = 4_000
held_out = false

[[program]]
name = "fill"
cycles = 50_000
held_out = true
"""
MAIN = """
void start_trigger(void); void stop_trigger(void);
int work(int rounds);
int main(void) {
  start_trigger();
  volatile int result = work(ROUNDS);
  stop_trigger();
  return result != ROUNDS;
}
"""
SUM = """
int work(int rounds) {
  int sum = 0;
  for (int i = 0; i < rounds; ++i) { __asm__ volatile("" : "+r"(i)); ++sum; }
  return sum;
}
"""
FILL = """
#include <string.h>
static char buffer[1000];
int work(int rounds) {
  for (int i = 0; i < 10; ++i) memset(buffer, i, sizeof(buffer));
  return buffer[999] == 9 ? rounds : 0;
}
"""

CALL_FACTS = """title = "A function of a published ELF"
core = "cortex-m4"
board = "none"
clock_hz = 16_000_000
wait_states = 0
compiler = "GCC 4.9.3"
flags = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]
source = "https://example.org/loops"
note = "not measured"
split = "none"

[call]
elf = "out/published.elf"
own = ["cmsis_dsp.c", "triggers.c", "start.c"]

[emulated]
machine = "netduinoplus2"
flash = [0x080f_0000, 0x1_0000]
ram = [0x2000_4000, 0x1_c000]
vectors = 0x0800_0000

[[program]]
name = "fir-4"
cycles = 20
held_out = false
define = { CAL_FUNCTION = "FIR", CAL_LENGTH = 4 }
"""
PUBLISHED = """
extern int initial;
int initial = 7; /* in .data, so that it is there only where the segments are loaded */
const unsigned vectors[64] __attribute__((section(".vectors"))) = {1, 3, 5};
void arm_fir_init_f32(int *instance, int taps) { *instance = taps; }
void arm_fir_f32(const int *instance, const float *in, float *out, unsigned n) {
  while (*instance != 32 || initial != 7) { }
  for (unsigned i = 0; i < n; ++i) out[i] = in[i];
}
"""
PUBLISHED_SCRIPT = """
SECTIONS {
  .text 0x08000000 : { KEEP(*(.vectors)) KEEP(*(.text)) }
  .data 0x20000000 : AT(0x08001000) { KEEP(*(.data)) }
}
"""
IMAGE = """
.syntax unified
.space 16
movs r1, #2
again: subs r1, #1
bne again
.rept 7
adds r0, #1
.endr
bx lr
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "loops"
    folder.mkdir()
    for name, text in (("main", MAIN), ("sum", SUM), ("fill", FILL)):
        (folder / f"{name}.c").write_text(text)
    return folder


@pytest.fixture
def own_facts(tmp_path: Path) -> Path:
    path = tmp_path / "loops.toml"
    path.write_text(FACTS.format(compiler=programs.compiler()))
    return path


@pytest.fixture(autouse=True)
def own_temporary_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Others calibrate at the same time."""
    (tmp_path / "tmp").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setattr(tempfile, "tempdir", None)


def left_behind() -> set[str]:
    return {p.name for p in Path(tempfile.gettempdir()).glob("boardless-calibrate-*")}


def test_counts_prices_and_keeps(
    checkout: Path, own_facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = tmp_path / "results"
    results.mkdir()
    monkeypatch.setattr(facts, "FOLDER", own_facts.parent)
    monkeypatch.setattr(calibration, "FOLDER", results)
    monkeypatch.setattr(recorded, "FOLDER", tmp_path / "counts")
    before = left_behind()
    runner = CliRunner()
    done = runner.invoke(calibrate.command, ["loops", str(checkout)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert "held out" in done.output
    assert left_behind() == before
    result = calibration.load("cortex-m4", None)
    rows = {r.program: r for r in result.row}
    # sum: add, add, compare, branch for each round; 4 instructions, a taken branch costs one more
    assert 4_000 <= rows["sum"].estimated <= 7_500
    # fill: byte loops of four instructions, not a fast memset
    assert 40_000 <= rows["fill"].estimated <= 100_000
    error = calibration.error("cortex-m4", None)
    assert error
    assert (error.programs, error.stale) == (2, False)

    again = runner.invoke(calibrate.command, ["loops", str(checkout)], catch_exceptions=False)
    assert again.exit_code == 0
    assert calibration.load("cortex-m4", None) == result


OTHER_CORES = {"esp-dsp": "start_xtensa.c", "coremark-esp32-c3": "start_riscv.c"}
MAC16 = ".byte 0x34, 0x02, 0x78"  # mula.aa.ll a2, a3: what the assembler writes for a real ESP32


@pytest.mark.parametrize("like", OTHER_CORES)
def test_suites_are_built_and_run_on_xtensa_and_riscv(
    cli: Cli, checkout: Path, tmp_path: Path, like: str
) -> None:
    """Two loops with the tool chain and the machine of a published suite."""
    suite = facts.load(like)
    assert suite.build
    if not shutil.which(f"{suite.toolchain}gcc") or not shutil.which(suite.machine.program):
        pytest.skip(f"no {suite.toolchain}gcc, or no {suite.machine.program}")
    version = programs.compiler(suite.toolchain)
    own = tmp_path / "own.toml"
    own.write_text(FACTS.format(compiler=version))
    loops = facts.read(own)
    assert loops.build
    same = {key: getattr(suite, key) for key in ("core", "toolchain", "flags", "emulated")}
    how = {"own": ("triggers.c", OTHER_CORES[like]), "vectors": suite.build.vectors}
    build = msgspec.structs.replace(loops.build, **how)
    loops = msgspec.structs.replace(loops, **same, build=build, name="")
    path = tmp_path / "other.toml"
    path.write_text(tomlkit.dumps(msgspec.to_builtins(loops)))
    if suite.core == "esp32-lx6":
        (checkout / "sum.c").write_text(SUM.replace('volatile("" ', f'volatile("{MAC16}" '))
    done = cli("calibrate", str(path), str(checkout), "--json", "-")
    assert done.returncode == 0, done.stderr
    rows = {row["name"]: row["estimated"] for row in json.loads(done.stdout)["programs"]}
    assert 2_000 <= rows["sum"] <= 10_000
    assert rows["fill"] > rows["sum"]


def test_a_function_of_a_published_elf(cli: Cli, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.c").write_text(PUBLISHED)
    (out / "a.ld").write_text(PUBLISHED_SCRIPT)
    suite = tmp_path / "call.toml"
    suite.write_text(CALL_FACTS)
    flags = [*facts.read(suite).flags, "-O2", "-ffreestanding", "-nostdlib", "-nostartfiles"]
    flags += ["-fno-tree-loop-distribute-patterns", "-Wl,-e,0x08000000"]
    command_line = [f"{programs.ARM}gcc", *flags, "-w", "-T", "a.ld", "a.c", "-o", "published.elf"]
    subprocess.run(command_line, check=True, cwd=out)
    done = cli("calibrate", str(suite), str(tmp_path), "--json", "-")
    assert done.returncode == 0, done.stderr
    (program,) = json.loads(done.stdout)["programs"]
    # a call, two loads and compares, four rounds of load, store, compare and branch
    assert 25 <= program["estimated"] <= 90
    (out / "published.elf").write_text("not an ELF")
    done = cli("calibrate", str(suite), str(tmp_path))
    assert done.returncode == 2
    assert "not a readable ELF" in done.stderr


def test_a_function_of_a_published_image(cli: Cli, tmp_path: Path) -> None:
    """An image has no symbols: the suite says where its function is."""
    out = tmp_path / "out"
    out.mkdir()
    (out / "a.s").write_text(IMAGE)
    subprocess.run([f"{programs.ARM}as", "-mthumb", "a.s", "-o", "a.o"], check=True, cwd=out)
    copy = [f"{programs.ARM}objcopy", "-O", "binary", "a.o", "flash.bin"]
    subprocess.run(copy, check=True, cwd=out)
    suite = tmp_path / "call.toml"
    text = CALL_FACTS.replace("published.elf", "flash.bin").replace("cmsis_dsp.c", "image.c")
    wanted = "CAL_FUNCTION = 0x0800_0010, CAL_BYTES = 12"
    suite.write_text(text.replace('CAL_FUNCTION = "FIR", CAL_LENGTH = 4', wanted))
    done = cli("calibrate", str(suite), str(tmp_path), "--json", "-")
    assert done.returncode == 0, done.stderr
    (program,) = json.loads(done.stdout)["programs"]
    # two rounds of subtraction and branch, seven adds, and a dozen cycles of the call
    assert 2 * 2 + 7 + 6 <= program["estimated"] <= 2 * 3 + 7 + 16


def test_json_and_another_compiler(cli: Cli, checkout: Path, own_facts: Path) -> None:
    text = own_facts.read_text().replace(f"GCC {programs.compiler()}", "GCC 4.9.3")
    own_facts.write_text(text)
    done = cli("calibrate", str(own_facts), str(checkout), "--json", "-")
    assert done.returncode == 0, done.stderr
    assert "comparable only with GCC 4" in done.stderr
    content = json.loads(done.stdout)
    assert [p["name"] for p in content["programs"]] == ["sum", "fill"]
    assert content["summary"]["held_out"]["programs"] == 1
    assert any("comparable only with GCC 4" in line for line in content["not_comparable"])


@pytest.mark.parametrize(
    ("file", "text", "status", "says"),
    [
        ("sum.c", "int work(int rounds) { return rounds + 1; }", 3, "own check failed"),
        ("sum.c", "int work(int rounds) { return rounds", 3, "error: expected"),
        ("sum.c", "int work(int rounds) { return missing(rounds); }", 3, "undefined reference"),
        ("sum.c", None, 2, "no sum.c"),
    ],
    ids=["self-check", "syntax", "link", "missing"],
)
def test_a_program_that_fails_is_one_line(
    cli: Cli, checkout: Path, own_facts: Path, file: str, text: str | None, status: int, says: str
) -> None:
    if text is None:
        (checkout / file).unlink()
    else:
        (checkout / file).write_text(text)
    done = cli("calibrate", str(own_facts), str(checkout))
    said = [line for line in done.stderr.splitlines() if line.startswith("boardless: sum: ")]
    assert done.returncode == status, done.stderr
    assert len(said) == 1, done.stderr
    assert says in said[0]
    assert "Traceback" not in done.stderr
    assert "fill" in done.stdout  # the other one ran


def test_a_path_that_is_no_checkout(cli: Cli, tmp_path: Path, own_facts: Path) -> None:
    said = cli.fails(2, "calibrate", str(own_facts), str(tmp_path))
    assert "there is no main.c; get it from https://example.org/loops" in said
    assert "unknown suite 'nonsense'" in cli.fails(2, "calibrate", "nonsense", str(tmp_path))


def test_an_interrupt_leaves_nothing(cli: Cli, checkout: Path, own_facts: Path) -> None:
    (checkout / "sum.c").write_text("int work(int rounds) { for (;;) { } return rounds; }")
    before = left_behind()
    process = cli.start("calibrate", str(own_facts), str(checkout))
    deadline = time.monotonic() + 60
    while not list(Path(tempfile.gettempdir()).glob("boardless-calibrate-*/sum/program.elf")):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert left_behind() == before
    assert all_ended(cli.mark)
