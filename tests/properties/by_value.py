"""Draws cases of operators that work value by value: of one input, and of two.

by_value.elementwise("RELU", "int8")
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph, model
from properties import drawing
from properties.drawing import DrawnCase
from properties.steps import Step


@st.composite
def elementwise(
    draw: Any,
    operator: str,
    dtype: str,
    scale: float = 0.0,
    zero_point: int | None = None,
    finest: float = 2.0**-10,
    coarsest: float = 1000.0,
    source_scales: st.SearchStrategy[float] | None = None,
) -> DrawnCase:
    """One row, with an input of any scale or of `source_scales`; `scale` and `zero_point` of a
    quantised output where TFLite demands them, otherwise its scale is from `finest` to `coarsest`
    times the input's."""
    shape = (1, draw(st.integers(1, 70)))
    known = 0.0 if source_scales is None else draw(source_scales)
    source = draw(drawing.activations(shape, dtype, known))
    if dtype != "float32" and not scale:
        low, high = source.scales[0] * finest, source.scales[0] * coarsest
        scale = float(np.float32(min(max(low, draw(drawing.scales(1e-4, 8.0))), high)))
    output = draw(drawing.activations(shape, dtype, scale))
    if zero_point is not None and dtype == "int8":
        output = dataclasses.replace(output, zero_points=(zero_point,))
    return DrawnCase(
        model(operator, [source], output, {}),
        draw(drawing.inputs(source)),
        f"{operator.lower()} {dtype} {source.scales}{source.zero_points} -> "
        f"{output.scales}{output.zero_points}",
    )


def _with_powers_of_two(*tensors: Tensor) -> list[Tensor]:
    """Two inputs and an output that has the larger scale of theirs, all powers of two."""
    scales = [2.0 ** round(np.log2(tensor.scales[0])) for tensor in tensors[:2]]
    scales.append(max(scales))
    pairs = zip(tensors, scales, strict=True)
    return [dataclasses.replace(tensor, scales=(scale,)) for tensor, scale in pairs]


Scale = Callable[[drawing.Draw, float, float], float]
Legal = Callable[[drawing.Array, int, bool], drawing.Array]


def full_sum(draw: drawing.Draw, a: float, b: float) -> float:
    return max(a, b)


def full_product(draw: drawing.Draw, a: float, b: float) -> float:
    return a * b * float(draw(drawing.scales(1.0, 300.0)))


def wide_product(draw: drawing.Draw, a: float, b: float) -> float:
    return a * b * float(draw(drawing.scales(8.0, 2.0**20)))


def any_value(values: drawing.Array, zero_point: int, first: bool) -> drawing.Array:
    return values


def scale_of(draw: drawing.Draw, full: Scale, dtype: str, a: float, b: float) -> float:
    """Draws the scale of an output of two inputs with these scales."""
    scale = float(np.float32(full(draw, a, b) * draw(st.sampled_from([1.0, 0.5, 2.0, 0.61]))))
    scale = max(scale, 2.0**-20)  # an activation's bounds must fit into 32 bits
    # TFLite's arithmetic demands it
    return max(scale, 2.0**-13 * max(a, b)) if dtype == "int16" else scale


@st.composite
def steps(
    draw: Any,
    operator: str,
    source: Tensor,
    other: Tensor,
    also: int | None = None,
    full: Scale = full_sum,
    filling: bool = False,
) -> Step:
    """A layer that reads `source` and either a constant or the value number `also`, which is of the
    same shape or repeated."""
    scale = 0.0
    if source.dtype != "float32":
        scale = scale_of(draw, full, source.dtype, source.scales[0], other.scales[0])
    output = draw(drawing.activations(source.shape, source.dtype, scale, filling))
    options = {"fusedActivationFunction": draw(drawing.ACTIVATIONS)}
    return Step(operator, [other] if also is None else [], output, options, also)


@st.composite
def two_operands(
    draw: Any,
    operator: str,
    dtype: str,
    full: Scale = full_sum,
    legal: Legal = any_value,
    activates: bool = True,
    target: str = "",
    coarsest: float = 8.0,
) -> DrawnCase:
    """An operator such as ADD of the input and a constant, either first, or of the input and the
    largest value of each channel, as in squeeze-and-excitation.

    `full` draws an int8 output's scale, give or take a factor of 2, from those of the two inputs;
    `legal` makes values of the first or second input those that the operator takes, by their zero
    point. `target` is the output's type, if another; scales are up to `coarsest`."""
    h, w, c = draw(st.integers(1, 5)), draw(st.integers(1, 5)), draw(drawing.CHANNELS)
    constant = draw(st.booleans())
    shapes: list[tuple[int, ...]] = [(1, h, w, c), (1, 1, 1, c), (c,), (1,), (1, h, w, 1)]
    shapes += [(), (h, 1, c), (1, 1, w, 1)]
    shape = draw(st.sampled_from(shapes)) if constant else (1, 1, 1, c)
    source = draw(drawing.activations((1, h, w, c), dtype))
    source = dataclasses.replace(source, scales=tuple(min(s, coarsest) for s in source.scales))
    other = draw(drawing.activations(shape, dtype, source.scales[0] if source.scales else 0.0))
    order = draw(st.sampled_from([[0, 1], [1, 0]]))
    scale = 0.0
    if dtype != "float32":
        ratio = draw(st.sampled_from([1.0, 0.5, 2.0**-8, 0.37])) if constant else 1.0
        other = dataclasses.replace(other, scales=(float(np.float32(other.scales[0] * ratio)),))
        a, b = ((source, other)[i].scales[0] for i in order)
        scale = scale_of(draw, full, dtype, a, b)
    output = draw(drawing.activations((1, h, w, c), dtype, scale))
    output = Tensor(output.shape, target) if target else output
    activation = draw(drawing.ACTIVATIONS) if activates else 0
    data = legal(draw(drawing.inputs(source)), source.zero_points[0], order[0] == 0)
    options = {"fusedActivationFunction": activation} if activates else {}
    if dtype == "int16" and operator in ("ADD", "SUB"):
        shifts = draw(st.booleans()) and (operator == "SUB" or shape == source.shape)
        options["potScaleInt16"] = shifts
        if shifts:
            second = other if constant else dataclasses.replace(source, shape=shape)
            source, other, output = _with_powers_of_two(source, second, output)
    operators = [Operator(operator, order, [2], options)]
    tensors, largest = [source, other, output], float(np.abs(data).max())
    if constant:
        other.data = legal(draw(drawing.values(shape, dtype)), other.zero_points[0], order[0] == 1)
        largest = max(largest, float(np.abs(other.data).max()))
    else:
        tensors[1] = dataclasses.replace(source, shape=shape)
        tensors.append(Tensor((2,), "int32", data=np.array([1, 2])))
        operators.insert(0, Operator("REDUCE_MAX", [0, 3], [1], {"keepDims": True}))
    what = f"{'constant' if constant else 'computed'} {shape}, order {order}"
    return DrawnCase(
        graph(tensors, operators, 0, 2),
        data,
        f"{operator.lower()} {dtype} {h}x{w}x{c} and {what}{drawing.ACTIVATION_NAMES[activation]}",
        largest,
    )
