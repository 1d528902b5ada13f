"""Random networks whose outputs overlap their inputs, on the host: the same bits as with disjoint
buffers and as TFLite's reference kernels."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import small_nets
from boardless.model import compiler, graph, reference, structures, zoo
from boardless.model.compiler import context, kernels, overlap, plan
from boardless.model.random_network import NONE, RELU, RELU6, SAME, VALID, Network
from boardless.model.traits import LayerKind
from host_kernels import HostModel
from properties import runners
from properties.records import HOST_VARIANTS

NETWORKS = 10  # per set of variants
LAYERS = 7
PICTURES = 2
ON_HOST = [(), *((variant,) for variant in HOST_VARIANTS)]
ON_CORE = sorted(
    set(runners.boards_by_variants()) - set(ON_HOST)
)  # variants without a plain C form
variant_sets = pytest.mark.parametrize(
    "variants",
    [*ON_HOST, *(pytest.param(variants, marks=pytest.mark.emulated) for variants in ON_CORE)],
    ids=lambda variants: "+".join(variants) or "reference",
)


def run(
    program: compiler.Program,
    inputs: npt.NDArray[Any],
    folder: Path,
    variants: tuple[str, ...] = (),
) -> npt.NDArray[Any]:
    """Raw outputs, on the host where the variants have a plain C form."""
    if variants in ON_HOST:
        return HostModel(program, folder).run(inputs)
    return runners.load(runners.boards_by_variants()[variants]).run(program, inputs)


def random_network(seed: int) -> bytes:
    """Layers of every kind that may overlap, on small maps of even and odd sizes."""
    draw = random.Random(seed)
    net = Network((1, draw.randint(5, 14), draw.randint(5, 14), draw.randint(2, 6)), seed)
    for _ in range(LAYERS):
        _, h, w, c = net.shape
        size = draw.randint(1, 4)
        stride = draw.randint(1, 2) if min(h, w) > 2 else 1
        padding = VALID if min(h, w) > size + 1 and draw.random() < 0.4 else SAME
        activation = draw.choice([NONE, RELU, RELU6])
        kind = draw.choice(["conv", "depthwise", "pointwise", "pool", "pad", "add"])
        if kind == "conv":
            net.conv(draw.randint(3, 12), size, stride, activation, padding)
        elif kind == "depthwise":
            net.depthwise(size, stride, activation, padding)
        elif kind == "pointwise":
            net.conv(draw.choice([c, c + 3, 2 * c, max(3, c // 2)]), 1, 1, activation)
        elif kind == "pool":
            net.pool(
                draw.choice([LayerKind.MAX_POOL, LayerKind.AVERAGE_POOL]), size, stride, padding
            )
        elif kind == "pad":
            net.pad(*(draw.randint(0, 2) for _ in range(4)))
        else:  # a residual block
            skip = net.at
            net.conv(c, 3, 1, activation)
            net.add(skip)
    if draw.random() < 0.3:
        net.mean()
    return net.content()


def inputs_of(network: graph.Graph, seed: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int8]]:
    shape = (PICTURES, *network.input_tensor.shape[1:])
    return np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)


@variant_sets
def test_overlapping_plans_change_no_result(variants: tuple[str, ...], tmp_path: Path) -> None:
    shared = 0
    for seed in range(NETWORKS):
        content = random_network(seed)
        network = graph.read(content, f"random-{seed}")
        inputs = inputs_of(network, seed)
        expected = reference.predict(content, inputs)
        tight = compiler.compile_graph(network, variants)
        loose = compiler.compile_graph(network, variants, overlap=False)
        assert tight.arena.arena_bytes <= loose.arena.arena_bytes
        assert not loose.arena.overlaps
        shared += sum(n for i in range(len(tight.arena.buffers)) for _, n in tight.arena.shared(i))
        for program in (tight, loose):
            got = run(program, inputs, tmp_path, variants)
            np.testing.assert_array_equal(got, expected, err_msg=f"seed {seed}")
    assert shared > 1000, "the plans hardly overlap: these networks test nothing"


def two_inputs(seed: int, dtype: str) -> graph.Graph:
    """y = x * constant; z = y op x; w = z op y, all of one shape: z cannot take the place of y,
    which lives on, only that of its second input."""
    draw = random.Random(seed)
    shape = (1, draw.randint(3, 8), draw.randint(3, 8), draw.randint(1, 9))
    random_numbers = np.random.default_rng(seed)

    def scale() -> graph.Quantisation | None:
        real = draw.uniform(0.02, 0.05)
        return graph.Quantisation((real,), (draw.randint(-20, 20),), 0) if dtype == "int8" else None

    net = small_nets.Net(dtype, shape, scale())
    x = net.last
    factors = random_numbers.integers(-100, 100, shape[-1]).astype(dtype)
    options = {"fused_activation_function": "NONE"}
    y = net.add("MUL", (net.constant(factors, scale()),), shape, scale(), **options)
    net.add(draw.choice(["ADD", "SUB", "MUL"]), (x,), shape, scale(), **options)
    net.add(draw.choice(["ADD", "SUB", "MUL"]), (y,), shape, scale(), **options)
    return net.graph()


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@variant_sets
def test_sums_and_products_go_where_either_input_was(
    dtype: str, variants: tuple[str, ...], tmp_path: Path
) -> None:
    for seed in range(6):
        network = two_inputs(seed, dtype)
        content, inputs = small_nets.to_tflite(network), small_nets.pictures(network)
        tight = compiler.compile_graph(graph.read(content, "sum"), variants)
        assert tight.arena.arena_bytes == 2 * plan.aligned(network.input_tensor.nbytes)
        second = tight.layers[1]
        assert second.outputs[0] == second.inputs[1] != second.inputs[0]
        loose = compiler.compile_graph(graph.read(content, "sum"), variants, overlap=False)
        expected = run(loose, inputs, tmp_path, variants)
        got = run(tight, inputs, tmp_path, variants)
        np.testing.assert_array_equal(got, expected, err_msg=f"seed {seed}")
        if dtype == "int8":
            np.testing.assert_array_equal(got, reference.predict(content, inputs))


def test_a_repeated_input_is_not_overwritten(tmp_path: Path) -> None:
    """x * mean(x): the kernel reads the mean of a channel again for every pixel."""
    scale = graph.Quantisation((0.05,), (3,), 0)
    net = small_nets.Net("int8", (1, 4, 4, 5), scale)
    x, factor = net.last, graph.Quantisation((0.01,), (0,), 0)
    options = {"fused_activation_function": "NONE"}
    net.add("MEAN", (net.constant(np.array([1, 2], "i4")),), (1, 1, 1, 5), scale, keep_dims=True)
    net.add("MUL", (x,), (1, 4, 4, 5), factor, **options)
    content, inputs = small_nets.to_tflite(net.graph()), small_nets.pictures(net.graph())
    program = compiler.compile_graph(graph.read(content, "scaled"))
    assert program.layers[1].call.clearances == (None, 0)
    got = HostModel(program, tmp_path).run(inputs)
    np.testing.assert_array_equal(got, reference.predict(content, inputs))


def test_too_small_a_clearance_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test above would see a planner that lets an output reach too far."""

    def too_small(window: kernels.Params, itemsize: int, pixels: int = 1) -> int:
        return max(0, overlap.window_clearance(window, itemsize, pixels) - 16)

    monkeypatch.setattr(context, "window_clearance", too_small)
    wrong = 0
    for seed in range(NETWORKS):
        content = random_network(seed)
        network = graph.read(content, f"random-{seed}")
        inputs = inputs_of(network, seed)
        got = HostModel(compiler.compile_graph(network), tmp_path).run(inputs)
        wrong += int((got != reference.predict(content, inputs)).any())
    assert wrong > 0


@pytest.mark.parametrize("name", ["fdmobilenet_025_128", "mobilenet_v1_025_96"])
def test_published_structures_overlap_without_harm(name: str, tmp_path: Path) -> None:
    content = structures.build(name)
    network = graph.read(content, name)
    inputs = inputs_of(network, 1)[:1]
    got = HostModel(compiler.compile_graph(network), tmp_path).run(inputs)
    np.testing.assert_array_equal(got, reference.predict(content, inputs))


@pytest.mark.parametrize("name", zoo.names())
def test_float_plans_overlap_without_harm(name: str, tmp_path: Path) -> None:
    network = zoo.find(f"{name}:float32").graph
    shape = (PICTURES, *network.input_tensor.shape[1:])
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    tight, loose = compiler.compile_graph(network), compiler.compile_graph(network, overlap=False)
    assert tight.arena.arena_bytes < loose.arena.arena_bytes
    got = HostModel(tight, tmp_path).run(inputs)
    np.testing.assert_array_equal(got, HostModel(loose, tmp_path).run(inputs))
