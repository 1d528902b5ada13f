"""TANH -> bl_tanh_f32 a table in int8, or bl_tanh_s16"""

from boardless.model.compiler import elementwise, tables
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    if elementwise.unary(context, "int16") == "s16":
        return tables.sigmoid(context, "tanh/tanh.h", shifts=(0, 1))
    return elementwise.by_formula(context, elementwise.single_precision("tanhf"), "tanh/tanh.h")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
