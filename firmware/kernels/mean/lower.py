"""MEAN over height and width -> bl_mean_*"""

from boardless.compiler import quantise
from boardless.compiler.kernels import Call, Context, Params


def lower(context: Context) -> Call:
    suffix = context.suffix()
    shape = context.input().shape
    axes = context.constant(1, "list of axes").data
    assert axes is not None
    if len(shape) != 4 or sorted(int(a) % 4 for a in axes.reshape(-1)) != [1, 2]:
        raise context.refuse("only the mean over height and width is supported")
    pixels, channels = shape[1] * shape[2], shape[3]
    if context.output().count != channels:
        raise context.refuse(f"{context.output().count} outputs for {channels} channels")
    params: Params = {"pixels": pixels, "channels": channels}
    if suffix == "s8":
        multiplier, shift = _mean_multiplier(context, pixels)
        params |= {**context.zero_points(), "multiplier": multiplier, "shift": shift}
    return Call(
        function=f"bl_mean_{suffix}_ref",
        params_type=f"bl_mean_{suffix}",
        params=params,
        header="mean/mean.h",
    ).with_clearances(0)  # a channel is written when it has been read, channels ascend


def _mean_multiplier(context: Context, pixels: int) -> tuple[int, int]:
    """input_scale / output_scale / pixels. TFLite divides the integer multiplier, truncating, after
    scaling it up by the power of two below `pixels`: doing it in real numbers differs by a unit."""
    multiplier, shift = quantise.multiplier_and_shift(
        quantise.of(context.input()).scale / quantise.of(context.output()).scale
    )
    up = min(pixels.bit_length() - 1, 32, 31 + shift)
    return (multiplier << up) // pixels, shift - up
