"""ASSIGN_VARIABLE -> bl_read_variable_ref, the other way round"""

from boardless.model.compiler.kernels import Alias, Call, Context, lower_as, output_shape_as


def lower(context: Context) -> Call | Alias:
    return lower_as("read_variable", context)


def output_shape(context: Context) -> tuple[int, ...]:
    return output_shape_as("read_variable", context)
