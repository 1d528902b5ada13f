"""One specification for every board: predictions by every link, counts, faults, reset.

A board is tested because its folder is there; one whose tools are not installed is skipped.
"""

from __future__ import annotations

import functools
import json
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import kept
import numpy as np
import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import DeviceFault, ToolFailed, ToolMissing, TooSmall
from boardless.data import pictures
from boardless.device import boards, emulators, run
from boardless.device.link.client import Client
from boardless.device.records import Board, Build
from boardless.judge import predictions
from boardless.model import compiler, reference, zoo
from command_line import Cli
from conftest import listen_to_the_end

pytestmark = pytest.mark.emulated
Built = Callable[[str, str], Build]

MODELS = ("digits_cnn:int8", "digits_cnn:float32", "mobile_lenet:int8", "mobile_lenet:float32")
PICTURES = 3
BOARDS = [name for name in boards.names() if "fake" not in boards.load(name).emulators]
STATICS = 4096  # bytes of RAM that the firmware may need besides arena, stack and picture


def options(board: Board, link: str | None = None) -> run.Options:
    """Returns options with the board's emulator; skips the test if it is not installed."""
    try:
        return run.Options(emulators.choose(board), link)
    except ToolMissing as error:
        pytest.skip(str(error))


@functools.cache
def build_ahead(name: str) -> None:
    found = [zoo.find(model) for model in MODELS]
    models = [(model.graph, model.content) for model in found]
    runtimes.load().build_together(models, boards.load(name))


def firmware(built: Built, model: str, name: str) -> Build:
    """A build; skips where the tools are not installed. PlatformIO starts once for all models."""
    try:
        build_ahead(name)
        return built(model, name)
    except ToolMissing as error:
        pytest.skip(str(error))


def check_too_small(error: TooSmall, model: str, board: Board) -> None:
    """The missing bytes of RAM in the message are those that the arena needs too much."""
    missing = re.search(r"RAM is too small by ([\d,]+) bytes", str(error))
    assert missing, error
    program = compiler.compile_graph(zoo.find(model).graph, board.variants)
    needed = board.memory.ram_bytes + int(missing[1].replace(",", ""))
    known = program.arena.arena_bytes + board.memory.stack_bytes + program.input.nbytes
    assert known <= needed <= known + STATICS


def infer(build: Build, fed: Any, chosen: run.Options) -> run.Answers:
    return run.run(build, fed, chosen, lambda _: None)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("board", BOARDS)
def test_predictions_by_every_link(built: Built, board: str, model: str) -> None:
    by_line = options(boards.load(board), "uart")
    try:
        build = firmware(built, model, board)
    except TooSmall as error:
        check_too_small(error, model, boards.load(board))
        return
    fed = pictures.load(zoo.find(model), None, PICTURES)
    result = infer(build, fed, by_line)
    expected = reference.predict(zoo.find(model).content, fed.inputs)
    verdict = predictions.compare(result.outputs, expected)
    assert verdict.ok, verdict.reason
    assert verdict.bit_exact or build.output_dtype == "float32"

    assert all(count > sum(layer.macs for layer in build.layers) / 4 for count in counted(result))
    assert sum(result.counts.layers) < result.counts.instructions[0]
    assert 0 < result.stack_bytes < build.board.memory.stack_bytes
    again = options(build.board)
    if run.choose_link(build, again) == "memory":
        by_memory = infer(build, fed, again)
        np.testing.assert_array_equal(result.outputs, by_memory.outputs)
        assert result.counts == by_memory.counts


