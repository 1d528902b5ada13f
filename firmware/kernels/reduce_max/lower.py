"""REDUCE_MAX over neighbouring axes -> bl_reduce_max_*"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    return Call(
        function=f"bl_reduce_max_{suffix}_{context.variant('mve', 'dsp')}",
        params_type=f"bl_reduce_max_{suffix}",
        params=elementwise.reduction(context),
        header="reduce_max/reduce_max.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.reduced_shape(context)
