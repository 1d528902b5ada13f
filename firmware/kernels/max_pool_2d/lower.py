"""MAX_POOL_2D -> bl_max_pool_2d_*"""

from boardless.model.compiler.kernels import Call, Context

AT_ONCE = 4  # channels of the _scalar variant


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    window = context.window(context.op.options["filter_height"], context.op.options["filter_width"])
    if window["input_c"] != window["output_c"]:
        raise context.refuse("input and output differ in channels")
    variant = context.variant("mve", "dsp", "scalar")
    few = "few_" if variant == "scalar" and window["input_c"] < AT_ONCE else ""
    return Call(
        function=f"bl_max_pool_2d_{suffix}_{few}{variant}",
        params_type=f"bl_max_pool_2d_{suffix}",
        params={"window": window, **context.activation()},
        header="max_pool_2d/max_pool_2d.h",
    ).with_clearances(context.clearance(window))


def output_shape(context: Context) -> tuple[int, ...]:
    options = context.op.options
    channels = context.input().shape[-1]
    return context.windowed(options["filter_height"], options["filter_width"], channels)
