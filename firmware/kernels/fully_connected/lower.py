"""FULLY_CONNECTED -> bl_fully_connected_*, or a convolution where the reference rounds twice"""

from __future__ import annotations

import dataclasses

from boardless.model.compiler import dsp, fixed_point, kernels, mve, wide
from boardless.model.compiler.kernels import Alias, Call, Constant, Context
from boardless.model.traits import Rounding


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
    taps = filter_tensor.data
    assert taps is not None
    constants = [
        Constant("filter", taps, "OI"),
        context.bias(2, output_c),
    ]
    params = {"input_c": input_c, "output_c": output_c, **context.activation()}
    if suffix == "s16":
        constants.append(wide.scales(context, filter_tensor, output_c))
        params["wide"] = wide.sums_scaled_in_double(context, taps, *constants[1:])
    one = rows == 1 and suffix != "s16"
    form, variant, more = "fully_connected" if one else "fully_connected_rows", "ref", {}
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
