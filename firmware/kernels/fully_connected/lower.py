"""FULLY_CONNECTED -> bl_fully_connected_*"""

from boardless.compiler.kernels import Call, Constant, Context


def lower(context: Context) -> Call:
    suffix = context.suffix()
    input_c, output_c = context.input().count, context.output().count
    if context.constant(1, "filter").shape != (output_c, input_c):
        raise context.refuse(
            f"the filter is {context.input(1).type_and_shape}, not {output_c}x{input_c}",
            hint="boardless runs one row at a time",
        )
    filter_tensor = context.filter((output_c, input_c))
    constants = [
        Constant("filter", filter_tensor.data, "OI"),
        context.bias(2, output_c),
    ]
    params = {"input_c": input_c, "output_c": output_c, **context.activation()}
    if suffix == "s8":
        constants += context.requantisation(filter_tensor, output_c)
        params |= context.zero_points()
    return Call(
        function=f"bl_fully_connected_{suffix}_ref",
        params_type=f"bl_fully_connected_{suffix}",
        params=params,
        header="fully_connected/fully_connected.h",
        constants=tuple(constants),
        macs=input_c * output_c,
    )
