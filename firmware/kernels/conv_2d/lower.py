"""CONV_2D -> bl_conv_2d_*"""

from boardless.compiler.kernels import Call, Constant, Context


def lower(context: Context) -> Call:
    suffix = context.suffix()
    (_, _, input_c), (output_h, output_w, output_c) = context.maps()
    filter_h, filter_w = context.constant(1, "filter").shape[1:3]
    filter_tensor = context.filter((output_c, filter_h, filter_w, input_c))
    constants = [
        Constant("filter", filter_tensor.data, "OHWI"),
        context.bias(2, output_c),
    ]
    params = {"window": context.window(filter_h, filter_w), **context.activation()}
    if suffix == "s8":
        constants += context.requantisation(filter_tensor, output_c)
        params |= context.zero_points()
    return Call(
        function=f"bl_conv_2d_{suffix}_ref",
        params_type=f"bl_conv_2d_{suffix}",
        params=params,
        header="conv_2d/conv_2d.h",
        constants=tuple(constants),
        macs=output_h * output_w * filter_tensor.count,
    ).with_clearances(context.clearance(params["window"]))
