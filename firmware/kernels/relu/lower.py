"""RELU -> bl_relu_f32, bl_relu_s16 or a table in int8"""

import math

import numpy as np
import numpy.typing as npt
from boardless.model import traits
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Alias, Call, Context, Params
from boardless.model.graph import Tensor

AS_THEY_ARE = {"multiplier": 1 << 30, "shift": 1}


def lower(context: Context) -> Call | Alias:
    """Serves every operator that does nothing but clamp, by the clamp of its traits."""
    suffix = elementwise.unary(context, "int16")
    if suffix == "s8":
        return elementwise.lookup(context, _quantised(context))
    bounds = _bounds(context, context.output())
    params: Params = {"count": context.input().count}
    if suffix == "s16":
        scaling, bounds = _int16(context)
        params |= scaling
    return Call(
        function=f"bl_relu_{suffix}_ref",
        params_type=f"bl_relu_{suffix}",
        params=params | {"activation_min": bounds[0], "activation_max": bounds[1]},
        header="relu/relu.h",
        in_place=True,
    )


def _quantised(context: Context) -> npt.NDArray[np.int64]:
    """Outputs for -128 .. 127."""
    if _takes_stored_values(context):
        return np.clip(elementwise.INT8, *_bounds(context, context.input()))
    return np.clip(elementwise.rescaled(context), *_bounds(context, context.output()))


def _int16(context: Context) -> tuple[Params, tuple[float, float]]:
    """Returns (multiplier and shift, bounds)."""
    if _takes_stored_values(context):
        return AS_THEY_ARE, _bounds(context, context.input())
    multiplier, shift = elementwise.rescaling(context)
    return {"multiplier": multiplier, "shift": shift}, _bounds(context, context.output())


def _takes_stored_values(context: Context) -> bool:
    """Returns whether stored values are clamped as they are, whatever the output's scale is: some
    interpreters do so where the clamp has two ends."""
    two_ends = traits.bounds(context.op.name) != (0.0, math.inf)
    return two_ends and not context.profile.rescales_clamps


def _bounds(context: Context, tensor: Tensor) -> tuple[float, float]:
    bounds = quantise.activation_bounds(context.op.name, tensor)
    assert bounds
    return bounds


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
