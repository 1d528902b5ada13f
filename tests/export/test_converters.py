"""`boardless convert` with the real converters of PyTorch and ONNX, by other Pythons that have
them: BOARDLESS_TORCH_PYTHON and BOARDLESS_ONNX_PYTHON name one each. tests/zoo has TensorFlow's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
import stand_in_converters
from command_line import Cli

TORCH = """
import torch

def make():
    torch.manual_seed(1)
    net = torch.nn.Sequential(
        torch.nn.Conv2d(1, 8, 3), torch.nn.BatchNorm2d(8), torch.nn.ReLU(),
        torch.nn.MaxPool2d(2), torch.nn.Flatten(), torch.nn.Linear(72, 10),
    )
    return net, torch.zeros(1, 1, 8, 8)
"""
EXPORT = """
import torch
from net import make

net, example = make()
torch.export.save(torch.export.export(net.eval(), (example,)), "net.pt2")
"""
ONNX = """
import onnx
from onnx import TensorProto, helper, numpy_helper

def constant(name, *shape):
    values = np.random.default_rng(len(name)).normal(size=shape, scale=0.3)
    return numpy_helper.from_array(values.astype(np.float32), name)

nodes = [
    helper.make_node("Conv", ["x", "w", "bias"], ["c"], kernel_shape=[3, 3]),
    helper.make_node("Relu", ["c"], ["r"]),
    helper.make_node("MaxPool", ["r"], ["p"], kernel_shape=[2, 2], strides=[2, 2]),
    helper.make_node("Flatten", ["p"], ["f"], axis=1),
    helper.make_node("Gemm", ["f", "dense", "dense_bias"], ["y"], transB=1),
]
constants = [constant("w", 8, 1, 3, 3), constant("bias", 8)]
constants += [constant("dense", 10, 72), constant("dense_bias", 10)]
ports = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 8, 8])]
ports += [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 10])]
graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], constants)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
onnx.save(model, "net.onnx")
"""


def python_of(name: str) -> str:
    found = os.environ.get(f"BOARDLESS_{name}_PYTHON", "")
    if not found:
        pytest.skip(f"BOARDLESS_{name}_PYTHON names no Python that has the converter")
    return found


@pytest.mark.parametrize(
    ("name", "made_by", "source"),
    [
        ("TORCH", EXPORT, "net.pt2"),
        ("TORCH", "import net", "net.py:make"),
        ("ONNX", ONNX, "net.onnx"),
    ],
    ids=["pt2", "py", "onnx"],
)
def test_a_model_is_converted_and_what_int8_loses_is_said(
    name: str, made_by: str, source: str, tmp_path: Path
) -> None:
    python = python_of(name)
    (tmp_path / "net.py").write_text(TORCH)
    subprocess.run([python, "-c", made_by], cwd=tmp_path, check=True, capture_output=True)
    stand_in_converters.digits(tmp_path / "digits.npz", 100)
    words = ("--images", "digits.npz", "--pixels", "0..1", "-o", "made.tflite", "--json", "-")
    done = Cli(tmp_path)("convert", source, *words, "--python", python)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["refused"] == ""
    assert found["agreement"] >= 0.8  # of weights and pictures that mean nothing
    assert {layer["op"] for layer in found["layers"]} >= {"FULLY_CONNECTED", "MAX_POOL_2D"}
    words = ("--board", "host", "--images", "digits.npz", "--pixels", "0..1", "--json", "-")
    done = Cli(tmp_path)("run", "made.tflite", *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bit_exact"]
