"""The layer-by-layer float kernels against TFLite, and the example that runs Mobile-LeNet with them
against exact arithmetic, against the compiled model, and on the emulated board."""

from __future__ import annotations

import ctypes
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import small_nets
from boardless.core import paths
from boardless.model import compiler, graph, reference
from host_kernels import HostModel
from hypothesis import given
from hypothesis import strategies as st
from layers_example import FOLDER, example, library, mobile_lenet
from one_operator import Tensor
from properties import chains, drawing, runners, strategies
from properties.drawing import DrawnCase
from properties.steps import Step
from small_nets import Net

VALID, SYMMETRIC, SAME = range(3)
OK, BAD_ARGUMENT = 0, 1
GUARD = 16  # floats on either side of a buffer
EPSILON = 1e-3
COUNTS = st.integers(1, 5)  # of channels
Array = npt.NDArray[np.float32]


class Map(ctypes.Structure):
    _fields_ = [(k, ctypes.c_int32) for k in "chw"]

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.c, self.h, self.w


class Window(ctypes.Structure):
    _fields_ = [(k, ctypes.c_int32) for k in ("kernel", "stride", "padding")]


class Pool(ctypes.Structure):
    _fields_ = [(k, ctypes.c_int32) for k in ("size", "stride")]


class Block(ctypes.Structure):
    _fields_ = [
        *((k, ctypes.c_int32) for k in ("output_c", "stride", "padding")),
        *((k, ctypes.c_void_p) for k in ("dw", "dw_bn", "pw", "pw_bn")),
        ("epsilon", ctypes.c_float),
    ]


class Buffer:
    """`count` floats between guards that nobody may touch."""

    def __init__(self, count: int, values: Array | None = None) -> None:
        self.all = np.full(count + 2 * GUARD, -7.0, np.float32)
        if values is not None:
            self.all[GUARD : GUARD + values.size] = values.reshape(-1)
        self.pointer = self.all.ctypes.data_as(ctypes.c_void_p)
        self.pointer.value = (self.pointer.value or 0) + 4 * GUARD

    def read(self, shape: tuple[int, ...]) -> Array:
        guards = np.concatenate([self.all[:GUARD], self.all[-GUARD:]])
        assert (guards == -7.0).all(), "a layer wrote outside of its buffer"
        return self.all[GUARD : GUARD + int(np.prod(shape))].reshape(shape)


def pointer(values: Array | None) -> ctypes.c_void_p | None:
    return None if values is None else values.ctypes.data_as(ctypes.c_void_p)


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    return library(tmp_path_factory.mktemp("layers"))


# ---- each layer on its own ----


@st.composite
def windows(draw: Any, depthwise: bool, padding: int) -> tuple[DrawnCase, Window, Step]:
    """A convolution as TFLite has it, SYMMETRIC as PAD and VALID, the way Keras exports it; its
    window, and the convolution alone. Even and odd maps of 1 pixel and up, not square."""
    kernel, stride = draw(st.sampled_from([1, 2, 3, 5])), draw(st.integers(1, 3))
    p = (kernel - 1) // 2 if padding == SYMMETRIC else 0
    least = 1 if padding == SAME else max(1, kernel - 2 * p)
    h, w, channels = draw(st.integers(least, 8)), draw(st.integers(least, 8)), draw(COUNTS)
    source = Tensor((1, h, w, channels), "float32")
    before = [chains.pad(source, p, p, p, p)] if padding == SYMMETRIC else []
    read = before[-1].output if before else source
    sizes = (h + 2 * p, w + 2 * p, kernel, kernel, stride, stride, 1, 1)
    window = drawing.Window(*sizes, same=padding == SAME)
    name, outputs = ("depthwise_conv_2d", []) if depthwise else ("conv_2d", [draw(COUNTS)])
    strategy = strategies.load(name).steps(read, window, *outputs, activations=st.just(0))
    step = draw(strategy)
    if draw(st.booleans()):
        step.constants[1].data = np.zeros(step.output.shape[-1:])
    what = f"{h}x{w} kernel {kernel} stride {stride}"
    case = chains.case(draw, source, [*before, step], what)
    return case, Window(kernel, stride, padding), step


