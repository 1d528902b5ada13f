"""MEAN over neighbouring axes, such as height and width -> bl_mean_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context, Params
from boardless.model.traits import Rounding

MOST_INT16 = (1 << 16) - 1  # values that a sum in int32 can hold


def lower(context: Context) -> Call:
    return reduced(context, elementwise.reduction(context)["reduced"])


def reduced(context: Context, among: int) -> Call:
    """Returns the call that divides a sum `among` so many: as many as it is of, or 1."""
    suffix = context.suffix("int16")
    params = elementwise.reduction(context)
    variants = ("mve", "dsp") if params["reduced"] <= 255 else ("mve",)  # sums in int32, in int16
    if suffix == "s16" and params["reduced"] > MOST_INT16:
        raise context.refuse(f"sums of {params['reduced']:,} int16 values, which leave 32 bits")
    if suffix == "s8" and context.rounding is Rounding.FLOAT:
        return Call(
            function="bl_mean_real_s8_ref",
            params_type="bl_mean_real_s8",
            params=params | _real(context, params["reduced"], among),
            header="mean/mean.h",
        ).with_clearances(0)
    if suffix != "f32":
        multiplier, shift = _mean_multiplier(context, among)
        source = context.input()
        zero_point = quantise.of(source).zero_point
        low, high = ((end - zero_point) * params["reduced"] for end in quantise.ends(source))
        context.scaled_up(low, high, shift)
        zero_points = context.zero_points() if suffix == "s8" else {}
        params |= {**zero_points, "multiplier": multiplier, "shift": shift}
    return Call(
        function=f"bl_mean_{suffix}_{context.variant(*variants)}",
        params_type=f"bl_mean_{suffix}",
        params=params,
        header="mean/mean.h",
    ).with_clearances(0)  # channels are written when they have been read, and ascend


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.reduced_shape(context)


def _real(context: Context, count: int, among: int) -> Params:
    """Returns factor and zero point of XNNPACK's sum of `count` stored values, in single
    precision."""
    source, output = quantise.of(context.input()), quantise.of(context.output())
    factor = np.float32(source.scale) / np.float32(output.scale) * (np.float32(1) / among)
    share = np.float32(count * source.zero_point) * factor
    zero_point = np.float32(output.zero_point) - share
    return {"factor": float(factor), "zero_point": float(zero_point)}


def _mean_multiplier(context: Context, count: int) -> tuple[int, int]:
    """input_scale / output_scale / count. TFLite divides the integer multiplier, truncating, after
    scaling it up by the power of two below `count`: doing it in real numbers differs by a unit."""
    multiplier, shift = quantise.multiplier_and_shift(
        quantise.of(context.input()).scale / quantise.of(context.output()).scale
    )
    up = min(count.bit_length() - 1, 32, 31 + shift)
    return (multiplier << up) // count, shift - up
