"""AVERAGE_POOL_2D -> bl_average_pool_2d_*"""

from boardless.model.compiler.kernels import Call, Context

MOST_VALUES = {"mve": 2048, "dsp": 255, "scalar": 2048}  # of a window
AT_ONCE = 4  # channels of the _scalar variant


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    window = context.window(context.op.options["filter_height"], context.op.options["filter_width"])
    if window["input_c"] != window["output_c"]:
        raise context.refuse("input and output differ in channels")
    rounds = "_of_u8" if context.input().file_dtype == "uint8" else ""
    values = window["filter_h"] * window["filter_w"]
    usable = [variant for variant, most in MOST_VALUES.items() if values <= most and not rounds]
    variant = context.variant(*usable)
    few = "few_" if variant == "scalar" and window["input_c"] < AT_ONCE else ""
    return Call(
        function=f"bl_average_pool_2d_{suffix}{rounds}_{few}{variant}",
        params_type=f"bl_average_pool_2d_{suffix}",
        params={"window": window, **context.activation()},
        header="average_pool_2d/average_pool_2d.h",
    ).with_clearances(context.clearance(window))


def output_shape(context: Context) -> tuple[int, ...]:
    options = context.op.options
    channels = context.input().shape[-1]
    return context.windowed(options["filter_height"], options["filter_width"], channels)