@pytest.mark.parametrize("padding", [VALID, SYMMETRIC, SAME], ids=["valid", "symmetric", "same"])
@pytest.mark.parametrize("depthwise", [False, True], ids=["conv", "depthwise"])
@given(data=st.data())
def test_window_layers_equal_tflite(
    c: ctypes.CDLL, depthwise: bool, padding: int, data: st.DataObject
) -> None:
    case, window, step = data.draw(windows(depthwise, padding))
    weight, bias = (np.ascontiguousarray(tensor.data, np.float32) for tensor in step.constants)
    weight = np.ascontiguousarray(weight.transpose((0, 3, 1, 2)))  # of OHWI, and of 1HWO
    _, height, width, outputs = step.output.shape
    expected = reference.predict(case.content, case.inputs)
    for picture, wanted in zip(case.inputs, expected, strict=True):
        h, w, channels = picture.shape
        x = np.ascontiguousarray(picture.transpose(2, 0, 1))
        source, target = Buffer(x.size, x), Buffer(wanted.size)
        map_ = Map(channels, h, w)
        arguments = [source.pointer, ctypes.byref(map_), *([] if depthwise else [outputs])]
        arguments += [window, pointer(weight), pointer(bias if bias.any() else None)]
        call = c.bl_layer_depthwise if depthwise else c.bl_layer_conv
        assert call(*arguments, target.pointer) == OK
        assert map_.shape == (outputs, height, width)
        got = target.read(map_.shape).transpose(1, 2, 0)
        runners.close(case, got.reshape(-1), wanted)
        np.testing.assert_array_equal(source.read(x.shape), x)


def centres(c: ctypes.CDLL, size: int, padding: int) -> list[float]:
    """The pixel that each window of a 3x3 stride-2 filter is centred on, in a row 1, 2, 3, ..."""
    x = np.tile(np.arange(1, size + 1, dtype=np.float32), (size, 1))
    weight = np.zeros((3, 3), np.float32)
    weight[1, 1] = 1
    out, map_ = Buffer(size * size), Map(1, size, size)
    window = Window(3, 2, padding)
    arguments = (pointer(x), ctypes.byref(map_), window, pointer(weight), None, out.pointer)
    assert c.bl_layer_depthwise(*arguments) == OK
    return [float(v) for v in out.read(map_.shape)[0, 0]]


@pytest.mark.parametrize(("size", "stride"), [(1, 1), (2, 2), (3, 2), (2, 3), (3, 1)])
def test_a_convolution_that_pools(c: ctypes.CDLL, size: int, stride: int) -> None:
    """Its outputs are the largest of each window of the convolution's, on even and odd maps."""
    rng = np.random.default_rng(size)
    for h, w, padding in ((6, 9, SAME), (7, 7, VALID), (8, 5, SYMMETRIC)):
        x = rng.normal(size=(3, h, w)).astype(np.float32)
        weight = rng.normal(size=(4, 3, 3, 3)).astype(np.float32)
        bias = rng.normal(size=4).astype(np.float32)
        window, map_, pooled = Window(3, 1, padding), Map(3, h, w), Map(3, h, w)
        whole = Buffer(4 * h * w)
        status = c.bl_layer_conv(
            pointer(x), ctypes.byref(map_), 4, window, pointer(weight), pointer(bias), whole.pointer
        )
        assert status == OK
        every = np.lib.stride_tricks.sliding_window_view(
            whole.read(map_.shape), (size, size), axis=(1, 2)
        )
        expected = every[:, ::stride, ::stride].max(axis=(3, 4))
        spare, out = Buffer(map_.h * map_.w), Buffer(expected.size)
        arrays = (pointer(weight), pointer(bias), spare.pointer, out.pointer)
        status = c.bl_layer_conv_pool(
            pointer(x), ctypes.byref(pooled), 4, window, Pool(size, stride), *arrays
        )
        assert status == OK
        assert pooled.shape == expected.shape
        np.testing.assert_array_equal(out.read(expected.shape), expected)


def test_stride_2_padding_by_name(c: ctypes.CDLL) -> None:
    """The trap that costs ten points of accuracy: on even maps the two are a pixel apart."""
    assert centres(c, 6, SYMMETRIC) == [1, 3, 5]
    assert centres(c, 6, SAME) == [2, 4, 6]
    assert centres(c, 7, SYMMETRIC) == centres(c, 7, SAME) == [1, 3, 5, 7]
    assert centres(c, 7, VALID) == [2, 4, 6]


