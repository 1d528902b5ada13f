"""No write of a compiled model leaves its place: shapes that do not follow from the inputs, kernels
that write more than their tensor holds, plans in which a value is overwritten too early."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Callable, Sequence
from typing import Any

import broken_models
import pytest
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, zoo
from boardless.model.compiler import extents, kernels, plan, verify
from one_operator import Tensor, model


def int8(*shape: int, scale: float = 0.1, zero_point: int = 0) -> Tensor:
    return Tensor(shape, "int8", (scale,), (zero_point,))


def refusal(content: bytes) -> str:
    with pytest.raises(BadInput) as caught:
        compiler.compile_graph(graph.read(content, "file"))
    return str(caught.value)


@pytest.mark.parametrize("shape", [(1, 1), (1, 511), (1, 513), (512,), (512, 1), (1, 512, 1)])
@pytest.mark.parametrize(
    "operator", ["SOFTMAX", "LOGISTIC", "TANH", "RELU", "RELU6", "RELU_N1_TO_1", "HARD_SWISH"]
)
@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_an_output_of_another_shape_than_its_input(
    operator: str, shape: tuple[int, ...], dtype: str
) -> None:
    output = int8(*shape, scale=1 / 256, zero_point=-128)
    source = int8(1, 512)
    if dtype == "float32":
        source, output = Tensor((1, 512), dtype), Tensor(shape, dtype)
    options = {"beta": 1.0} if operator == "SOFTMAX" else {}
    said = refusal(model(operator, [source], output, options))
    assert said.startswith(f"file, operator 0 {operator}: ")


def test_the_message_names_both_shapes() -> None:
    output = int8(1, 1, scale=1 / 256, zero_point=-128)
    said = refusal(model("SOFTMAX", [int8(1, 512)], output, {"beta": 1.0}))
    assert "its output is 1x1, but its inputs give 1x512" in said


def test_every_kernel_tells_its_outputs_shape() -> None:
    for name in kernels.names():
        found = kernels.module(name)
        assert callable(getattr(found, "output_shape", None) or found.output_shapes), name


def test_a_kernel_that_would_write_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever lower() took for granted: the parameters are held against the tensors once more."""
    content = broken_models.content()
    right = kernels.module("SOFTMAX").lower

    def wrong(context: Any) -> Any:
        call = right(context)
        return dataclasses.replace(call, params=call.params | {"count": call.params["count"] + 1})

    monkeypatch.setattr(kernels.module("SOFTMAX"), "lower", wrong)
    assert "its kernel writes 5 values, not 4" in refusal(content)


@pytest.mark.slow
def test_the_extents_of_every_call_of_the_zoo() -> None:
    for name in zoo.names():
        for kind in zoo.types(name):
            program = compiler.compile_graph(zoo.find(f"{name}:{kind}").graph, ("dsp", "fpu"))
            for layer in program.layers:
                assert extents.written(layer.call.params) > 0, layer


# ---- the plan ----

Offsets = Callable[[Sequence[int], random.Random], tuple[int, ...]]


def shifted(offsets: Sequence[int], chance: random.Random) -> tuple[int, ...]:
    """One buffer somewhere else."""
    at = chance.randrange(len(offsets))
    other = 8 * chance.randrange(max(offsets) // 8 + 2)
    return (*offsets[:at], other, *offsets[at + 1 :])


def arrange_wrongly(change: Offsets, seed: int) -> Callable[..., plan.Plan]:
    right, chance = plan.arrange, random.Random(seed)

    def arrange(*arguments: Any) -> plan.Plan:
        found: plan.Plan = right(*arguments)
        return dataclasses.replace(found, offsets=change(found.offsets, chance))

    return arrange


def valid(found: plan.Plan) -> bool:
    """Checks by brute force that no two buffers that live at the same time share a byte, unless
    allowed."""
    leave = {(o.output, o.input): o.clearance for o in found.overlaps}
    ends = [o + b.size for o, b in zip(found.offsets, found.buffers, strict=True)]
    if max(ends) > found.arena_bytes or any(o % 8 for o in found.offsets):
        return False
    for i, a in enumerate(found.buffers):
        for k, b in enumerate(found.buffers):
            apart = ends[i] <= found.offsets[k] or ends[k] <= found.offsets[i]
            allowed = (i, k) in leave and found.offsets[i] + leave[i, k] <= found.offsets[k]
            allowed |= (k, i) in leave and found.offsets[k] + leave[k, i] <= found.offsets[i]
            if i < k and a.overlaps(b) and not apart and not allowed:
                return False
    return True


@pytest.mark.slow
@pytest.mark.parametrize("name", ["digits_cnn:int8", "pico_mobilenet:int8", "micro_mobilenet:int8"])
def test_wrong_plans_are_found_and_right_ones_pass(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = zoo.find(name).graph
    outcomes = {True: 0, False: 0}
    for seed in range(60):
        kept: list[plan.Plan] = []
        wrongly = arrange_wrongly(shifted, seed)

        def arrange(*arguments: Any, wrongly: Any = wrongly, kept: Any = kept) -> plan.Plan:
            made: plan.Plan = wrongly(*arguments)
            kept.append(made)
            return made

        with monkeypatch.context() as patch:
            patch.setattr(compiler.plan, "arrange", arrange)
            try:
                compiler.compile_graph(read)
                passed = True
            except verify.WrongPlan as error:
                passed = False
                said = str(error)
                assert "this is a bug of boardless" in said
        outcomes[passed] += 1
        if passed:  # what it lets pass is right; that it refuses more than it must is no danger
            assert valid(kept[0]), (name, seed)
    assert outcomes[False] > 20
    assert outcomes[True] > 0


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda offsets, _: tuple(o + 4 for o in offsets), "bytes at"),
        (lambda offsets, _: tuple(o + 1 << 20 for o in offsets), "bytes at"),
        (lambda offsets, _: tuple(o - 8 for o in offsets), "bytes at -8"),
        (lambda offsets, _: (0,) * len(offsets), "read and no longer there|writes over"),
    ],
)
def test_what_is_wrong_is_named(change: Offsets, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = zoo.find("digits_cnn:int8").graph
    monkeypatch.setattr(compiler.plan, "arrange", arrange_wrongly(change, 0))
    with pytest.raises(verify.WrongPlan, match=why):
        compiler.compile_graph(read)
