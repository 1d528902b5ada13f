"""UNIDIRECTIONAL_SEQUENCE_LSTM -> bl_unidirectional_sequence_lstm_*"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.kernels import Call, Constant, Context, by

# The numbers of its inputs, gate by gate: input, forget, modulation, output.
INPUT_WEIGHTS, RECURRENT_WEIGHTS, BIASES = (1, 2, 3, 4), (5, 6, 7, 8), (12, 13, 14, 15)
REFUSED = {
    9: "peephole connections",
    10: "peephole connections",
    11: "peephole connections",
    16: "a projection",
    20: "layer normalisation",
    21: "layer normalisation",
    22: "layer normalisation",
    23: "layer normalisation",
}
HIDDEN = 4  # the intermediate tensor that says how the outputs of the cells are scaled
GATE_SCALE = np.float32(2.0**-12)  # of a gate before its activation
CELL_BITS = range(7)
SUFFIXES = {"int8": "s8", "float32": "f32"}
BIAS = {"int8": "int32", "float32": "float32"}
HINT = "make it of Keras's LSTM with its default activations"


def lower(context: Context) -> Call:
    suffix = SUFFIXES[_dtype(context)]
    for number, what in REFUSED.items():
        if context.optional(number):
            raise context.refuse(f"it has {what}, which boardless does not compute", hint=HINT)
    options = context.op.options
    if options["fused_activation_function"] != "TANH":
        what = f"the activation {options['fused_activation_function']}, not TANH"
        raise context.refuse(f"its cells have {what}", hint=HINT)
    if options["diagonal_recurrent_tensors"]:
        raise context.refuse("its recurrent weights are diagonal")
    steps, inputs, units = _sizes(context)
    dtype = context.input().dtype
    weights = [
        _gates(context, INPUT_WEIGHTS, (units, inputs), dtype),
        _gates(context, RECURRENT_WEIGHTS, (units, units), dtype),
    ]
    bias = _gates(context, BIASES, (units,), BIAS[dtype])
    params: dict[str, Any] = {"steps": steps, "inputs": inputs, "units": units}
    constants = [
        Constant("input_weights", weights[0], "gates of a cell side by side"),
        Constant("recurrent_weights", weights[1], "gates of a cell side by side"),
    ]
    if suffix == "s8":
        params |= _quantised(context)
        constants += _scaled(context, weights[0], weights[1], bias)
    else:
        if not options["cell_clip"] >= 0:
            raise context.refuse(f"it limits its cells to {options['cell_clip']}")
        params["cell_clip"] = float(options["cell_clip"])
        constants.append(Constant("bias", bias))
    return Call(
        function=f"bl_unidirectional_sequence_lstm_{suffix}_ref",
        params_type=f"bl_unidirectional_sequence_lstm_{suffix}",
        params=params,
        header="unidirectional_sequence_lstm/unidirectional_sequence_lstm.h",
        constants=tuple(constants),
        macs=steps * 4 * units * (inputs + units),
    )


def output_shapes(context: Context) -> list[tuple[int, ...]]:
    source, _, units = context.input(), *_sizes(context)[1:]
    states = [t.shape for t in context.outputs()[1:]]  # lists or rows, of as many values
    return [(*source.shape[:-1], units), *states]


def _dtype(context: Context) -> str:
    """The type of inputs and outputs, after checking that the variables go with it."""
    kinds = [t.dtype for t in (context.input(), *context.outputs())]
    if kinds not in (["int8", "int8", "int8", "int16"], ["float32"] * 4):
        raise context.refuse(f"its input, output and variables are {', '.join(kinds)}")
    return kinds[0]


def _sizes(context: Context) -> tuple[int, int, int]:
    """Steps, inputs, cells."""
    shape = context.input().shape
    units, inputs = context.constant(INPUT_WEIGHTS[-1], "weights").shape
    if len(shape) not in (2, 3) or shape[-1] != inputs:
        raise context.refuse(f"input {by(shape)}, but its weights are for {inputs} values")
    major = context.op.options["time_major"] or len(shape) == 2
    if len(shape) == 2 or shape[1 if major else 0] != 1:
        raise context.refuse(f"input {by(shape)} is not one sequence")
    for tensor in context.outputs()[1:]:
        if tensor.count != units:
            raise context.refuse(f"a variable is {tensor.type_and_shape}, it has {units} cells")
    return math.prod(shape[:-1]), inputs, units


def _gates(
    context: Context, numbers: tuple[int, ...], shape: tuple[int, ...], dtype: str
) -> npt.NDArray[Any]:
    """The weights or biases of the gates, those of a cell side by side."""
    found = []
    for number in numbers:
        tensor = context.constant(number, "weights" if len(shape) == 2 else "bias")
        if tensor.shape != shape or tensor.dtype != dtype:
            what = f"input {number} is {tensor.type_and_shape}"
            raise context.refuse(f"{what}, not {dtype} {by(shape)}")
        assert tensor.data is not None
        found.append(tensor.data)
    return np.stack(found, axis=1).reshape(4 * shape[0], *shape[1:])


def _quantised(context: Context) -> dict[str, int]:
    """The parameters of the int8 kernel that follow from scales, in single precision as TFLite
    computes them."""
    if len(context.op.intermediates) <= HIDDEN:
        raise context.refuse("it does not say how the outputs of its cells are scaled")
    hidden = quantise.of(context.graph.tensors[context.op.intermediates[HIDDEN]])
    cell = np.float32(quantise.of(context.outputs()[2]).scale)
    log = float(np.log(cell) * np.float32(1 / np.log(np.float32(2))))
    bits = 15 + round(log)
    if abs(log - round(log)) >= 1e-3 or bits not in CELL_BITS:
        raise context.refuse(
            f"the scale of its cells is {float(cell):.3g}, no power of two from 2^-15 to 2^-9"
        )
    with np.errstate(over="ignore"):
        clip = np.float32(context.op.options["cell_clip"]) / cell
    real = np.float32(2.0**-15 / float(np.float32(hidden.scale)) * 2.0**-15)
    multiplier, shift = quantise.multiplier_and_shift(float(real))
    context.scaled_up(-(1 << 30), 1 << 30, shift)
    return {
        "cell_bits": bits,
        "cell_clip": int(min(clip, np.float32(32767))),
        "output_multiplier": multiplier,
        "output_shift": shift,
        "output_zero_point": hidden.zero_point,
    }


def _scaled(
    context: Context,
    input_weights: npt.NDArray[Any],
    recurrent_weights: npt.NDArray[Any],
    bias: npt.NDArray[Any],
) -> list[Constant]:
    """The biases with the zero points, and the scales of the gates."""
    sides = (
        (INPUT_WEIGHTS, context.input(), input_weights, bias),
        (RECURRENT_WEIGHTS, context.outputs()[1], recurrent_weights, None),
    )
    biases, scales = [], np.zeros((4, 4), np.int32)
    for side, (numbers, source, rows, offset) in enumerate(sides):
        q = quantise.of(source)
        biases.append(fixed_point.folded_bias(rows, offset, q.zero_point))
        for gate, number in enumerate(numbers):
            found = quantise.of(context.input(number))
            if len(found.scales) != 1 or found.zero_point:
                raise context.refuse(f"input {number} has more than one scale, or a zero point")
            real = np.float32(found.scale) * np.float32(q.scale) / GATE_SCALE
            multiplier, shift = quantise.multiplier_and_shift(float(real))
            scales[gate, 2 * side : 2 * side + 2] = multiplier, shift
            mine = rows[gate::4].astype(np.int64)
            most = np.abs(mine).sum(axis=1) * max(127 - q.zero_point, 128 + q.zero_point)
            most += 0 if offset is None else np.abs(offset[gate::4].astype(np.int64))
            context.scaled_up(-most, most, shift)
    return [
        Constant("input_bias", biases[0]),
        Constant("recurrent_bias", biases[1]),
        Constant("scales", scales, "gate by gate"),
    ]