def test_bn_relu(c: ctypes.CDLL) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3, 4, 5)).astype(np.float32)
    bn = rng.uniform(0.5, 1.5, (4, 3)).astype(np.float32)
    buffer = Buffer(x.size, x)
    arguments = (buffer.pointer, ctypes.byref(Map(3, 4, 5)), pointer(bn))
    assert c.bl_layer_bn_relu(*arguments, ctypes.c_float(EPSILON)) == OK
    expected = bn_relu(x.astype(np.float64), bn.reshape(-1))
    assert (expected == 0).any()
    assert (expected > 0).any()
    np.testing.assert_allclose(buffer.read(x.shape), expected, rtol=0, atol=1e-6)


def test_gap_and_dense(c: ctypes.CDLL) -> None:
    rng = np.random.default_rng(0)
    for shape in ((5, 3, 4), (4, 1, 1), (1, 2, 2)):
        x = rng.normal(size=shape).astype(np.float32)
        buffer, map_ = Buffer(x.size, x), Map(*shape)
        assert c.bl_layer_gap(buffer.pointer, ctypes.byref(map_)) == OK
        assert map_.shape == (shape[0], 1, 1)
        means = buffer.read((shape[0],))
        np.testing.assert_allclose(means, x.mean(axis=(1, 2)), rtol=0, atol=1e-6)
        weight = rng.normal(size=(3, shape[0])).astype(np.float32)
        for bias in (None, rng.normal(size=3).astype(np.float32)):
            out = Buffer(3)
            arguments = (buffer.pointer, shape[0], 3, pointer(weight), pointer(bias), out.pointer)
            assert c.bl_layer_dense(*arguments) == OK
            expected = weight @ means + (0 if bias is None else bias)
            np.testing.assert_allclose(out.read((3,)), expected, rtol=0, atol=1e-5)


def test_softmax_subtracts_the_largest(c: ctypes.CDLL) -> None:
    for logits in ([1.0, 2.0, 3.0], [1000.0, 999.0, -1000.0], [-2000.0, -2000.0, -2001.0], [5.0]):
        buffer = Buffer(len(logits), np.array(logits, np.float32))
        assert c.bl_layer_softmax(buffer.pointer, len(logits)) == OK
        e = np.exp(np.array(logits) - max(logits))
        np.testing.assert_allclose(buffer.read((len(logits),)), e / e.sum(), rtol=0, atol=1e-6)


def test_bad_shapes_are_refused_and_nothing_is_written(c: ctypes.CDLL) -> None:
    x, out = Buffer(64), Buffer(64)
    weight = np.ones(64, np.float32)
    w = pointer(weight)

    def conv(shape: tuple[int, int, int], outputs: int, window: tuple[int, int, int]) -> int:
        map_ = Map(*shape)
        status = c.bl_layer_conv(
            x.pointer, ctypes.byref(map_), outputs, Window(*window), w, None, out.pointer
        )
        assert map_.shape == shape
        return int(status)

    assert conv((1, 4, 4), 0, (3, 1, SAME)) == BAD_ARGUMENT
    assert conv((0, 4, 4), 1, (3, 1, SAME)) == BAD_ARGUMENT
    assert conv((1, 4, 4), 1, (0, 1, SAME)) == BAD_ARGUMENT
    assert conv((1, 4, 4), 1, (3, 0, SAME)) == BAD_ARGUMENT
    assert conv((1, 4, 4), 1, (3, 1, 3)) == BAD_ARGUMENT
    assert conv((1, 2, 4), 1, (3, 1, VALID)) == BAD_ARGUMENT  # the filter is larger than the map
    for pool in (Pool(0, 1), Pool(1, 0), Pool(5, 1)):  # the last is larger than the map
        map_, window = Map(1, 4, 4), Window(3, 1, SAME)
        arrays = (w, None, out.pointer, out.pointer)
        status = c.bl_layer_conv_pool(x.pointer, ctypes.byref(map_), 1, window, pool, *arrays)
        assert status == BAD_ARGUMENT
        assert map_.shape == (1, 4, 4)
    one = ctypes.byref(Map(1, 2, 4))
    window = Window(3, 1, VALID)
    assert c.bl_layer_depthwise(x.pointer, one, window, w, None, out.pointer) == BAD_ARGUMENT
    for block in (Block(0, 1, SAME), Block(2, 1, VALID), Block(2, 0, SAME)):
        map_ = Map(1, 2, 4)
        arguments = (x.pointer, out.pointer, ctypes.byref(map_), ctypes.byref(block))
        assert c.bl_layer_dw_pw(*arguments) == BAD_ARGUMENT
        assert map_.shape == (1, 2, 4)
    assert c.bl_layer_gap(x.pointer, ctypes.byref(Map(1, 0, 4))) == BAD_ARGUMENT
    assert c.bl_layer_dense(x.pointer, 0, 3, w, None, out.pointer) == BAD_ARGUMENT
    assert c.bl_layer_softmax(x.pointer, 0) == BAD_ARGUMENT
    assert (x.all == -7.0).all()
    assert (out.all == -7.0).all()


