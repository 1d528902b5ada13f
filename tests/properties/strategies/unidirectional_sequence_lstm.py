"""UNIDIRECTIONAL_SEQUENCE_LSTM: short sequences, cells of all widths; gates from 0 to saturated."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import Operator, Tensor, graph
from properties import drawing
from properties.drawing import DrawnCase

GATES = 4
GATE_SCALE = 2.0**-12  # TFLite's, of what goes into a gate's activation


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    steps, inputs, units = draw(st.integers(1, 4)), draw(drawing.CHANNELS), draw(drawing.CHANNELS)
    quantised = dtype == "int8"
    major = draw(st.booleans()) and steps == 1  # where the axes are equal, both orders are
    source: Tensor = draw(drawing.activations((1, steps, inputs), dtype))
    scale = float(np.float32(2.0 ** draw(st.integers(-9, -5)) * 0.9))
    zero_point = draw(drawing.ZERO_POINTS)
    hidden: Any = {"scales": (scale,), "zero_points": (zero_point,)} if quantised else {}
    cell: Any = (2.0 ** draw(st.integers(-15, -9)),) if quantised else ()
    state = Tensor((1, units), dtype, **hidden, variable=True)
    cells = Tensor((1, units), "int16" if quantised else dtype, cell, variable=True)
    output = Tensor((1, steps, units), dtype, **hidden)
    tensors = [source, state, cells, output]
    numbers = [0, *[-1] * 23]
    numbers[18], numbers[19] = 1, 2
    for side, (width, before) in enumerate([(inputs, source), (units, state)]):
        for gate in range(GATES):
            numbers[1 + GATES * side + gate] = len(tensors)
            tensors.append(draw(_weights((units, width), before)))
    for gate in range(GATES):
        numbers[12 + gate] = len(tensors)
        tensors.append(draw(_bias(units, tensors[4 + gate], source)))
    between = []
    if quantised:
        between = list(range(len(tensors), len(tensors) + 5))
        tensors += [Tensor((0,), "float32")] * 4 + [Tensor((0,), "int8", **hidden)]
    options = {
        "fusedActivationFunction": 4,  # TANH
        "cellClip": draw(st.sampled_from([0.0, 0.5, 10.0])),
        "timeMajor": major,
    }
    op = Operator("UNIDIRECTIONAL_SEQUENCE_LSTM", numbers, [3], options, between)
    return DrawnCase(
        graph(tensors, [op], 0, 3),
        draw(drawing.inputs(source)) if quantised else draw(_floats((2, steps, inputs), 2.0)),
        f"lstm {dtype} {steps} steps of {inputs} into {units}, {options}, cells {cell}",
    )


@st.composite
def _weights(draw: Any, shape: tuple[int, int], before: Tensor) -> Tensor:
    if before.dtype == "float32":
        return Tensor(shape, "float32", data=draw(_floats(shape, 0.7)))
    data = draw(drawing.integers(shape, -127, 127))
    real = draw(drawing.real_multipliers(int(np.abs(data).sum(axis=1).max()) * 255))
    scale = max(real * GATE_SCALE / before.scales[0], 1e-30)
    return Tensor(shape, "int8", (float(np.float32(scale)),), (0,), data=data)


@st.composite
def _bias(draw: Any, units: int, weights: Tensor, source: Tensor) -> Tensor:
    if source.dtype == "float32":
        return Tensor((units,), "float32", data=draw(_floats((units,), 1.0)))
    real = weights.scales[0] * source.scales[0] / GATE_SCALE
    largest = int(np.abs(weights.data).sum(axis=1).max()) * 255
    limit = min(drawing.bias_limit(real, largest), 1 << 20)
    return Tensor((units,), "int32", data=draw(drawing.integers((units,), -limit, limit)))


@st.composite
def _floats(draw: Any, shape: tuple[int, ...], deviation: float) -> drawing.Array:
    """Small enough that rounding errors of the sums do not show behind the gates."""
    rng = np.random.default_rng(draw(drawing.SEEDS))
    return np.asarray(rng.normal(size=shape) * deviation, np.float32)


def _made(bits: int, weights: drawing.Array, bias: drawing.Array, fed: drawing.Array) -> DrawnCase:
    """The int8 case of a cell with so many integer bits, of weights (gates, units, inputs) and
    biases (gates, units) that make a gate's activation get twice their sum with `fed` (pictures,
    steps, inputs), in its own steps. Nothing recurs."""
    units, inputs = weights.shape[1:]
    hidden: Any = {"scales": (2.0**-7,), "zero_points": (0,)}
    source = Tensor((1, *fed.shape[1:]), "int8", (2.0**-7,), (0,))
    tensors = [source, Tensor((1, units), "int8", **hidden, variable=True)]
    tensors.append(Tensor((1, units), "int16", (2.0 ** (bits - 15),), variable=True))
    tensors.append(Tensor((1, fed.shape[1], units), "int8", **hidden))
    scales = (2 * GATE_SCALE * 2.0**7,)
    numbers = [0, *[-1] * 23]
    numbers[18], numbers[19] = 1, 2
    for gate in range(GATES):
        numbers[1 + gate], numbers[1 + GATES + gate] = len(tensors), len(tensors) + 1
        numbers[12 + gate] = len(tensors) + 2
        tensors.append(Tensor((units, inputs), "int8", scales, data=weights[gate]))
        tensors.append(Tensor((units, units), "int8", scales, data=np.zeros((units, units))))
        tensors.append(Tensor((units,), "int32", data=bias[gate]))
    between = list(range(len(tensors), len(tensors) + 5))
    tensors += [Tensor((0,), "float32")] * 4 + [Tensor((0,), "int8", **hidden)]
    options = {"fusedActivationFunction": 4, "cellClip": 0.0, "timeMajor": False}
    op = Operator("UNIDIRECTIONAL_SEQUENCE_LSTM", numbers, [3], options, between)
    what = f"lstm of {units} cells of {bits} integer bits, fixed"
    return DrawnCase(graph(tensors, [op], 0, 3), fed, what)


def _fixed() -> list[DrawnCase]:
    """Cells that grow by 1 in each of 40 steps, one of them downwards, and gates all over their
    range."""
    opened = np.full((GATES, 2), 16000)
    opened[2] = 0
    grown = np.zeros((GATES, 2, 1))
    grown[2, :, 0] = 127, -127
    fed = np.full((drawing.PICTURES, 40, 1), 127, np.int8)
    rng = np.random.default_rng(8)
    spread = rng.integers(-127, 128, (GATES, 70, 1))
    steps = np.array([[[127]], [[-101]]], np.int8)
    return [
        *(_made(bits, grown, opened, fed) for bits in (5, 6)),
        _made(3, spread, np.zeros((GATES, 70)), steps),
    ]


FIXED = {"int8": _fixed}
