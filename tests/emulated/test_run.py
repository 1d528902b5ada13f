"""The whole path on the emulated board: predictions, JSON, both links, determinism."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless.model import zoo
from command_line import Cli

pytestmark = pytest.mark.emulated
BOARD = "mps2-an386"


def run(cli: Cli, *arguments: str) -> dict[str, Any]:
    done = cli("run", *arguments, "--board", BOARD, "--json", "-")
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.fixture(scope="module")
def by_link() -> dict[str, dict[str, Any]]:
    """digits_cnn:int8 on the seed's 359 test pictures."""
    return {link: run(Cli(), "digits_cnn:int8", "--link", link) for link in ("uart", "memory")}


@pytest.mark.parametrize("link", ["uart", "memory"])
def test_digits_int8_is_bit_exact(by_link: dict[str, dict[str, Any]], link: str) -> None:
    result = by_link[link]
    card = zoo.results("digits_cnn")
    assert result["images"] == card.test_pictures == 359
    assert (result["agreement"], result["bit_exact"], result["max_abs_error"]) == (1.0, True, 0.0)
    assert result["mismatches"] == []
    assert result["accuracy"]["device"] == pytest.approx(card.accuracy["int8"], abs=1e-6)
    assert result["link"] == link


def test_links_give_the_same_outputs_and_counts(by_link: dict[str, dict[str, Any]]) -> None:
    uart, memory = by_link["uart"], by_link["memory"]
    assert uart["outputs"] == memory["outputs"]
    assert uart["instructions"] == memory["instructions"]
    assert uart["layers"] == memory["layers"]


def test_counts_do_not_depend_on_the_number_of_devices() -> None:
    one, two = (
        run(Cli(), "digits_cnn:int8", "--limit", "150", "--jobs", jobs) for jobs in ("1", "2")
    )
    for key in ("outputs", "instructions", "layers", "build_id"):
        assert one[key] == two[key]


def test_json_has_the_keys_of_the_contract(by_link: dict[str, dict[str, Any]]) -> None:
    result = by_link["memory"]
    assert result["model"] == "digits_cnn:int8"
    assert result["board"] == BOARD
    assert set(result["emulator"]) == {"name", "version"}
    assert result["runtime"] == "boardless"
    assert len(result["build_id"]) == 16
    assert np.array(result["outputs"]).shape == (359, 10)
    assert set(result["instructions"]) == {"min", "median", "max"}
    assert [layer["op"] for layer in result["layers"]] == [
        "CONV_2D",
        "MAX_POOL_2D",
        "FULLY_CONNECTED",
    ]
    assert result["layers"][0]["macs"] == 6 * 6 * 8 * 9
    for layer in result["layers"]:
        assert {"index", "op", "name", "macs", "instructions", "cycles"} <= set(layer)
    assert {"build", "boot", "infer", "total"} <= set(result["seconds"])
    memory = result["memory"]
    assert memory["flash_bytes"] == memory["code_bytes"] + memory["weights_bytes"]
    assert memory["arena_bytes"] + memory["stack_bytes"] < memory["ram_bytes"]
    assert 0 < memory["stack_bytes"] < 2048
    assert result["inferences_per_second"] > 0


def test_layers_and_overhead_make_up_the_whole(by_link: dict[str, dict[str, Any]]) -> None:
    result = by_link["memory"]
    layers = sum(layer["instructions"] for layer in result["layers"])
    overhead = result["instructions"]["median"] - layers
    assert 0 < overhead < 100


@pytest.mark.parametrize("link", ["uart", "memory"])
def test_float32_agrees_within_its_tolerance(cli: Cli, link: str) -> None:
    result = run(cli, "digits_cnn:float32", "--limit", "100", "--link", link)
    assert result["agreement"] == 1.0
    logits = np.abs(np.array(result["outputs"])).max()
    assert result["max_abs_error"] <= 1e-5 * max(1.0, logits)


def test_mobile_lenet_int8(cli: Cli) -> None:
    result = run(cli, "mobile_lenet:int8", "--limit", "24")
    assert result["bit_exact"] is True
    # symmetric stride-2 padding is in the windows: no PAD is left as a layer
    ops = [layer["op"] for layer in result["layers"]]
    assert ops.count("DEPTHWISE_CONV_2D") == 6
    assert "PAD" not in ops


def test_mobile_lenet_float32(cli: Cli) -> None:
    result = run(cli, "mobile_lenet:float32", "--limit", "24")
    assert result["agreement"] == 1.0
    assert result["max_abs_error"] <= 1e-5  # probabilities


def test_a_users_own_file_and_pictures(cli: Cli, tmp_path: Path) -> None:
    model = tmp_path / "my own model.tflite"
    model.write_bytes(zoo.find("digits_cnn:int8").content)
    images = np.random.default_rng(1).integers(0, 256, (5, 8, 8, 1)).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.zeros(5, np.int64))
    result = run(cli, str(model), "--images", str(tmp_path / "mine.npz"))
    assert result["model"] == "my_own_model"
    assert result["images"] == 5
    assert result["bit_exact"] is True


def test_a_board_outside_of_the_tree(cli: Cli, own_board: Path) -> None:
    done = cli("run", "digits_cnn:int8", "--board", own_board.name, "--limit", "3", "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["board"] == "my-board"
    assert "my-board" in cli("boards").stdout


def test_a_table_for_people_without_colour_in_a_pipe(cli: Cli) -> None:
    done = cli("run", "digits_cnn:int8", "--limit", "3")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout + done.stderr
    assert "bit-exact" in done.stdout
    assert "est. cycles: cortex-m4" in done.stdout
