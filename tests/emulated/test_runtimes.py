"""Firmware of other runtimes: the same server, pictures, counts and memory figures as our own."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.device import boards, once
from boardless.path import Request, follow
from boardless.runtimes import asking, cmsis_nn, served
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
@pytest.mark.parametrize(
    ("runtime", "board"),
    [("tflm", "mps2-an386"), ("tflm:cmsis_nn", "mps2-an386"), ("tflm", "esp32c3")],
)
def test_tflm_gives_the_bits_of_its_interpreter(runtime: str, board: str) -> None:
    request = Request("digits_cnn:int8", board, runtime=runtime, reference="tflm", limit=4)
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


def test_bakenns_figures_are_as_accepted() -> None:
    done = Cli()("gate", "--runtime", "bakenn", "--no-ratchet")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 cases: 3 ok" in done.stdout


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


def test_a_runtimes_sources_are_compiled_once_for_all_models(tmp_path: Path) -> None:
    """They depend on no model's data, which would have an interpreter compiled for every model."""
    source = tmp_path / "of_the_runtime.c"
    source.write_text("int of_the_runtime(void) { return 7; }\n")
    main = b'#include "runtime.h"\nint of_the_runtime(void);\nbl_status bl_runtime_invoke('
    main += b"const void *in, void *out) { *(char *)out = of_the_runtime() + (in == 0);"
    main += b" return BL_OK; }\n"
    board, needs = boards.load("host"), served.Needs(sources=(str(source),))
    times = set()
    for name in ("one", "two"):
        files = {"main_of_a_test.c": main, "data.bin": name.encode()}
        version = str(tmp_path)
        build = asking.built(
            name, board, files, needs, answer_bytes=1, runtime="toy", version=version
        )
        assert once.answer(build, bytes(asking.QUESTION_BYTES)) == b"\7"
        objects = paths.build_root() / "pio" / "host" / "build"
        [made] = objects.rglob(f"runtime/*/{'!'.join(source.parts[1:])}.o")
        times.add(made.stat().st_mtime_ns)
    assert len(times) == 1


def test_weights_in_ram_change_where_they_lie_and_nothing_else() -> None:
    model, part = "digits_cnn:int8", "stm32l4r5"
    flash, ram = (
        follow(Request(model, "mps2-an386", runtime=runtime, parts=(part,), limit=2))
        for runtime in ("boardless", "boardless:ram")
    )
    assert flash.verdict.bit_exact
    assert ram.verdict.bit_exact
    assert ram.run.counts.instructions == flash.run.counts.instructions
    weights = ram.run.build.weights_bytes
    more = ram.run.build.static_ram_bytes - flash.run.build.static_ram_bytes
    assert weights <= more < weights + 16
    assert abs(ram.run.build.flash_bytes - flash.run.build.flash_bytes) < 16
    assert ram.run.cycles[0].median < flash.run.cycles[0].median


@pytest.mark.parametrize("command", ["run", "profile"])
def test_another_runtime_is_named(cli: Cli, tmp_path: Path, command: str) -> None:
    file = tmp_path / "found.json"
    words = [command, "digits_cnn:int8", "--runtime", "boardless:ram", "--json", str(file)]
    done = cli(*words, *(["--limit", "1"] if command == "run" else []))
    assert done.returncode == 0, done.stderr
    found = json.loads(file.read_text())
    assert (found[0] if isinstance(found, list) else found)["runtime"] == "boardless:ram"
    assert "runtime: boardless:ram " in done.stdout