@pytest.mark.parametrize("caches", [(), ("part.icache:i:32:64:2:0x0:0x80000",)])
def test_no_picture_goes_over_the_uart_where_memory_is_shared(
    built: Built, monkeypatch: pytest.MonkeyPatch, caches: tuple[str, ...]
) -> None:
    """A byte takes 36 us of host time there; the layers' counts need no exception."""

    def refuse(client: Client, picture: bytes) -> None:
        raise AssertionError("a picture went over the UART")

    chosen = replace(options(boards.load("mps2-an386")), caches=caches)
    build = firmware(built, "digits_cnn:int8", "mps2-an386")
    fed = pictures.load(zoo.find("digits_cnn:int8"), None, PICTURES)
    monkeypatch.setattr(Client, "load", refuse)
    result = infer(build, fed, chosen)
    assert len(result.counts.layers) == len(build.layers)
    assert 0 < sum(result.counts.layers) < counted(result)[0]


def counted(result: run.Answers) -> tuple[int, ...]:
    assert len(result.counts.instructions) == PICTURES
    return result.counts.instructions


@pytest.fixture(params=BOARDS)
def client(built: Built, request: pytest.FixtureRequest) -> Client:
    chosen = options(boards.load(request.param))
    return run.open_client(firmware(built, "digits_cnn:int8", request.param), chosen, shared=False)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("b", [" pc=0x", "hal_fault+"]),
        ("u", [" pc=0x", "hal_fault+"]),
        ("s", ["stack overflow", "sp=0x"]),
    ],
)
def test_a_fault_names_cause_and_place(client: Client, kind: str, words: list[str]) -> None:
    with client, pytest.raises(DeviceFault) as caught:
        client.command(f"fault {kind}")
    for word in words:
        assert word in str(caught.value)


def test_a_fault_ends_the_emulator_with_a_status_of_its_own(client: Client) -> None:
    with client:
        with pytest.raises(DeviceFault):
            client.command("fault u")
        with pytest.raises(ToolFailed, match="status 70"):
            listen_to_the_end(client)  # the lines of the stack, where the core reports one


def test_reset_starts_again(client: Client) -> None:
    with client:
        before = client.hello()
        client.reset()
        assert client.hello() == before


def test_sim_with_a_board_of_ones_own_builds_nothing_twice(cli: Cli, tmp_path: Path) -> None:
    """It lies in a folder that nothing else knows of, and is too small for one model at least."""
    own = tmp_path / "boards" / "my-board"
    shutil.copytree(paths.BOARDS / "microbit", own)
    environment = {
        "BOARDLESS_BOARDS": str(own.parent),
        "BOARDLESS_BUILD_DIR": str(tmp_path / "build"),
    }
    kept.share_with(tmp_path / "build", ["host"])
    names = ("digits_cnn", "mobile_lenet")
    command = ("sim", *names, "--boards", "my-board,host", "--limit", "2")
    done = cli(*command, "--json", "-", **environment)
    assert done.returncode == 0, done.stderr
    rows = {(row["board"], row["model"]): row for row in json.loads(done.stdout)}
    models = [f"{model}:{kind}" for model in names for kind in zoo.types(model)]
    assert set(rows) == {(board, model) for board in ("my-board", "host") for model in models}
    assert rows["my-board", "mobile_lenet:int8"]["ok"] is True
    assert rows["my-board", "mobile_lenet:float32"]["ok"] is None
    assert all(row["ok"] or "is too small by" in row["reason"] for row in rows.values())

    elves = {elf: elf.stat().st_mtime_ns for elf in (tmp_path / "build").glob("*/*/firmware.elf")}
    assert len(elves) == sum(row["ok"] is True for row in rows.values())
    done = cli(*command, **environment)
    assert done.returncode == 0, done.stderr
    assert {elf: elf.stat().st_mtime_ns for elf in elves} == elves
    assert "my-board: mobile_lenet:float32 does not fit: RAM is too small by" in done.stdout
    assert "my-board" in cli("boards", **environment).stdout


def test_one_line_says_what_is_missing(cli: Cli) -> None:
    said = cli.fails(2, "run", "mobile_lenet:float32", "--board", "microbit")
    assert re.search(r"microbit: .* does not fit: RAM is too small by [\d,]+ bytes", said)
