"""`boardless calibrate --port`: models measured on a board, kept as facts, priced again without it.

The board is QEMU behind a pseudo-terminal. Its Cortex-M have no DWT, so tests/cable.py puts one in;
its RISC-V cores count cycles themselves."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from boardless.commands import calibrate
from boardless.core import paths
from boardless.core.errors import BadInput, BoardlessError, ToolFailed
from boardless.cycles import calibration
from boardless.cycles.calibration import facts
from boardless.device.link.client import WrongFirmware
from boardless.device.records import Build
from boardless.front.calibrate import measured
from boardless.model import reference
from boardless.path import Request, follow
from boardless.report import estimates, record
from cable import Cable
from click.testing import CliRunner, Result
from command_line import Cli

pytestmark = pytest.mark.emulated
MODEL, BOARD, PART = "digits_cnn:int8", "mps2-an386", "stm32f446"
SUITE = f"{BOARD}-{PART}"
FIGURES = ("mean_percent", "worst_percent")
Built = Callable[[str, str], Build]


@pytest.fixture
def kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of those of the package: facts/ and results/."""
    for module in (facts, calibration):
        folder = tmp_path / module.FOLDER.name
        folder.mkdir()
        monkeypatch.setattr(module, "FOLDER", folder)
    return tmp_path


@pytest.fixture
def plug() -> Iterator[Callable[..., str]]:
    cables: list[Cable] = []

    def make(build: Build, **options: Any) -> str:
        cables.append(Cable(build, "qemu", **options))
        return cables[-1].port

    yield make
    for cable in cables:
        cable.close()


def invoke(*words: str) -> Result:
    return CliRunner().invoke(calibrate.command, words, catch_exceptions=False)


def on_board(port: str, *words: str) -> Result:
    arguments = ("--port", port, "--board", BOARD, "--part", PART, "--limit", "3")
    return invoke(*(words or (MODEL,)), *arguments, "--date", "2026-11-21")


def test_measured_kept_and_priced_again(kept: Path, built: Built, plug: Callable[..., str]) -> None:
    build = built(MODEL, BOARD)
    done = on_board(plug(build, dwt=True), MODEL, "--source", "my desk", "--json", "-")
    assert done.exit_code == 0, done.output
    assert f"facts in {kept}/facts/{SUITE}.toml" in done.stderr
    (told,) = (content := json.loads(done.stdout))["programs"]
    suite = facts.load(SUITE)
    assert (suite.core, suite.part, suite.board) == ("cortex-m4", PART, BOARD)
    assert (suite.clock_hz, suite.wait_states) == (25_000_000, 0)
    assert (suite.compiler, suite.source) == (build.toolchain, "measured on 2026-11-21, my desk")
    assert suite.firmware == facts.Firmware(BOARD, "dwt")
    assert {"-mcpu=cortex-m4", "-O2"} <= set(suite.flags)
    (program,) = suite.programs
    assert program.inference
    assert (program.name, program.inference.build_id) == (MODEL, build.build_id)
    assert (program.inference.inferences, program.inference.file) == (3, "")
    assert program.inference.least <= program.cycles <= program.inference.most
    assert len(program.inference.layers) == len(build.layers)
    assert sum(program.inference.layers) == pytest.approx(program.cycles, rel=0.02)

    assert told["name"] == MODEL
    assert told["measured"] == program.cycles
    assert [x["measured"] for x in told["layers"]] == list(program.inference.layers)
    assert sum(x["estimated"] for x in told["layers"]) == pytest.approx(told["estimated"], rel=0.02)
    assert content["not_comparable"] == []

    error = calibration.error("cortex-m4", PART)
    assert error
    off = abs(told["error_percent"])
    assert (error.programs, error.stale) == (1, False)
    assert error.mean == pytest.approx(off, abs=0.01)
    said = f"±{off:.1f} % mean, {off:.1f} % worst of 1 model against your board {BOARD}"
    assert str(error) == said

    outcome = follow(Request(MODEL, BOARD, limit=1, parts=(PART,)))
    assert f"({PART}, cortex-m4, {said})" in estimates.summary(outcome.run.cycles[0])
    figures = record.run(outcome)["cycles"][PART]["error_boards"]
    assert figures == [{"board": BOARD, "models": 1} | dict.fromkeys(FIGURES, round(off, 2))]

    (result,) = (kept / "results").iterdir()
    written = result.read_text()
    result.unlink()
    again = invoke(SUITE)
    assert again.exit_code == 0, again.output
    assert result.read_text() == written
    assert "CONV_2D" in again.stdout


