"""Models of which one field says something else: an option, a scale, a type, a tensor's number.

content, what = draw(changed(case.content))
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from hypothesis import strategies as st
from one_operator import packed
from properties.lies import unpacked

LARGEST = (1 << 31) - 1
FLOATS = (0.0, -1.0, math.nan, math.inf, 1e-45, 1e-38, 3e38, 2.0**30, 2.0**-30)
INTEGERS = (0, -1, 1, 2, 99, 127, LARGEST, -LARGEST - 1)
FACTORS = (2.0**15, 2.0**24.5, 2.0**30, 2.0**-24, 2.0**-31)
ZERO_POINTS = (-128, 127, 128, -129, 1 << 31, -(1 << 40))
TYPES = (0, 1, 2, 3, 4, 6, 7, 9, 17)
LISTS: tuple[Any, ...] = (None, [], [0], [-1], [99], [1 << 30] * 3)
OTHERS = ("MulOptions", "Conv2DOptions", "SoftmaxOptions", "AddOptions", "ReducerOptions")


@st.composite
def changed(draw: Any, content: bytes) -> tuple[bytes, str]:
    """(the model with one field changed, what has been changed)."""
    model = unpacked(content)
    graph = model.subgraphs[0]
    kind = draw(st.sampled_from((_option, _option, _wiring, _scale, _scale, _type, _data, _other)))
    part: Any = kind in (_option, _wiring, _other)
    some = graph.operators if part else graph.tensors
    at = draw(st.integers(0, len(some) - 1))
    said = kind(draw, model, some[at], len(graph.tensors))
    try:
        return packed(model), f"{'operator' if part else 'tensor'} {at}: {said}"
    except Exception:  # of the library that packs it: the field is too narrow for the number
        return content, "nothing"


def _option(draw: Any, model: Any, operator: Any, tensors: int) -> str:
    options = operator.builtinOptions
    if options is None or not vars(options):
        return "nothing"
    name = draw(st.sampled_from(sorted(vars(options))))
    old = getattr(options, name)
    values: tuple[Any, ...] = LISTS
    if isinstance(old, bool):
        values = (not old,)
    elif isinstance(old, int):
        values = INTEGERS
    elif isinstance(old, float):
        values = FLOATS
    new = draw(st.sampled_from(values))
    setattr(options, name, new)
    return f"{name}={new}"


def _wiring(draw: Any, model: Any, operator: Any, tensors: int) -> str:
    name = draw(st.sampled_from(("inputs", "outputs")))
    numbers = [int(number) for number in getattr(operator, name)]
    if numbers and draw(st.booleans()):
        at = draw(st.integers(0, len(numbers) - 1))
        numbers[at] = draw(st.sampled_from((-1, -2, 0, tensors - 1, tensors, 1 << 30)))
    else:
        numbers = draw(st.sampled_from(([], numbers[:-1], [*numbers, *numbers[:1]])))
    setattr(operator, name, numbers)
    return f"{name}={numbers}"


def _scale(draw: Any, model: Any, tensor: Any, tensors: int) -> str:
    q = tensor.quantization
    if q is None or q.scale is None or not len(q.scale):
        return "nothing"
    kind = draw(st.sampled_from(("one", "factor", "zero point", "axis", "scales", "none")))
    scales = [float(scale) for scale in q.scale]
    if kind == "one":
        q.scale = [*scales[:-1], draw(st.sampled_from(FLOATS))]
    elif kind == "factor":
        factor = draw(st.sampled_from(FACTORS))
        q.scale = [float(np.float32(scale * factor)) for scale in scales]
    elif kind == "zero point":
        zero_points = [int(z) for z in (q.zeroPoint if q.zeroPoint is not None else [0])]
        q.zeroPoint = [*zero_points[:-1], draw(st.sampled_from(ZERO_POINTS))]
    elif kind == "axis":
        q.quantizedDimension = draw(st.sampled_from((1, 9, -1)))
    elif kind == "scales":
        q.scale = draw(st.sampled_from(([], None, [0.1] * 3)))
    else:
        tensor.quantization = None
    return f"{kind}: {q.scale} {q.zeroPoint}"


def _type(draw: Any, model: Any, tensor: Any, tensors: int) -> str:
    tensor.type = draw(st.sampled_from(TYPES))
    return f"type {tensor.type}"


def _data(draw: Any, model: Any, tensor: Any, tensors: int) -> str:
    kind: str = draw(st.sampled_from(("variable", "buffer", "cut", "full", "some")))
    data = model.buffers[tensor.buffer].data
    if kind == "variable":
        tensor.isVariable = True
    elif kind == "buffer":
        tensor.buffer = 999
    elif data is None or not len(data):
        model.buffers.append(schema.BufferT())
        model.buffers[-1].data = np.zeros(8, np.uint8)
        tensor.buffer = len(model.buffers) - 1
    elif kind == "cut":
        model.buffers[tensor.buffer].data = np.array(data, np.uint8)[:-1]
    else:
        byte = draw(st.sampled_from((0, 0x7F, 0x80, 0xFF)))
        model.buffers[tensor.buffer].data = np.full(len(data), byte, np.uint8)
    return kind


def _other(draw: Any, model: Any, operator: Any, tensors: int) -> str:
    """Gives it the options of another operator."""
    name: str = draw(st.sampled_from(OTHERS))
    options = getattr(schema, f"{name}T")()
    if hasattr(options, "fusedActivationFunction"):
        options.fusedActivationFunction = schema.ActivationFunctionType.RELU6
    operator.builtinOptions = options
    operator.builtinOptionsType = getattr(schema.BuiltinOptions, name)
    return name
