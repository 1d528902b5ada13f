"""SVDF: filters of any rank, with and without a bias; int8 sums from 0 to where they wrap."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    inputs, units = draw(drawing.CHANNELS), draw(drawing.CHANNELS)
    rank, memory = draw(st.integers(1, 3)), draw(st.integers(1, 9))
    filters, quantised = units * rank, dtype == "int8"
    source = draw(drawing.activations((1, inputs), dtype))
    output = draw(drawing.activations((1, units), dtype))
    feature = Tensor((filters, inputs), dtype, data=draw(_values((filters, inputs), dtype)))
    wide = "int16" if quantised else dtype
    time = Tensor((filters, memory), wide, data=draw(_values((filters, memory), wide)))
    state = Tensor((1, filters * memory), wide, variable=True)
    bias = Tensor((units,), "int32" if quantised else dtype, data=np.zeros(units))
    if quantised:
        state.scales = (draw(drawing.scales(1e-6, 1e-2)),)
        largest = int(np.abs(feature.data).sum(axis=1).max()) * 255
        real = draw(drawing.real_multipliers(largest))
        feature.scales = (_single(real * state.scales[0] / source.scales[0]),)
        # of 32-bit sums, which may wrap
        real = 2.0 ** draw(st.integers(-31, -1)) * draw(drawing.mostly(st.floats(0.5, 1), 0.5))
        time.scales = (_single(real * output.scales[0] / state.scales[0]),)
        bias.data = draw(drawing.integers((units,), -(1 << 24), 1 << 24))
    else:
        bias.data = draw(drawing.floats((units,)))
    tensors = [source, feature, time, bias, state, output]
    numbers = [0, 1, 2, 3 if draw(st.booleans()) else -1, 4]
    activation = 1 if quantised else draw(drawing.ACTIVATIONS)  # TFLite has only RELU in int8
    options = {"rank": rank, "fusedActivationFunction": activation}
    fed = draw(drawing.inputs(source))
    terms = [np.abs(fed).max() * np.abs(feature.data).max() * np.abs(time.data).max() * inputs]
    return DrawnCase(
        graph(tensors, [Operator("SVDF", numbers, [5], options)], 0, 5),
        fed,
        f"svdf {dtype} {inputs} into {units}, rank {rank}, memory {memory}",
        float(max(terms[0], np.abs(bias.data).max())),
    )


def _single(scale: float) -> float:
    return float(np.float32(max(scale, 1e-30)))


@st.composite
def _values(draw: Any, shape: tuple[int, int], dtype: str) -> drawing.Array:
    if dtype == "float32":
        return np.asarray(draw(drawing.floats(shape)))
    end = np.iinfo(dtype).max
    return np.asarray(draw(drawing.integers(shape, -end, end)))
