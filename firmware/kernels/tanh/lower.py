"""TANH -> bl_tanh_f32, a table in int8, or bl_tanh_s16"""

from boardless.model import profiles
from boardless.model.compiler import curves, elementwise, quantise, tables
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    suffix = elementwise.unary(context, "int16")
    if suffix == "s16":
        return tables.sigmoid(context, "tanh/tanh.h", shifts=(0, 1))
    if suffix == "s8" and context.graph.profile != profiles.DEFAULT:
        output = quantise.of(context.output())
        if (output.scale, output.zero_point) != (1 / 128, 0):
            raise context.refuse(
                f"the reference {context.graph.profile} takes an int8 TANH to have scale 1/128 and "
                "zero point 0"
            )
        if context.profile.fixed_point_curves:
            return elementwise.lookup(context, curves.table(context, curves.tanh, bits=7))
    return elementwise.by_formula(context, elementwise.single_precision("tanhf"), "tanh/tanh.h")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
