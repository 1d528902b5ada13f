"""RELU_N1_TO_1 -> bl_relu_f32 or a table in int8"""

from boardless.compiler import elementwise
from boardless.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    return elementwise.clamp(context, "RELU_N1_TO_1")
