"""Operators that only move values: of any type, with several outputs, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import one_operator
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, reference
from boardless.model.compiler import plan, verify
from host_kernels import HostModel
from one_operator import Operator, Tensor, model
from properties import runners
from properties.by_place import integers, like


def compiled(content: bytes) -> compiler.Program:
    return compiler.compile_graph(graph.read(content, "case"))


def check(content: bytes, inputs: Any, folder: Path) -> compiler.Program:
    program = compiled(content)
    expected = reference.predict(content, inputs)
    np.testing.assert_array_equal(HostModel(program, folder).run(inputs), expected)
    return program


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "bool"])
def test_other_types_are_moved_as_they_are(dtype: str) -> None:
    """A map is turned, cut backwards, and gathered from."""
    source = Tensor((1, 4, 3), dtype, (0.5,) if dtype in ("int8", "int16") else ())
    tensors = [source, *(like(source, shape) for shape in ((1, 3, 4), (1, 2, 4), (1, 2, 3)))]
    tensors += [integers([0, 2, 1]), integers([0, 2, 0])]
    tensors += [integers([1, 0, 4]), integers([1, -2, 1]), integers([3, 0, 3])]
    operators = [
        Operator("TRANSPOSE", [0, 4], [1]),
        Operator("STRIDED_SLICE", [1, 5, 6, 7], [2], {"endMask": 0b110}),
        Operator("GATHER", [2, 8], [3], {"axis": 2}),
    ]
    inputs = (np.arange(24).reshape(2, 4, 3) * 1000 + 7).astype(dtype)
    inputs[:, ::2] = 0
    content = one_operator.graph(tensors, operators, 0, 3)
    program = compiled(content)
    found = runners.load("host").run(program, inputs)
    np.testing.assert_array_equal(found, reference.predict(content, inputs))
    size = np.dtype(dtype).itemsize
    assert [layer.call.params["unit"] for layer in program.layers] == [size] * 3


def unpacked(pieces: int, read: list[int]) -> bytes:
    """UNPACK into so many rows, of which a CONCATENATION joins those that are read."""
    source = Tensor((1, pieces, 5), "int8", (0.5,), (3,))
    tensors = [source, *(like(source, (1, 5)) for _ in range(pieces))]
    tensors.append(like(source, (1, 5 * len(read))))
    operators = [
        Operator("UNPACK", [0], list(range(1, pieces + 1)), {"num": pieces, "axis": 1}),
        Operator("CONCATENATION", [1 + i for i in read], [pieces + 1], {"axis": 1}),
    ]
    return one_operator.graph(tensors, operators, 0, pieces + 1)


@pytest.mark.parametrize(
    ("pieces", "read"), [(3, [2, 0]), (2, [1, 1, 0]), (60, list(reversed(range(60))))]
)
def test_outputs_that_are_not_read_or_are_many(
    pieces: int, read: list[int], tmp_path: Path
) -> None:
    inputs = np.random.default_rng(1).integers(-128, 128, (2, pieces, 5)).astype(np.int8)
    program = check(unpacked(pieces, read), inputs, tmp_path)
    assert len(program.layers[0].outputs) == len(set(program.layers[0].outputs)) == pieces


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_outputs_that_the_model_gives(dtype: str) -> None:
    """SPLIT_V whose pieces are the model's outputs, in another order."""
    source = Tensor((1, 2, 6), dtype, (0.5,) if dtype == "int8" else ())
    tensors = [source, integers([1, 3, 2]), integers(2)]
    tensors += [like(source, (1, 2, length)) for length in (1, 3, 2)]
    operators = [Operator("SPLIT_V", [0, 1, 2], [3, 4, 5], {"numSplits": 3})]
    content = one_operator.graph(tensors, operators, 0, [5, 3, 4])
    inputs = np.arange(-12, 12).reshape(2, 2, 6).astype(dtype)
    got = runners.load("host").run(compiled(content), inputs)
    np.testing.assert_array_equal(got, reference.predict(content, inputs))


