"""Firmware of other runtimes: the same server, pictures, counts and memory figures as our own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from boardless.path import Request, follow
from boardless.runtimes import cmsis_nn
from boardless.runtimes.tflm import checkout
from command_line import Cli

pytestmark = pytest.mark.emulated


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547", "esp32c3"])
def test_bakenn_gives_the_bits_of_its_reference(board: str) -> None:
    request = Request("pico_mobilenet:int8", board, runtime="bakenn", reference="tflm", limit=2)
    outcome = follow(request)
    run, build = outcome.run, outcome.run.build
    assert outcome.ok
    assert outcome.verdict.bit_exact
    assert build.runtime_version.startswith("bakenn 1.")
    # Every layer is marked, those of our kernels behind BakeNN's.
    assert len(run.counts.layers) == len(build.layers)
    assert all(count > 0 for count in run.counts.layers)
    assert sum(run.counts.layers) == pytest.approx(run.counts.instructions[0], rel=0.01)
    assert run.cycles[0].median > run.counts.instructions[0]
    assert build.flash_bytes > build.weights_bytes > 0
    assert build.static_ram_bytes > build.arena_bytes > 0
    assert run.stack_bytes > 0
    assert run.notes[0].startswith("edited for BakeNN")


@pytest.mark.skipif(
    not os.environ.get(checkout.VARIABLE),
    reason=f"{checkout.VARIABLE} does not name a checkout of tflite-micro",
)
@pytest.mark.parametrize("runtime", ["tflm", "tflm:cmsis_nn"])
def test_tflm_gives_the_bits_of_its_interpreter(runtime: str) -> None:
    request = Request("digits_cnn:int8", "mps2-an386", runtime=runtime, reference="tflm", limit=4)
    outcome = follow(request)
    run, build = outcome.run, outcome.run.build
    assert outcome.ok
    assert outcome.verdict.bit_exact
    assert (build.runtime, build.runtime_version[:12]) == (runtime, "tflite-micro")
    # Allocating is no part of the first inference, and every operator is marked.
    assert max(run.counts.instructions) < 1.01 * min(run.counts.instructions)
    assert len(run.counts.layers) == len(build.layers) > 1
    assert all(count > 0 for count in run.counts.layers)
    assert sum(run.counts.layers) == pytest.approx(run.counts.instructions[0], rel=0.05)
    assert build.static_ram_bytes > build.arena_bytes > build.input_bytes
    assert build.flash_bytes > build.weights_bytes > 0


@pytest.mark.skipif(
    not os.environ.get(cmsis_nn.VARIABLE),
    reason=f"{cmsis_nn.VARIABLE} does not name a checkout of CMSIS-NN",
)
@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_cmsis_nn_gives_the_bits_of_its_reference(board: str) -> None:
    request = Request("pico_mobilenet:int8", board, runtime="cmsis_nn", reference="tflm", limit=2)
    outcome = follow(request)
    run, build = outcome.run, outcome.run.build
    assert outcome.verdict.bit_exact
    assert build.runtime_version.startswith("CMSIS-NN ")
    assert len(run.counts.layers) == len(build.layers) > 1
    assert all(count > 0 for count in run.counts.layers)
    assert build.static_ram_bytes > build.arena_bytes > 0


def test_several_models_are_compared_in_one_command(tmp_path: Path) -> None:
    """Both runtimes name layers by the tensors that they make, which the page relies on."""
    page, data = tmp_path / "page.html", tmp_path / "rows.json"
    words = ["compare", "digits_cnn", "pico_mobilenet", "--limit", "2", "--part", "stm32l4r5"]
    words += ["--runtime", "boardless", "--runtime", "bakenn", "--board", "mps2-an386"]
    done = Cli()(*words, "--html", str(page), "--json", str(data))
    assert done.returncode == 0, done.stderr
    assert "digits_cnn on mps2-an386" in done.stdout
    assert "pico_mobilenet on mps2-an386" in done.stdout
    made = json.loads(data.read_text())
    assert [each["model"] for each in made] == ["digits_cnn", "pico_mobilenet"]
    for each in made:
        ours, theirs = each["rows"]
        assert ours["millijoules"]["stm32l4r5"]["inference"] > 0
        assert theirs["instructions"]["median"] > ours["instructions"]["median"]
        layers = {layer["name"] for layer in ours["layers"]}
        assert layers & {layer["name"] for layer in theirs["layers"]}
    assert page.read_text().count('<i class="bar"') > 10
