"""LOG_SOFTMAX -> bl_log_softmax_*"""

import math

from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context, Params

INTEGER_BITS = 5  # of the fixed-point difference, Q5.26
MOST_CLASSES = (1 << 12) - 1  # the sum of exponentials, each at most 1, is Q12.19


def lower(context: Context) -> Call:
    suffix = elementwise.unary(context)
    length = context.input().shape[-1]
    params: Params = {"rows": context.input().count // length, "row_length": length}
    if suffix == "s8":
        if length > MOST_CLASSES:
            raise context.refuse(f"{length} classes; in int8 it sums up at most {MOST_CLASSES}")
        output = quantise.of(context.output())
        if (output.scale, output.zero_point) != (1 / 16, 127):
            raise context.refuse("an int8 LOG_SOFTMAX must have scale 1/16 and zero point 127")
        params |= _fixed_point(context)
    return Call(
        function=f"bl_log_softmax_{suffix}_ref",
        params_type=f"bl_log_softmax_{suffix}",
        params=params,
        header="log_softmax/log_softmax.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape


def _fixed_point(context: Context) -> Params:
    scale = quantise.of(context.input()).scale
    real = min(scale * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1)
    multiplier, shift = quantise.multiplier_and_shift(real)
    reverse = 2.0 ** (31 - shift) / multiplier
    if not (1 <= shift <= 30 and reverse < 1):
        raise context.refuse(
            f"its input's scale {scale:g} is too small for fixed point",
            hint="convert the model again with representative data",
        )
    reverse_multiplier, reverse_shift = quantise.multiplier_and_shift(reverse)
    radius = ((1 << INTEGER_BITS) - 1) * 2.0 ** (31 - INTEGER_BITS - shift)
    return {
        "multiplier": multiplier,
        "shift": shift,
        "reverse_multiplier": reverse_multiplier,
        "reverse_shift": reverse_shift,
        "difference_min": -math.floor(radius),
    }