def test_another_build_is_not_comparable(
    kept: Path, built: Built, plug: Callable[..., str]
) -> None:
    assert on_board(plug(built(MODEL, BOARD), dwt=True)).exit_code == 0
    path = kept / "facts" / f"{SUITE}.toml"
    build_id = built(MODEL, BOARD).build_id
    path.write_text(path.read_text().replace(build_id, "0" * 16))
    shutil.rmtree(kept / "results")
    done = invoke(SUITE)
    assert done.exit_code == 0
    assert done.stderr.splitlines()[-1] == (
        f"boardless: warning: {MODEL} on {BOARD}: not comparable: build {'0' * 16} was measured, "
        f"this is {build_id}; measure it again with --port, or price it where it was measured"
    )
    assert not (kept / "results").exists()


def test_other_inputs_are_not_comparable(
    kept: Path, built: Built, plug: Callable[..., str]
) -> None:
    assert on_board(plug(built(MODEL, BOARD), dwt=True)).exit_code == 0
    suite = facts.load(SUITE)
    (program,) = suite.programs
    assert program.inference
    other = msgspec.structs.replace(program.inference, inputs="0" * 16)
    with pytest.raises(measured.NotComparable, match="measured on other inputs than digits test"):
        measured.price(
            suite, msgspec.structs.replace(program, inference=other), lambda *progress: None
        )


