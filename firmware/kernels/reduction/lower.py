"""A reduction over neighbouring axes -> bl_<operator>_*"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    name = context.op.name.lower()
    suffix = context.suffix() if name == "sum" else context.suffix("int16")
    if suffix == "s8" and name == "sum":
        raise context.refuse(
            "TensorFlow Lite's int8 kernel of this operator gives wrong sums (LiteRT 2.3)",
            hint="use a mean, which differs by a factor; or " + elementwise.FLOAT_HINT,
        )
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    return Call(
        function=f"bl_{name}_{suffix}_ref",
        params_type="bl_reduction",
        params=elementwise.reduction(context),
        header="reduction/reduction.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.reduced_shape(context)
