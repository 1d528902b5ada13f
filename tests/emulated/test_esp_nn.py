"""ESP-NN called from our own graph, by a stand-in of its sources; BOARDLESS_ESP_NN names a checkout
of its own."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import BadInput, ToolMissing
from boardless.device import boards
from boardless.model import zoo
from boardless.path import Request, follow
from boardless.runtimes import esp_nn

STAND_IN = paths.ROOT / "tests" / "stand_ins" / "esp_nn"
BOARD = "esp32c3"
REAL = os.environ.get(esp_nn.VARIABLE, "")
real = pytest.mark.skipif(not REAL, reason=f"{esp_nn.VARIABLE} names no checkout of ESP-NN")
xtensa = pytest.mark.skipif(
    not shutil.which(f"{boards.load('esp32').toolchain.prefix}gcc"),
    reason="the ESP32's tool chain is not here: ./bootstrap --with esp32",
)


@pytest.fixture(autouse=True)
def stand_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(esp_nn.VARIABLE, str(STAND_IN))


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("checkout", "model", "board"),
    [
        pytest.param(str(STAND_IN), "digits_cnn:int8", BOARD, id="stand-in"),
        pytest.param(REAL, "pico_mobilenet:int8", BOARD, marks=real, id="real"),
        pytest.param(REAL, "pico_mobilenet:int8", "esp32", marks=(real, xtensa), id="xtensa"),
    ],
)
def test_it_gives_the_bits_of_its_reference(
    checkout: str, model: str, board: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(esp_nn.VARIABLE, checkout)
    outcome = follow(Request(model, board, runtime="esp_nn", reference="tflm", limit=2))
    run, build = outcome.run, outcome.run.build
    assert outcome.verdict.bit_exact
    assert len(run.counts.layers) == len(build.layers)
    assert all(count > 0 for count in run.counts.layers)
    assert run.cycles[0].median > run.counts.instructions[0]
    assert re.fullmatch(r"ESP-NN( \w+)?, sources \w{8}", build.runtime_version)


def test_layers_that_it_has_no_kernel_for_are_ours() -> None:
    found = runtimes.load("esp_nn").sources(
        zoo.find("se_mobilenet:int8", "tflm").graph, boards.load(BOARD)
    )
    called = set(re.findall(r"RUN\(\d+, (\w+)\(", found.files["model.c"].decode()))
    assert {"bl_esp_depthwise_conv_2d_s8", "bl_lookup_s8_ref"} <= called
    which, note = found.notes
    assert which == esp_nn.IN_C
    assert note.startswith("computed by boardless's kernels: layers ")


def test_what_it_does_not_take_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load, board = runtimes.load("esp_nn"), boards.load(BOARD)
    graph = zoo.find("digits_cnn:int8", "tflm").graph
    with pytest.raises(BadInput, match="ESP-NN has a kernel for none of its layers"):
        load.sources(zoo.find("digits_cnn:float32").graph, board)
    with pytest.raises(BadInput, match="for Espressif's cores, not for cortex-m4"):
        load.sources(graph, boards.load("mps2-an386"))
    with pytest.raises(BadInput, match="esp_nn has no variant 'fast'"):
        runtimes.load("esp_nn:fast").version  # noqa: B018
    assert load.variants(board) == ("esp_nn",)
    assert load.variants(boards.load("mps2-an386")) == ()
    monkeypatch.setenv(esp_nn.VARIABLE, str(tmp_path))
    with pytest.raises(ToolMissing, match=r"no checkout of ESP-NN: include/esp_nn\.h is not there"):
        load.sources(graph, board)
    monkeypatch.delenv(esp_nn.VARIABLE)
    with pytest.raises(ToolMissing, match=f"set {esp_nn.VARIABLE} to its folder"):
        load.sources(graph, board)
    assert load.variants(board) == ()


def test_each_call_has_the_parameters_of_our_kernel() -> None:
    """The C compiler sees two declarations apart, so nothing else would find a difference."""
    headers = "".join(path.read_text() for path in sorted(paths.KERNELS.glob("*/*.h")))
    for path in sorted(esp_nn.CALLS.glob("*_s8.c")):
        theirs = re.search(rf"bl_status bl_esp_{path.stem}(\([^)]*\)) \{{", path.read_text())
        ours = re.search(rf"bl_status bl_{path.stem}_ref(\([^)]*\));", headers)
        assert theirs
        assert ours
        assert theirs[1].split() == ours[1].split()