def test_outputs_in_the_same_place_are_a_wrong_plan(monkeypatch: pytest.MonkeyPatch) -> None:
    arrange = plan.arrange

    def wrongly(buffers: Any, overlaps: Any) -> plan.Plan:
        found = arrange(buffers, overlaps)
        first = found.offsets[1]
        offsets = tuple(
            first if b.size == 5 else o for b, o in zip(buffers, found.offsets, strict=True)
        )
        return plan.Plan(offsets, found.arena_bytes, found.lower_bound)

    monkeypatch.setattr(compiler.plan, "arrange", wrongly)
    with pytest.raises(verify.WrongPlan, match="two of its outputs share memory"):
        compiled(unpacked(3, [2, 0]))


@pytest.mark.parametrize(
    ("operator", "constants", "shape", "options"),
    [
        ("TRANSPOSE", [integers([0, 2, 1])], (1, 4, 1), {}),
        ("SLICE", [integers([0, 0, 0]), integers([-1, -1, -1])], (1, 1, 4), {}),
        ("TILE", [integers([1, 1, 1])], (1, 1, 4), {}),
    ],
)
def test_what_moves_nothing_needs_no_kernel(
    operator: str, constants: list[Tensor], shape: tuple[int, ...], options: Any
) -> None:
    source = Tensor((1, 1, 4), "float32")
    content = model(operator, [source, *constants], like(source, shape), options)
    assert compiled(content).layers == ()


A = Tensor((1, 4, 6), "int8", (0.1,), (3,))
MAP = Tensor((1, 4, 6, 2), "int8", (0.1,), (3,))
OTHER = Tensor((1, 4, 6), "int8", (0.2,), (3,))
ONES = integers([1, 1, 1])
REFUSED: dict[str, Any] = {
    "scales": ("TRANSPOSE", [A, integers([0, 1, 2])], OTHER, {}, "differ in scale"),
    "order": ("TRANSPOSE", [A, integers([0, 1])], A, {}, "axes don't match"),
    "twice": ("TRANSPOSE", [A, integers([0, 1, 1])], A, {}, "repeated axis"),
    "stride": ("STRIDED_SLICE", [A, ONES, ONES, integers([1, 0, 1])], A, {}, "cannot be zero"),
    "empty": ("STRIDED_SLICE", [A, ONES, ONES, ONES], A, {}, "leaves no value"),
    "beyond": ("SLICE", [A, ONES, ONES], A, {}, "no 1 places from 1 of 1"),
    "computed": ("TRANSPOSE", [A, Tensor((3,), "int32")], A, {}, "written by no operator"),
    "batches": ("GATHER", [A, ONES], A, {"axis": 1, "batchDims": 1}, "batch dimensions"),
    "place": ("GATHER", [A, integers([4])], A, {"axis": 1}, "not among the 4"),
    "axis": ("GATHER", [A, ONES], A, {"axis": 3}, "axis 3 of shape"),
    "mirror": ("MIRROR_PAD", [A, integers([[0, 0], [4, 0], [0, 0]])], A, {}, "of an axis of 4"),
    "size": ("RESIZE_BILINEAR", [MAP, integers([0, 3])], MAP, {}, "an output of 0x3"),
    "block": ("DEPTH_TO_SPACE", [MAP], MAP, {"blockSize": 3}, "inconsistent"),
    "lengths": ("SPLIT_V", [A, integers([3]), integers(1)], A, {}, "do not fit"),
    "outputs": (
        "UNPACK",
        [A],
        A,
        {"num": 4, "axis": 1},
        "it gives 1 tensors, but its options say another number",
    ),
    "packed": ("PACK", [A], A, {"axis": 9, "valuesCount": 1}, "axis 9 of shape"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED.keys())
def test_what_makes_no_sense_is_refused(case: Any) -> None:
    name, inputs, output, options, message = case
    source = next(i for i, tensor in enumerate(inputs) if tensor.data is None)
    content = model(name, inputs, output, options, source=source)
    with pytest.raises(BadInput, match=message) as caught:
        compiled(content)
    assert "\n" not in str(caught.value)
