"""Random networks whose outputs overlap their inputs, on the host: the same bits as with disjoint
buffers and as TFLite's reference kernels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import small_nets
from boardless.model import compiler, graph, reference, structures, zoo
from boardless.model.compiler import context, kernels, overlap, plan
from host_kernels import HostModel
from hypothesis import strategies as st
from properties import chains, drawing, runners, strategies
from properties.drawing import DrawnCase
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
    programs: Sequence[compiler.Program],
    inputs: Sequence[npt.NDArray[Any]],
    folder: Path,
    variants: tuple[str, ...] = (),
) -> list[npt.NDArray[Any]]:
    """Raw outputs of each program, on the host where the variants have a plain C form."""
    if variants in ON_HOST:
        models = HostModel.several(programs, folder)
        return [model.run(fed) for model, fed in zip(models, inputs, strict=True)]
    runner = runners.load(runners.boards_by_variants()[variants])
    return [runner.run(program, fed) for program, fed in zip(programs, inputs, strict=True)]


@cache
def networks() -> list[tuple[DrawnCase, npt.NDArray[Any]]]:
    """Layers of every kind that may overlap, on small maps of even and odd sizes, and what TFLite
    computes of each: the same in all tests."""
    drawn = chains.networks("int8", st.just(LAYERS), st.integers(5, 14), st.just(True))
    cases = drawing.some(drawn, 6 * NETWORKS)[5::6]  # neighbours resemble each other
    return [(case, reference.predict(case.content, case.inputs)) for case in cases]


@variant_sets
def test_overlapping_plans_change_no_result(variants: tuple[str, ...], tmp_path: Path) -> None:
    shared, programs = 0, []
    for case, _ in networks():
        network = graph.read(case.content, "drawn")
        tight = compiler.compile_graph(network, variants)
        loose = compiler.compile_graph(network, variants, overlap=False)
        assert tight.arena.arena_bytes <= loose.arena.arena_bytes
        assert not loose.arena.overlaps
        shared += sum(n for i in range(len(tight.arena.buffers)) for _, n in tight.arena.shared(i))
        programs += [tight, loose]
    twice = [each for each in networks() for _ in range(2)]
    found = run(programs, [case.inputs for case, _ in twice], tmp_path, variants)
    for (case, expected), got in zip(twice, found, strict=True):
        np.testing.assert_array_equal(got, expected, err_msg=f"{case}")
    assert shared > 1000, "the plans hardly overlap: these networks test nothing"


@st.composite
def two_inputs(draw: Any, dtype: str) -> DrawnCase:
    """y = x * constant; z = y op x; w = z op y, all of one shape: z cannot take the place of y,
    which lives on, only that of its second input."""
    sizes = draw(st.integers(3, 8)), draw(st.integers(3, 8)), draw(st.integers(1, 9))
    source = draw(drawing.activations((1, *sizes), dtype, draw(drawing.scales(0.01, 0.1))))
    constant = draw(drawing.activations(sizes[2:], dtype, draw(drawing.scales(0.01, 0.1))))
    constant.data = draw(drawing.values(sizes[2:], dtype))
    kinds = [strategies.load(draw(st.sampled_from(["add", "sub", "mul"]))) for _ in range(2)]
    steps = [draw(strategies.load("mul").steps(source, constant))]
    steps.append(draw(kinds[0].steps(steps[0].output, source, also=0)))
    steps.append(draw(kinds[1].steps(steps[1].output, steps[0].output, also=1)))
    return chains.case(draw, source, steps, " ".join(step.operator for step in steps))


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@variant_sets
def test_sums_and_products_go_where_either_input_was(
    dtype: str, variants: tuple[str, ...], tmp_path: Path
) -> None:
    cases, programs = drawing.some(two_inputs(dtype), 24)[3::4], []
    for case in cases:
        network = graph.read(case.content, "sum")
        tight = compiler.compile_graph(network, variants)
        assert tight.arena.arena_bytes == 2 * plan.aligned(network.input_tensor.nbytes)
        second = tight.layers[1]
        assert second.outputs[0] == second.inputs[1] != second.inputs[0]
        programs += [tight, compiler.compile_graph(network, variants, overlap=False)]
    fed = [case.inputs for case in cases for _ in range(2)]
    found = run(programs, fed, tmp_path, variants)
    for case, got, wanted in zip(cases, found[::2], found[1::2], strict=True):
        np.testing.assert_array_equal(got, wanted, err_msg=f"{case}")
        if dtype == "int8":
            np.testing.assert_array_equal(got, reference.predict(case.content, case.inputs))


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
    cases = [case for case, _ in networks()]
    programs = [compiler.compile_graph(graph.read(case.content, "drawn")) for case in cases]
    found = run(programs, [case.inputs for case in cases], tmp_path)
    pairs = zip(found, networks(), strict=True)
    assert any((got != expected).any() for got, (_, expected) in pairs)


@pytest.mark.parametrize("name", ["fdmobilenet_025_128", "mobilenet_v1_025_96"])
def test_published_structures_overlap_without_harm(name: str, tmp_path: Path) -> None:
    content = structures.build(name)
    network = graph.read(content, name)
    shape = (1, *network.input_tensor.shape[1:])
    inputs = np.random.default_rng(1).integers(-128, 128, shape).astype(np.int8)
    got = HostModel(compiler.compile_graph(network), tmp_path).run(inputs)
    np.testing.assert_array_equal(got, reference.predict(content, inputs))


@pytest.mark.parametrize("name", zoo.names())
def test_float_plans_overlap_without_harm(name: str, tmp_path: Path) -> None:
    network = zoo.find(f"{name}:float32").graph
    shape = (PICTURES, *network.input_tensor.shape[1:])
    inputs = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    tight, loose = compiler.compile_graph(network), compiler.compile_graph(network, overlap=False)
    assert tight.arena.arena_bytes < loose.arena.arena_bytes
    got, wanted = run([tight, loose], [inputs] * 2, tmp_path)
    np.testing.assert_array_equal(got, wanted)
