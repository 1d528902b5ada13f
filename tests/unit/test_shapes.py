"""`boardless bench --shapes` on given counts, without an emulator."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from boardless.core.errors import BadInput
from boardless.device import boards
from boardless.front.bench import shapes
from boardless.model import graph
from boardless.model.random_network import Network
from command_line import Cli

PLAN = shapes.plan()
BOARD = "mps2-an386"
VENDOR = shapes.vendor("cmsis_nn").board[BOARD]


@pytest.mark.parametrize("name", PLAN.shapes)
def test_each_shape_is_one_layer(name: str) -> None:
    shape = shapes.Shape(name)
    net = Network(shape.input_shape)
    shape.add_to(net)
    read = graph.read(net.content(), "one")
    assert len(read.operators) == 1
    assert f"{name} ".count(f" to {net.shape[-1]} ") == name.count(" to ")


def test_no_shape_is_there_twice() -> None:
    assert len(set(PLAN.shapes)) == len(PLAN.shapes)


@pytest.mark.parametrize("name", ["conv 3x3 24x24x3 to 16", "dense 3", "sum 4x4", "conv"])
def test_what_is_no_shape_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="is no shape"):
        shapes.Shape(name).input_shape  # noqa: B018


@pytest.mark.parametrize("board", shapes.recorded())
def test_vendors_figures_are_of_all_shapes_that_fit(board: str) -> None:
    found = [name for names, _ in shapes.together(boards.load(board)) for name in names]
    recorded = shapes.vendor(shapes.vendor_of(board)).board[board].instructions
    assert list(recorded) == found
    assert set(found) <= set(PLAN.shapes)


def test_layers_that_are_measured_together_have_inputs_of_their_own() -> None:
    small = boards.load("microbit")
    for names, content in shapes.together(small):
        read = graph.read(content, "some")
        assert len(names) + 1 == len(read.operators) == len(read.inputs) == len(read.outputs)
        tensors = [read.tensors[i] for i in (*read.inputs[:-1], *read.outputs[:-1])]
        total = sum(math.prod(t.shape) for t in tensors)
        assert total <= small.memory.ram_bytes // shapes.SHARE_OF_RAM


def test_floors_are_of_layers_that_are_slower_and_say_why() -> None:
    floors = [(floor.board, floor.shape) for floor in PLAN.floors]
    assert len(set(floors)) == len(floors)
    for floor in PLAN.floors:
        assert (
            floor.shape
            in shapes.vendor(shapes.vendor_of(floor.board)).board[floor.board].instructions
        )
        assert 0 < floor.least < 1
        assert floor.reason


def counted(**changed: int) -> dict[str, int]:
    """Returns figures of ours that are half of the vendor's, but for some."""
    halves = {name: count // 2 for name, count in VENDOR.instructions.items()}
    return halves | {name.replace("_", " "): count for name, count in changed.items()}


def test_the_slowest_is_first_and_is_judged_by_its_floor() -> None:
    name = "dense 256 to 64"
    theirs = VENDOR.instructions[name]
    rows = shapes.compared(BOARD, counted(dense_256_to_64=theirs + 1))
    assert rows[0].shape == name
    assert not rows[0].ok
    assert all(row.ok for row in rows[1:])
    assert shapes.compared(BOARD, counted(dense_256_to_64=theirs))[0].ok


def test_a_floor_allows_a_ratio_and_no_less(monkeypatch: pytest.MonkeyPatch) -> None:
    name = "dense 256 to 64"
    theirs = VENDOR.instructions[name]
    floor = shapes.Floor(BOARD, name, 0.8, "tried")
    monkeypatch.setattr(shapes, "plan", lambda: shapes.Plan(PLAN.shapes, (floor,)))
    assert shapes.compared(BOARD, counted(dense_256_to_64=int(theirs / 0.8)))[0].ok
    assert not shapes.compared(BOARD, counted(dense_256_to_64=int(theirs / 0.79)))[0].ok


def test_a_layer_that_is_slower_than_allowed_fails(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    figures = counted(dense_256_to_64=3 * VENDOR.instructions["dense 256 to 64"])
    monkeypatch.setattr(shapes, "measured", lambda *_: figures)
    file = tmp_path / "shapes.json"
    result = cli("bench", "--shapes", "--board", BOARD, "--json", str(file))
    assert result.returncode == 1
    assert "SLOWER than allowed: mps2-an386: dense 256 to 64: 0.333 times as fast" in result.stdout
    said = json.loads(file.read_text())
    assert not said["ok"]
    board = said["boards"][BOARD]
    assert board["core"] == "cortex-m4"
    assert board["vendor"]["version"] == VENDOR.version
    assert [layer["shape"] for layer in board["layers"] if not layer["ok"]] == ["dense 256 to 64"]
    monkeypatch.setattr(shapes, "measured", lambda *_: counted())
    assert cli("bench", "--shapes", "--board", BOARD).returncode == 0


def test_a_floor_that_may_rise_is_named(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    floor = shapes.Floor(BOARD, "dense 256 to 64", 0.8, "tried")
    monkeypatch.setattr(shapes, "plan", lambda: shapes.Plan(PLAN.shapes, (floor,)))
    monkeypatch.setattr(shapes, "measured", lambda *_: counted())
    said = cli("bench", "--shapes", "--board", BOARD).stdout
    assert "may rise in shapes.toml: mps2-an386: dense 256 to 64: " in said


def test_without_a_board_all_that_are_recorded_are_measured(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def measured(board: str, *_: object) -> dict[str, int]:
        asked.append(board)
        name = shapes.vendor_of(board)
        return dict.fromkeys(shapes.vendor(name).board[board].instructions, 1)

    monkeypatch.setattr(shapes, "measured", measured)
    assert cli("bench", "--shapes").returncode == 0
    assert asked == shapes.recorded()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--shapes", "digits_cnn"), "--shapes takes no models"),
        (("--record", "cmsis_nn"), "--record is for --shapes"),
        (("--shapes", "--board", "host"), "no figures of vendors' kernels are recorded on host"),
        (("--shapes", "--board", BOARD, "--record", "tflm"), "'tflm' is no vendor's"),
    ],
)
def test_wrong_flags_are_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], why: str
) -> None:
    monkeypatch.setattr(shapes, "measured", lambda *_: {})
    result = cli("bench", *arguments)
    assert result.returncode == 2
    assert why in result.stderr
