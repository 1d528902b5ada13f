"""Layers of int16 values with int8 weights, whose sums have 64 bits: firmware/kernels/wide.h.

params["wide"] = wide.sums_in_64_bits(context, rows, bias, shift)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema

from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.elementwise import Pair
from boardless.model.compiler.kernels import Call, Constant, Context
from boardless.model.graph import Tensor

INT32 = schema.TensorType.INT32  # the option's value that asks for sums in 32 bits
FRACTION_BITS = 15  # BL_ADD_S16_FRACTION_BITS
WIDEST = 1 << 47  # of a sum in 64 bits: so far TFLite promises to scale it
MOST_SHIFT = 7
HINT = "convert the model again with representative data"
CONVERT = "convert the model again with 16x8 quantisation"


def sums_in_64_bits(
    context: Context, rows: npt.NDArray[Any], bias: Constant, shift: Constant
) -> int:
    """Returns 1 where TFLite sums up the products of a layer in 64 bits, and 0 where it does so in
    32. `rows` are int8 taps (output channels, n). Refuses sums that TFLite cannot scale."""
    if in_32_bits(context):
        context.accumulated(rows, bias, shift)
        return 0
    low, high = context.sums(rows, bias)
    assert shift.data is not None
    if max(-int(low.min()), int(high.max())) >= WIDEST or int(shift.data.max()) > MOST_SHIFT:
        raise context.refuse(
            "its sums, or the numbers that scale them, are larger than TensorFlow Lite takes", HINT
        )
    return 1


def scales(context: Context, filter_tensor: Tensor, channels: int) -> Constant:
    """Returns what TFLite multiplies the sum of each channel by, where it does so in double
    precision."""
    found = np.array(quantise.of(filter_tensor).scales, np.float64)
    if len(found) not in (1, channels) or any(quantise.of(filter_tensor).zero_points):
        raise context.refuse("the filter has a zero point, or not a scale per output channel")
    ratio = quantise.of(context.input()).scale * found / quantise.of(context.output()).scale
    return Constant("scale", np.broadcast_to(ratio, (channels,)))


def sums_scaled_in_double(
    context: Context, rows: npt.NDArray[Any], bias: Constant, scale: Constant
) -> int:
    """Returns what sums_in_64_bits does; refuses sums that leave 32 bits when they are scaled by
    the numbers of `scale`."""
    low, high = context.sums(rows, bias)
    assert scale.data is not None
    if (np.maximum(-low, high) * scale.data).max() >= fixed_point.INT32_MAX:
        raise context.refuse("its sums leave 32 bits at the output's scale", HINT)
    return int(not in_32_bits(context))


def in_32_bits(context: Context) -> bool:
    """Returns whether TFLite sums up in 32 bits: only where the operator's options say so. Refuses
    a bias that it would read as another type."""
    named_int32 = bool(context.op.options.get("quantized_bias_type") == INT32)
    bias = context.optional(2)
    if bias is not None and (bias.dtype == "int32") != named_int32:
        read = "int32" if named_int32 else "int64"
        raise context.refuse(
            f"its bias is {bias.dtype}, but TensorFlow Lite would read it as {read}", CONVERT
        )
    return named_int32


def signed_sum(pair: Pair, sign: int, broadcasts: bool = True) -> Call:
    """Returns the call that adds two int16 inputs, the second times `sign`. Where all scales are
    powers of two and the operator's options say so, TFLite only shifts; it may be that it then
    `broadcasts` no side."""
    context = pair.context
    signs = (sign, 1) if pair.reversed else (1, sign)
    params = {"a_sign": signs[0], "b_sign": signs[1], **context.activation()}
    exponents = [quantise.exponent(t) for t in (pair.a, pair.b, context.output())]
    shifts = context.profile.shifts_sums and context.op.options.get("pot_scale_int16", True)
    if not shifts or None in exponents:
        return pair.call("add", params | pair.sum_multipliers(FRACTION_BITS))
    a, b, output = (exponent or 0 for exponent in exponents)
    if max(a, b) != output:
        raise context.refuse("none of its inputs has the output's scale", CONVERT)
    if not broadcasts and pair.a.shape != pair.b.shape:
        raise context.refuse("TensorFlow Lite repeats no input of one with scales of powers of two")
    params |= {"a_shift": min(output - a, 31), "b_shift": min(output - b, 31)}
    return pair.call("add_shifted", params, folder="add")