def test_models_are_kept_one_by_one(
    kept: Path, built: Built, plug: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A board holds one firmware; the other models say what to flash, and those measured stay."""
    other = "digits_cnn:float32"
    done = on_board(plug(built(MODEL, BOARD), dwt=True), other, MODEL)
    assert done.exit_code == 3
    said = [line for line in done.stderr.splitlines() if line.startswith("boardless: ")]
    assert len(said) == 1
    assert said[0].startswith(f"boardless: {other}: ")
    assert "the firmware is build" in said[0]
    assert f"flash {built(other, BOARD).elf}" in said[0]
    with pytest.raises(WrongFirmware):
        on_board(plug(built(MODEL, BOARD), dwt=True), other)
    assert on_board(plug(built(other, BOARD), dwt=True), other).exit_code == 0
    assert [p.name for p in facts.load(SUITE).programs] == [other, MODEL]
    assert [r.program for r in calibration.load("cortex-m4", PART).row] == [other, MODEL]

    # a row that an older model has priced does not stay next to a new one
    monkeypatch.setattr(calibration.digests, "digest", lambda core, part: "another")
    assert on_board(plug(built(other, BOARD), dwt=True), other).exit_code == 0
    assert [r.program for r in calibration.load("cortex-m4", PART).row] == [other]


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({}, BadInput, "no cycles were measured: this core has no cycle counter"),
        ({"dwt": True, "pull_after": 900}, ToolFailed, "the port vanished in mid-run"),
    ],
    ids=["no counter", "unplugged"],
)
def test_nothing_is_kept(
    kept: Path,
    built: Built,
    plug: Callable[..., str],
    options: dict[str, Any],
    error: type[BoardlessError],
    says: str,
) -> None:
    with pytest.raises(error, match=says):
        on_board(plug(built(MODEL, BOARD), **options))
    assert not list((kept / "facts").iterdir())


def test_unplugged_after_the_first_model(kept: Path, built: Built) -> None:
    whole = Cable(build := built(MODEL, BOARD), "qemu", dwt=True)
    try:
        assert on_board(whole.port).exit_code == 0
    finally:
        whole.close()
    for folder in ("facts", "results"):
        shutil.rmtree(kept / folder)
    (kept / "facts").mkdir()
    pulled = Cable(build, "qemu", dwt=True, pull_after=whole.passed * 3 // 2)
    try:
        done = on_board(pulled.port, MODEL, MODEL, "digits_cnn:float32")
    finally:
        pulled.close()
    assert done.exit_code == 3
    said = [line for line in done.stderr.splitlines() if line.startswith("boardless: ")]
    assert said == [
        f"boardless: {MODEL}: {pulled.port}: the port vanished in mid-run; check the cable, then "
        "run it again"
    ]
    assert [p.name for p in facts.load(SUITE).programs] == [MODEL]
    assert [r.program for r in calibration.load("cortex-m4", PART).row] == [MODEL]


def test_cycles_of_wrong_outputs_are_no_facts(
    kept: Path, built: Built, plug: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    right = reference.ask_once

    def wrong(*arguments: Any) -> reference.Answer:
        answer = right(*arguments)
        return dataclasses.replace(answer, outputs=np.roll(answer.outputs, 1, axis=1))

    monkeypatch.setattr(reference, "ask_once", wrong)
    with pytest.raises(measured.WrongOutputs, match="not recorded: the board's outputs") as seen:
        on_board(plug(built(MODEL, BOARD), dwt=True))
    assert seen.value.exit_status == 1
    assert not list((kept / "facts").iterdir())


def test_flashed_before_it_is_measured(
    kept: Path, own_board: Path, built: Built, plug: Callable[..., str], tmp_path: Path
) -> None:
    """The board's own command gets the ELF; measured is what answers on the port after it."""
    toml, copy = own_board / "board.toml", tmp_path / "flashed.elf"
    toml.write_text(toml.read_text() + f'[emulator.serial_port]\nflash = "cp {{elf}} {copy}"\n')
    build = built(MODEL, "my-board")
    arguments = ("--port", plug(build, dwt=True), "--board", "my-board", "--limit", "2", "--flash")
    done = invoke(MODEL, *arguments)
    assert done.exit_code == 0, done.output
    assert copy.read_bytes() == build.elf.read_bytes()
    suite = facts.load("my-board")
    assert (suite.core, suite.part, suite.wait_states) == ("cortex-m4", None, 0)


def test_a_model_of_a_file(kept: Path, built: Built, plug: Callable[..., str]) -> None:
    mine = kept / "mine.tflite"
    shutil.copy(paths.ZOO / "digits_cnn" / "int8.tflite", mine)
    own = kept / "own.toml"
    done = on_board(plug(built(str(mine), BOARD), dwt=True), str(mine), "--facts", str(own))
    assert done.exit_code == 0, done.output
    (program,) = facts.load(str(own)).programs
    assert program.inference
    assert (program.name, program.inference.file) == ("mine", str(mine))
    assert invoke(str(own)).exit_code == 0
    mine.unlink()
    done = invoke(str(own))
    assert done.exit_code == 0
    assert f"mine on {BOARD}: not comparable: {mine}: No such file" in done.stderr


@pytest.mark.skipif(
    not (shutil.which("riscv64-unknown-elf-gcc") and shutil.which("qemu-system-riscv32")),
    reason="needs riscv64-unknown-elf-gcc and qemu-system-riscv32",
)
def test_a_core_that_counts_its_own_cycles(
    kept: Path, built: Built, plug: Callable[..., str]
) -> None:
    port = plug(built(MODEL, "esp32c3"))
    done = invoke(MODEL, "--port", port, "--board", "esp32c3", "--limit", "3")
    assert done.exit_code == 0, done.output
    suite = facts.load("esp32c3")
    assert suite.firmware == facts.Firmware("esp32c3", "mcycle")
    assert suite.clock_hz == 1_000_000_000  # mcycle counts virtual time, two steps an instruction
    (program,) = suite.programs
    assert program.inference
    assert program.cycles > 2 * 20_000
    assert len(program.inference.layers) == len(built(MODEL, "esp32c3").layers)


def test_wrong_usage(cli: Cli, tmp_path: Path) -> None:
    port = ("--port", "/dev/null", "--board", BOARD)
    assert "is no serial port" in cli.fails(2, "calibrate", MODEL, *port)
    assert "'soon' is no date" in cli.fails(2, "calibrate", MODEL, *port, "--date", "soon")
    hides = cli.fails(2, "calibrate", MODEL, *port, "--facts", str(tmp_path / "embench.toml"))
    assert "a suite of boardless has this name" in hides
    no_table = cli.fails(2, "calibrate", MODEL, "--port", "/dev/null", "--board", "host")
    assert "board host: no table for this core; say --core or --part" in no_table
    for wrong, says in (
        ((MODEL, "--port", "/dev/null"), "--port needs --board"),
        ((MODEL, "--board", BOARD), "--board is for --port"),
        ((MODEL, "--flash"), "--flash is for --port"),
        (("embench", "here", "there"), "suite embench takes one PATH"),
        (
            (MODEL, *port, "--core", "cortex-m4", "--part", PART),
            "mutually exclusive",
        ),
    ):
        done = cli("calibrate", *wrong)
        assert done.returncode == 2
        assert says in done.stderr
        assert "Traceback" not in done.stderr
