"""Lifetimes, overlaps and the memory plans of networks that others publish figures of."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, published, structures
from boardless.model.compiler import kernels, lifetimes
from boardless.model.compiler.kernels import Call
from boardless.model.compiler.overlap import window_clearance
from boardless.model.compiler.plan import Buffer, Overlap, arrange
from boardless.model.graph import Graph, Operator, Quantisation, Tensor
from boardless.model.random_network import NONE, RELU, SAME, Network
from command_line import Cli

KIB = 1024


def window(size: int, c: int, out_c: int, taps: int, stride: int, pad: int) -> dict[str, int]:
    """A square SAME window over a square map."""
    output = -(-size // stride)
    names = {"filter": taps, "stride": stride, "dilation": 1, "input": size, "output": output}
    both = {f"{name}_{axis}": value for name, value in names.items() for axis in "hw"}
    return {**both, "input_c": c, "output_c": out_c, "pad_top": pad, "pad_left": pad}


def test_clearance_of_a_pointwise_layer() -> None:
    """The output must end a pixel before what is still to be read: one pixel of output where it is
    the smaller one, the whole difference and one pixel of input where it is larger."""
    assert window_clearance(window(4, 8, 8, 1, 1, 0), 1) == 8
    assert window_clearance(window(4, 8, 2, 1, 1, 0), 1) == 2
    assert window_clearance(window(4, 8, 16, 1, 1, 0), 1) == 16 * 16 - 15 * 8
    assert window_clearance(window(4, 8, 8, 1, 1, 0), 1, pixels=0) == 0  # in place
    assert window_clearance(window(4, 8, 8, 1, 1, 0), 1, pixels=2) == 16


def test_clearance_of_a_3x3_layer() -> None:
    """One row and two pixels behind the input's window; four times as much in float32."""
    same = window(6, 5, 5, 3, 1, 1)
    assert window_clearance(same, 1) == (6 + 2) * 5
    assert window_clearance(same, 4) == (6 + 2) * 5 * 4


def test_clearance_of_a_strided_first_layer() -> None:
    """FD-MobileNet at 128: a row of output, 512 bytes, replaces two rows of input, 768 bytes."""
    assert window_clearance(window(128, 3, 8, 3, 2, 0), 1) == 64 * 8 - 63 * 6


def test_output_lies_below_the_input_it_may_overlap() -> None:
    plan = arrange([Buffer(64, 0, 0, "in"), Buffer(64, 0, 1, "out")], [Overlap(0, 1, 10)])
    assert plan.offsets == (16, 0)
    assert plan.arena_bytes == plan.lower_bound == 80
    assert plan.shared(0) == [(1, 48)]
    assert plan.picture() == [
        {
            "name": "in",
            "kind": "activation",
            "offset": 16,
            "size": 64,
            "first": 0,
            "last": 0,
            "overlaps": [{"name": "out", "bytes": 48}],
        },
        {
            "name": "out",
            "kind": "activation",
            "offset": 0,
            "size": 64,
            "first": 0,
            "last": 1,
            "overlaps": [{"name": "in", "bytes": 48}],
        },
    ]


def test_the_plan_that_greedy_placement_misses() -> None:
    """vww_96_int8 without overlaps: largest-first gives 64,512 bytes."""
    sizes = [27648, 18432, 18432, 36864, 9216, 18432, 18432, 4608]
    buffers = [Buffer(size, max(0, i - 1), i) for i, size in enumerate(sizes)]
    assert arrange(buffers).arena_bytes == 55296


def test_no_buffers_need_no_arena() -> None:
    plan = arrange([])
    assert (plan.arena_bytes, plan.lower_bound, plan.picture()) == (0, 0, [])


def test_a_variant_makes_its_own_promise() -> None:
    call = Call("f_ref", "f", {}, "f.h").with_clearances(8)
    assert call.clearances == (8,)
    assert dataclasses.replace(call, function="f_dsp").clearances == ()


def plan_of(net: Network, **options: Any) -> compiler.Program:
    return compiler.compile_graph(graph.read(net.content(), "net"), **options)


def memory_of(
    *steps: tuple[tuple[int, ...], int, Call], keep_input: bool = False, size: int = 64
) -> lifetimes.Buffers:
    """Steps (inputs, output, call) over tensors of one size; the last output is the model's."""
    count = max(output for _, output, _ in steps) + 1
    tensors = tuple(Tensor(f"t{i}", (size,), "int8") for i in range(count))
    operators = [Operator(i, "ANY", inputs, (o,), {}) for i, (inputs, o, _) in enumerate(steps)]
    network = Graph("net", tensors, tuple(operators), 0, steps[-1][1])
    calls = [(call, op) for (_, _, call), op in zip(steps, operators, strict=True)]
    return lifetimes.lifetimes(network, calls, lifetimes.Sharing(), keep_input=keep_input)


ANY = Call("f", "f", {}, "f.h")
IN_PLACE = dataclasses.replace(ANY, in_place=True)


def test_only_the_last_reader_of_an_input_may_overlap_it() -> None:
    near = ANY.with_clearances(8)
    memory = memory_of(((0,), 1, near), ((0,), 2, near), ((1, 2), 3, ANY))
    assert [(b.first, b.last) for b in memory.buffers] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert memory.overlaps == (Overlap(0, 2, 8),)


