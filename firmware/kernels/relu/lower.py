"""RELU -> bl_relu_f32 or a table in int8"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    """Serves every operator that does nothing but clamp, by the clamp of its traits."""
    bounds = quantise.activation_bounds(context.op.name, context.output())
    assert bounds
    if elementwise.unary(context) == "s8":
        return elementwise.lookup(context, np.clip(elementwise.rescaled(context), *bounds))
    return Call(
        function="bl_relu_f32_ref",
        params_type="bl_relu_f32",
        params={
            "count": context.input().count,
            "activation_min": bounds[0],
            "activation_max": bounds[1],
        },
        header="relu/relu.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
