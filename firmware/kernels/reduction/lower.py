"""A reduction over neighbouring axes -> bl_<operator>_*, bl_mean_* of integer sums"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Context, module
from boardless.model.traits import Rounding


def lower(context: Context) -> Call:
    name = context.op.name.lower()
    suffix = context.suffix("int16")
    if suffix != "f32" and name == "sum":
        return _sum_of_integers(context)
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


def _sum_of_integers(context: Context) -> Call:
    """Returns the call of a mean that divides by nothing."""
    if context.profile.sums_bytes:
        raise context.refuse(
            "the reference litert takes each byte of its int8 and int16 values for one without a "
            "sign, so its sums are wrong (LiteRT 2.3)",
            hint="--reference tflm has the right sums; or use a mean, which differs by a factor",
        )
    if context.output().dtype == "int16" and context.rounding is Rounding.FLOAT:
        raise context.refuse(
            "the reference xnnpack leaves int16 sums to a kernel of LiteRT that rounds in a way of "
            "its own",
            hint="--reference tflm",
        )
    call: Call = module("MEAN").reduced(context, 1)
    return call
