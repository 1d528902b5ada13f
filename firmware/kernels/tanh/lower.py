"""TANH -> bl_tanh_f32 or a table in int8"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return elementwise.by_formula(context, elementwise.single_precision("tanhf"), "tanh/tanh.h")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