def test_each_input_has_its_own_clearance() -> None:
    both = ANY.with_clearances(None, 24)
    memory = memory_of(((0,), 1, ANY), ((0, 1), 2, both))
    assert memory.overlaps == (Overlap(1, 2, 24),)
    twice = memory_of(((0,), 1, ANY), ((1, 1), 2, both))
    assert twice.overlaps == ()  # one tensor, and one of its two promises is missing
    farther = memory_of(((0,), 1, ANY), ((1, 1), 2, ANY.with_clearances(8, 24)))
    assert farther.overlaps == (Overlap(1, 2, 24),)


def test_in_place_only_where_the_input_dies_and_sizes_agree() -> None:
    joined = memory_of(((0,), 1, ANY), ((1,), 2, IN_PLACE), ((2,), 3, IN_PLACE))
    assert joined.of_tensor == {0: 0, 1: 1, 2: 1, 3: 1}
    assert joined.buffers[1].last == 3
    read_later = memory_of(((0,), 1, IN_PLACE), ((0, 1), 2, ANY))
    assert len(read_later.buffers) == 3
    kept = memory_of(((0,), 1, IN_PLACE), keep_input=True)
    assert len(kept.buffers) == 2


def test_scratch_lives_beside_inputs_and_outputs(monkeypatch: pytest.MonkeyPatch) -> None:
    lower = kernels.lower

    def with_scratch(context: kernels.Context) -> kernels.Call | kernels.Alias:
        lowered = lower(context)
        if isinstance(lowered, kernels.Alias):
            return lowered
        changed = dataclasses.replace(lowered, scratch_bytes=100)
        return changed.with_clearances(*lowered.clearances)

    monkeypatch.setattr(kernels, "lower", with_scratch)
    net = Network((1, 8, 8, 4))
    net.conv(4, 1, 1, RELU)
    net.depthwise(3, 1, NONE)
    program = plan_of(net)
    assert [b.name for b in program.arena.buffers if b.kind == "scratch"] == [
        "CONV_2D 0",
        "DEPTHWISE_CONV_2D 1",
    ]
    for layer in program.layers:
        begin, end = layer.scratch, layer.scratch + 100
        for start in (*layer.inputs, *layer.outputs):
            assert end <= start or start + 256 <= begin


def test_keeping_the_input_costs_arena_and_leaves_it_alone() -> None:
    net = Network((1, 8, 8, 4))
    net.conv(4, 1, 1, RELU)
    net.conv(4, 1, 1, RELU)
    kept, plain = plan_of(net, keep_input=True), plan_of(net)
    assert (kept.input_kept, plain.input_kept) == (True, False)
    assert plain.arena.arena_bytes < kept.arena.arena_bytes <= plain.arena.arena_bytes + 256
    for layer in kept.layers:
        assert abs(layer.outputs[0] - kept.input_offset) >= 256


def test_softmax_is_in_place_and_reshape_moves_nothing() -> None:
    net = Network((1, 1, 1, 16))
    net.conv(10, 1, 1, NONE, SAME)
    net.reshape(1, 10)
    net.softmax()
    program = plan_of(net)
    assert len(program.arena.buffers) == 2
    assert program.layers[1].inputs == program.layers[1].outputs


def test_a_model_without_computation_is_refused() -> None:
    q = Quantisation((1.0,), (0,), 0)
    data = np.zeros((1, 4), np.int8)
    network = Graph(
        name="odd",
        tensors=(
            Tensor("in", (1, 4), "int8", q),
            Tensor("constant", (1, 4), "int8", q, data),
            Tensor("out", (1, 4), "int8", q),
        ),
        operators=(Operator(0, "RESHAPE", (1,), (2,), {}),),
        input=0,
        output=2,
    )
    with pytest.raises(BadInput, match="constant"):
        compiler.compile_graph(network)


@pytest.mark.parametrize("name", structures.STRUCTURES)
def test_published_activation_memory_is_beaten(name: str) -> None:
    program = compiler.compile_graph(graph.read(structures.build(name), name))
    others = published.MEMORY[name]
    limit = others.arena_bytes or others.ram_bytes
    assert limit
    assert program.arena.arena_bytes < limit
    assert program.arena.arena_bytes == program.arena.lower_bound


@pytest.mark.parametrize(
    ("name", "macs"),
    [
        ("fdmobilenet_025_128", 3_848_448),
        ("fdmobilenet_025_224", 11_783_232),
        ("st_fdmobilenet_v1_128", 7_977_216),
        ("st_fdmobilenet_v1_224", 24_427_584),
        ("mobilenet_v1_025_96", 7_489_664),
    ],
)
def test_structures_have_the_published_size(name: str, macs: int) -> None:
    """3.85, 11.78, 7.98 and 24.43 million MACs for five classes, 7.49 million for two."""
    assert compiler.compile_graph(graph.read(structures.build(name), name)).macs == macs


def test_structures_are_the_same_every_time() -> None:
    assert structures.build("mobilenet_v1_010_96") == structures.build("mobilenet_v1_010_96")


def test_plan_command(cli: Cli) -> None:
    rows = json.loads(cli("plan", "mobilenet_v1_010_96", "digits_cnn", "--json", "-").stdout)
    assert [row["model"] for row in rows] == ["mobilenet_v1_010_96", "digits_cnn:int8"]
    first, second = rows
    assert first["arena_bytes"] == first["arena_lower_bound"] < first["disjoint_bytes"]
    assert first["peak"] == {"layer": 0, "op": "CONV_2D", "name": "t5"}
    assert first["peak_overlaps"][0]["bytes"] > 6000
    assert first["published"]["ram_bytes"] == 53200
    assert second["published"] is None
    assert {b["kind"] for row in rows for b in row["buffers"]} <= {"activation", "scratch"}
    assert "unknown model 'nothing'" in cli.fails(2, "plan", "nothing")