# ---- the example ----

BLOCKS = ((8, 1), (8, 1), (16, 2), (16, 1), (24, 2), (24, 1))  # output channels, stride


def bn_relu(x: npt.NDArray[np.float64], bn: Array) -> npt.NDArray[np.float64]:
    gamma, beta, mean, variance = bn.astype(np.float64).reshape(4, -1, 1, 1)
    return np.maximum((x - mean) / np.sqrt(variance + EPSILON) * gamma + beta, 0)


def depthwise(x: npt.NDArray[np.float64], weight: Array, stride: int) -> npt.NDArray[np.float64]:
    """3x3, symmetric padding."""
    padded = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    windows = windows[:, ::stride, ::stride]
    return np.asarray(np.einsum("chwyx,cyx->chw", windows, weight.reshape(-1, 3, 3)))


def exact(a: dict[str, Array], picture: Array) -> npt.NDArray[np.float64]:
    """Mobile-LeNet in double precision."""
    padded = np.pad(picture.reshape(3, 28, 28).astype(np.float64), ((0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3), (1, 2))
    x = np.einsum("chwyx,ocyx->ohw", windows, a["w01"].reshape(8, 3, 3, 3))
    x = bn_relu(x + a["b01"][:, None, None], a["bn01"])
    for row, (channels, stride) in zip(range(2, 14, 2), BLOCKS, strict=True):
        x = bn_relu(depthwise(x, a[f"w{row:02}"], stride), a[f"bn{row:02}"])
        pointwise = a[f"w{row + 1:02}"].reshape(channels, -1).astype(np.float64)
        x = bn_relu(np.einsum("oc,chw->ohw", pointwise, x), a[f"bn{row + 1:02}"])
    logits = a["w14"].reshape(8, 24).astype(np.float64) @ x.mean(axis=(1, 2)) + a["b14"]
    e = np.exp(logits - logits.max())
    return np.asarray(e / e.sum())


def folded(a: dict[str, Array]) -> graph.Graph:
    """Returns the same network as a converter would write it: NHWC, batch normalisation folded."""
    net = Net("float32", (1, 28, 28, 3), None)

    def weights(row: int, order: tuple[int, ...], shape: tuple[int, ...]) -> tuple[int, int]:
        gamma, beta, mean, variance = a[f"bn{row:02}"].astype(np.float64).reshape(4, -1)
        scale = gamma / np.sqrt(variance + EPSILON)
        bias = a.get(f"b{row:02}", np.zeros(1, np.float32))
        outputs = shape[0]
        data = a[f"w{row:02}"].reshape(shape) * scale.reshape(outputs, *[1] * (len(shape) - 1))
        data = np.ascontiguousarray(data.transpose(order)).astype(np.float32)
        return (
            net.constant(data if data.ndim == 4 else data[None]),
            net.constant(((bias - mean) * scale + beta).astype(np.float32)),
        )

    def window(stride: int, padding: str) -> dict[str, Any]:
        options: dict[str, Any] = {"stride_h": stride, "stride_w": stride, "padding": padding}
        options |= {"dilation_h_factor": 1, "dilation_w_factor": 1}
        return options | {"fused_activation_function": "RELU"}

    ohwi = (0, 2, 3, 1)
    stem = weights(1, ohwi, (8, 3, 3, 3))
    net.add("CONV_2D", stem, (1, 28, 28, 8), None, **window(1, "SAME"))
    for row, (channels, stride) in zip(range(2, 14, 2), BLOCKS, strict=True):
        _, h, w, inputs = net.shape
        if stride == 2:
            paddings = net.constant(np.array([[0, 0], [1, 1], [1, 1], [0, 0]], np.int32))
            net.add("PAD", (paddings,), (1, h + 2, w + 2, inputs), None)
        h, w = h // stride, w // stride
        options = window(stride, "VALID" if stride == 2 else "SAME") | {"depth_multiplier": 1}
        filters = weights(row, (1, 2, 0), (inputs, 3, 3))
        net.add("DEPTHWISE_CONV_2D", filters, (1, h, w, inputs), None, **options)
        filters = weights(row + 1, ohwi, (channels, inputs, 1, 1))
        net.add("CONV_2D", filters, (1, h, w, channels), None, **window(1, "SAME"))
    axes = net.constant(np.array([1, 2], np.int32))
    net.add("MEAN", (axes,), (1, 24), None, keep_dims=False)
    dense = net.constant(a["w14"].reshape(8, 24)), net.constant(a["b14"])
    net.add("FULLY_CONNECTED", dense, (1, 8), None, fused_activation_function="NONE")
    net.add("SOFTMAX", (), (1, 8), None, beta=1.0)
    return graph.read(small_nets.to_tflite(net.graph()), "mobile_lenet")


def test_the_example_agrees_with_the_compiled_model(tmp_path: Path) -> None:
    """Layer by layer, compiled, and exact: three ways to the same probabilities."""
    module = example()
    for seed in range(3):
        arrays = module.at_random(seed)
        folder = tmp_path / str(seed)
        folder.mkdir()
        (folder / "weights.c").write_text(module.to_c(arrays))
        c = mobile_lenet(folder)
        model = HostModel(compiler.compile_graph(folded(arrays)), folder)
        rng = np.random.default_rng(seed)
        for picture in (arrays["picture"], rng.random(3 * 28 * 28).astype(np.float32)):
            out = Buffer(8)
            assert c.mobile_lenet(pointer(picture), out.pointer) == OK
            layers = out.read((8,))
            nhwc = np.ascontiguousarray(picture.reshape(3, 28, 28).transpose(1, 2, 0))
            assert layers.max() < 0.999, "a classifier that is certain would hide differences"
            np.testing.assert_allclose(layers, exact(arrays, picture), rtol=0, atol=1e-5)
            np.testing.assert_allclose(layers, model.run(nhwc[None, None])[0], rtol=0, atol=1e-5)


def test_the_example_has_the_published_size() -> None:
    """3,352 parameters: rows 1 to 43 of the table."""
    shapes = example().shapes()
    assert sum(int(np.prod(s)) for name, s in shapes.items() if name != "picture") == 3352
    assert compiler.compile_graph(folded(example().at_random(0))).macs == 565_064


def test_weights_come_from_text_files(tmp_path: Path) -> None:
    module = example()
    arrays = module.at_random(5)
    for name, values in arrays.items():
        (tmp_path / f"{name}.txt").write_text(",\n".join(f"{v:.9g}" for v in values))
    assert module.to_c(module.from_text(tmp_path)) == module.to_c(arrays)
    (tmp_path / "bn03.txt").write_text("1 2 3")
    with pytest.raises(ValueError, match=r"bn03\.txt holds 3 numbers, not 32"):
        module.from_text(tmp_path)


@pytest.mark.emulated
@pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("qemu-system-arm")),
    reason="needs arm-none-eabi-gcc and qemu-system-arm",
)
def test_the_example_runs_as_its_readme_says(tmp_path: Path) -> None:
    """The README's commands, line by line, and the same probabilities as on the host."""
    block = re.search(r"```sh\n(.*?)```", (FOLDER / "README.md").read_text(), re.DOTALL)
    assert block
    script = block.group(1)
    for name in ("weights.c", "mobile_lenet.elf"):
        # the files made on the way go to the test's folder, not into the checkout
        script = re.sub(rf"(?<![\w/]){re.escape(name)}", shlex.quote(str(tmp_path / name)), script)
    done = subprocess.run(
        ["sh", "-e", "-c", script],
        cwd=paths.ROOT,
        env=os.environ | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    words = [line.split() for line in done.stdout.splitlines()]
    assert len(words) == 8, done.stdout
    bits = np.array([int(w[1], 16) for w in words], np.uint32)
    arrays = example().at_random(1)
    expected = exact(arrays, arrays["picture"])
    np.testing.assert_allclose(bits.view(np.float32), expected, rtol=0, atol=1e-5)
    assert [w[0] for w in words] == [f"{p:.3f}" for p in bits.view(np.float32)]
