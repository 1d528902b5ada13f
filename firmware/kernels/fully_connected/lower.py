"""FULLY_CONNECTED -> bl_fully_connected_*, or a convolution where the reference rounds twice"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import dsp, fixed_point, kernels, mve, quantise, wide
from boardless.model.compiler.kernels import Alias, Call, Constant, Context
from boardless.model.traits import Rounding

FAST_SHIFTS = (-23, -2)  # of bl_fully_connected_s8_dsp


def lower(context: Context) -> Call | Alias:
    suffix = context.suffix("int16")
    output_c, input_c = context.constant(1, "filter").shape
    rows, rest = divmod(context.input().count, input_c)
    if rest or rows * output_c != context.output().count:
        raise context.refuse(
            f"the filter is {context.input(1).type_and_shape}, the input "
            f"{context.input().type_and_shape}, the output {context.output().type_and_shape}"
        )
    in_fixed_point = suffix == "s16" and context.rounding is Rounding.TWICE
    if in_fixed_point or (suffix == "s8" and context.rounding is not Rounding.ONCE):
        return kernels.lower_as("conv_2d", _as_convolution(context, rows))
    filter_tensor = context.filter((output_c, input_c))
    assert filter_tensor.data is not None
    constants = [
        Constant("filter", filter_tensor.data, "OI"),
        context.bias(2, output_c),
    ]
    params = {"input_c": input_c, "output_c": output_c, **context.activation()}
    if suffix == "s16":
        constants.append(wide.scales(context, filter_tensor, output_c))
        params["wide"] = wide.sums_scaled_in_double(context, filter_tensor.data, *constants[1:])
    one = rows == 1 and suffix != "s16"
    form, more = "fully_connected" if one else "fully_connected_rows", {}
    if suffix == "s8":
        scaling = context.requantisation(filter_tensor, output_c, any_zero_point=True)
        centred, offset = context.centred(filter_tensor)
        context.accumulated(centred, constants[1], scaling[1])
        params["scales"] = len(quantise.of(filter_tensor).scales)
        constants += [_first(constant, params["scales"]) for constant in scaling]
        params |= context.zero_points()
        if offset:
            form, more = "fully_connected_offset", {"filter_zero_point": offset}
    call = Call(
        function=f"bl_{form}_{suffix}_ref",
        params_type=f"bl_{form}_{suffix}",
        params=params if form == "fully_connected" else {"row": params, "rows": rows, **more},
        header="fully_connected/fully_connected.h",
        constants=tuple(constants),
        macs=rows * input_c * output_c,
    )
    if suffix != "s8" or more:
        return call
    return _variant(context, call, filter_tensor.data, rows)


def _as_convolution(context: Context, rows: int) -> Context:
    """Returns the convolution of 1x1 windows with the same sums: it rounds as convolutions do, and
    so does the layer in the reference's interpreter. Each row is a pixel."""
    graph, op = context.graph, context.op
    output_c, input_c = context.input(1).shape
    tensors = list(graph.tensors)

    def reshape(number: int, *shape: int) -> None:
        tensor = tensors[number]
        data = None if tensor.data is None else tensor.data.reshape(shape)
        tensors[number] = dataclasses.replace(tensor, shape=shape, data=data)

    reshape(op.inputs[0], 1, rows, 1, input_c)
    reshape(op.inputs[1], output_c, 1, 1, input_c)
    reshape(op.outputs[0], 1, rows, 1, output_c)
    window = {"padding": "VALID", "stride_h": 1, "stride_w": 1}
    return dataclasses.replace(
        context,
        graph=graph.replace(tensors=tuple(tensors)),
        op=dataclasses.replace(op, options=op.options | window),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    outputs, inputs = context.constant(1, "filter").shape
    if context.op.options.get("keep_num_dims", False):
        return (*context.input().shape[:-1], outputs)
    return context.input().count // inputs, outputs


def _first(constant: Constant, count: int) -> Constant:
    assert constant.data is not None
    return dataclasses.replace(constant, data=constant.data[:count])


def _variant(context: Context, call: Call, taps: npt.NDArray[Any], rows: int) -> Call:
    """Returns the call of the best int8 variant; `taps` is (output_c, input_c)."""
    filter_tensor = context.filter(taps.shape)
    zero_point = context.zero_points()["input_zero_point"]
    _, bias, multiplier, shift = call.constants
    form = call.params_type
    if "mve" in context.variants:
        packed = mve.packed(taps, bias, multiplier, shift, zero_point)
        return dataclasses.replace(call, function=f"{form}_mve", constants=(packed,))
    if "dsp" in context.variants:
        folded = dsp.folded_bias(filter_tensor, bias, zero_point)
        if folded is not None and _is_fast(taps, shift):
            packed = Constant("filter", paired(taps), "words, each of two outputs")
            (outputs, inputs), apart = taps.shape, (rows - 1) * (taps.shape[0] - taps.shape[1])
            return dataclasses.replace(
                call,
                function=f"{form}_dsp",
                constants=(packed, folded, multiplier, shift),
                scratch_bytes=8 * _fours(inputs) if outputs >= 4 else 4,
            ).with_clearances(max(0, apart))
    if "scalar" in context.variants:
        wrapped = Constant("bias", fixed_point.folded_bias(taps, bias.data, zero_point))
        constants = (call.constants[0], wrapped, multiplier, shift)
        return dataclasses.replace(call, function=f"{form}_scalar", constants=constants)
    return call


def _is_fast(taps: npt.NDArray[Any], shift: Constant) -> bool:
    """Returns True if bl_fully_connected_s8_dsp would be exact: of two weights in 16 bits, the
    upper one must not be -128."""
    assert shift.data is not None
    low, high = FAST_SHIFTS
    return bool(taps.min() > -128 and low <= shift.data.min() and shift.data.max() <= high)


def paired(taps: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Returns the filter of bl_fully_connected_s8_dsp; `taps` is (output_c, input_c)."""
    outputs, inputs = taps.shape
    filled = np.zeros((outputs + outputs % 2, _fours(inputs), 4), np.int64)
    filled.reshape(len(filled), -1)[:outputs, :inputs] = taps
    halves = (filled[::2] + 256 * filled[1::2]) & 0xFFFF
    words = (halves[:, :, :2] | halves[:, :, 2:] << 16).reshape(len(halves), 2 * _fours(inputs))
    first, last = np.split(words, [outputs // 4 * 2])
    by_turns = first.reshape(-1, 2, words.shape[1]).transpose(0, 2, 1)
    return np.concatenate([last.reshape(-1), by_turns.reshape(-1)]).astype(np.uint32).view(np.int32)


def _fours(count: int) -> int:
    return -(-count // 4)
