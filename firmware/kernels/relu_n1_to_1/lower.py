"""RELU_N1_TO_1 -> bl_relu_f32 or a table in int8"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return elementwise.clamp(context, "RELU_N1_TO_1")


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
