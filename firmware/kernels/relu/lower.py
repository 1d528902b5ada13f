"""RELU -> bl_relu_f32, bl_relu_s16 or a table in int8"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Alias, Call, Context, Params


def lower(context: Context) -> Call | Alias:
    """Serves every operator that does nothing but clamp, by the clamp of its traits."""
    bounds = quantise.activation_bounds(context.op.name, context.output())
    assert bounds
    suffix, scaling = elementwise.unary(context, "int16"), Params()
    if suffix == "s8":
        return elementwise.lookup(context, np.clip(elementwise.rescaled(context), *bounds))
    if suffix == "s16":
        multiplier, shift = elementwise.rescaling(context)
        scaling = {"multiplier": multiplier, "shift": shift}
    return Call(
        function=f"bl_relu_{suffix}_ref",
        params_type=f"bl_relu_{suffix}",
        params={
            "count": context.input().count,
            **scaling,
            "activation_min": bounds[0],
            "activation_max": bounds[1],
        },
        header="relu/relu.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
