"""FULLY_CONNECTED -> bl_fully_connected_*"""

from __future__ import annotations

from boardless.model.compiler import dsp, fixed_point, mve
from boardless.model.compiler.kernels import Call, Constant, Context


def lower(context: Context) -> Call:
    suffix = context.suffix()
    output_c, input_c = context.constant(1, "filter").shape
    rows, rest = divmod(context.input().count, input_c)
    if rest or rows * output_c != context.output().count:
        raise context.refuse(
            f"the filter is {context.input(1).type_and_shape}, the input "
            f"{context.input().type_and_shape}, the output {context.output().type_and_shape}"
        )
    filter_tensor = context.filter((output_c, input_c))
    taps = filter_tensor.data
    assert taps is not None
    constants = [
        Constant("filter", taps, "OI"),
        context.bias(2, output_c),
    ]
    params = {"input_c": input_c, "output_c": output_c, **context.activation()}
    form, variant, more = "fully_connected" if rows == 1 else "fully_connected_rows", "ref", {}
    if suffix == "s8":
        constants += context.requantisation(filter_tensor, output_c, any_zero_point=True)
        centred, offset = context.centred(filter_tensor)
        context.accumulated(centred, constants[1], constants[3])
        params |= context.zero_points()
        folded = dsp.folded_bias(filter_tensor, constants[1], params["input_zero_point"])
        if offset:
            form, more = "fully_connected_offset", {"filter_zero_point": offset}
        elif "mve" in context.variants:
            variant = "mve"
            _, bias, multiplier, shift = constants
            zero_point = params["input_zero_point"]
            constants = [mve.packed(taps, bias, multiplier, shift, zero_point)]
        elif "dsp" in context.variants and folded is not None:
            variant = "dsp"
            constants[1] = folded
        elif "scalar" in context.variants:
            variant = "scalar"
            wrapped = fixed_point.folded_bias(taps, constants[1].data, params["input_zero_point"])
            constants[1] = Constant("bias", wrapped)
    return Call(
        function=f"bl_{form}_{suffix}_{variant}",
        params_type=f"bl_{form}_{suffix}",
        params=params if form == "fully_connected" else {"row": params, "rows": rows, **more},
        header="fully_connected/fully_connected.h",
        constants=tuple(constants),
        macs=rows * input_c * output_c,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    outputs, inputs = context.constant(1, "filter").shape
    if context.op.options.get("keep_num_dims", False):
        return (*context.input().shape[:-1], outputs)
    return context.input().count // inputs, outputs
