"""CMSIS-NN called from our own graph: which of its sources a model needs, and the refusals.

The checkout is a stand-in that computes nothing; tests/emulated/test_runtimes.py runs a real one.
"""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from boardless import runtimes
from boardless.core import paths
from boardless.core.errors import BadInput, ToolMissing
from boardless.device import boards, build
from boardless.device.records import Sources
from boardless.model import zoo
from boardless.runtimes import cmsis_nn

DEFINED = {
    "arm_convolve_wrapper_s8": "  arm_convolve_s8();\n",
    "arm_convolve_s8": "",
    "arm_fully_connected_per_channel_s8": "  arm_fully_connected_f32();\n",
    "arm_fully_connected_f32": "",
    "arm_max_pool_s8": "",
    "arm_softmax_s8": "",
}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in that the user names, of whose kernels none needs more than 64 bytes."""
    found = tmp_path / "CMSIS-NN"
    for name in ("Include", "Source/NNFunctions"):
        (found / name).mkdir(parents=True)
    (found / "Include/arm_nnfunctions.h").touch()
    for name, body in DEFINED.items():
        text = f"arm_cmsis_nn_status {name}(void)\n{{\n{body}}}\n"
        (found / f"Source/NNFunctions/{name}.c").write_text(text)
    monkeypatch.setenv(cmsis_nn.VARIABLE, str(found))
    monkeypatch.setattr(cmsis_nn, "_buffer_bytes", lambda *_: 64)
    return found


def made(model: str = "digits_cnn:int8", board: str = "mps2-an386") -> Sources:
    found = zoo.find(model, "tflm" if model.endswith(":int8") else "litert")
    return runtimes.load("cmsis_nn").sources(found.graph, boards.load(board), content=found.content)


def test_a_model_compiles_what_it_calls(root: Path) -> None:
    sources = made()
    text = sources.files["model.c"].decode()
    assert re.findall(r"RUN\(\d+, (\w+)\(", text) == [
        "bl_cmsis_conv_2d_s8",
        "bl_cmsis_max_pool_2d_s8",
        "bl_cmsis_conv_2d_s8",
    ]
    needs = json.loads(sources.files["build.json"])
    # No floats, and no softmax, which the model does not have.
    wanted = {*DEFINED} - {"arm_fully_connected_f32", "arm_softmax_s8"}
    assert {Path(path).stem for path in needs["sources"]} == wanted
    assert "uint8_t bl_cmsis_buffer[64]" in text
    alone = runtimes.load("boardless").sources(
        zoo.find("digits_cnn:int8", "tflm").graph, boards.load("host")
    )
    assert sources.arena_bytes >= alone.arena_bytes + 64
    assert sources.notes == ()


def test_what_it_has_no_kernel_for_is_ours(root: Path) -> None:
    sources = made("se_mobilenet:int8")
    called = set(re.findall(r"RUN\(\d+, (\w+)\(", sources.files["model.c"].decode()))
    assert {"bl_cmsis_depthwise_conv_2d_s8", "bl_lookup_s8_ref"} <= called
    [note] = sources.notes
    assert note.startswith("computed by boardless's kernels: layers ")
    assert note.count("(") == sum(layer.op not in CALLED for layer in sources.layers)


CALLED = {
    *("ADD", "AVERAGE_POOL_2D", "CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED", "MAX_POOL_2D"),
    "SOFTMAX",
}


def test_a_model_of_floats_is_refused(root: Path) -> None:
    with pytest.raises(BadInput, match="CMSIS-NN has a kernel for none of its layers"):
        made("digits_cnn:float32")


@pytest.mark.parametrize("missing", ["Include", "Source"])
def test_what_is_no_checkout_is_refused(root: Path, missing: str) -> None:
    shutil.rmtree(root / missing)
    with pytest.raises(ToolMissing, match=f"this is no checkout of CMSIS-NN: {missing}.* is not"):
        made()


def test_without_a_checkout_one_line_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(cmsis_nn.VARIABLE, raising=False)
    with pytest.raises(ToolMissing, match="needs a checkout of CMSIS-NN; set BOARDLESS_CMSIS_NN"):
        made()
    assert runtimes.load("cmsis_nn").variants(boards.load("mps2-an386")) == ()


def test_other_cores_are_refused(root: Path) -> None:
    with pytest.raises(BadInput, match="esp32c3: CMSIS-NN is for Arm's cores, not for esp32-c3"):
        made(board="esp32c3")
    assert runtimes.load("cmsis_nn").variants(boards.load("esp32c3")) == ()
    with pytest.raises(BadInput, match="has no variant 'fast'"):
        runtimes.load("cmsis_nn:fast").version  # noqa: B018  (it raises)


def test_a_changed_checkout_is_another_build(root: Path) -> None:
    board = boards.load("mps2-an386")
    before = made(), runtimes.load("cmsis_nn").identity
    (root / "Source/NNFunctions/arm_convolve_s8.c").write_text("int arm_convolve_s8(void)\n{}\n")
    after = made(), runtimes.load("cmsis_nn").identity
    assert before[1] != after[1]
    keys = {build.build_key(sources, board, "gcc 1") for sources, _ in (before, after)}
    assert len(keys) == 2


def test_each_call_has_the_parameters_of_our_kernel() -> None:
    """The C compiler sees two declarations apart, so nothing else would find a difference."""
    headers = "".join(path.read_text() for path in sorted(paths.KERNELS.glob("*/*.h")))
    for path in sorted(cmsis_nn.CALLS.glob("*.c")):
        theirs = re.search(rf"bl_status bl_cmsis_{path.stem}(\([^)]*\)) \{{", path.read_text())
        ours = re.search(rf"bl_status bl_{path.stem}_ref(\([^)]*\));", headers)
        assert theirs
        assert ours
        assert theirs[1].split() == ours[1].split()
