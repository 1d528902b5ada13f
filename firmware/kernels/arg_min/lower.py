"""ARG_MIN -> bl_arg_max_*"""

from boardless.model.compiler import kernels


def lower(context: kernels.Context) -> kernels.Call | kernels.Alias:
    return kernels.lower_as("arg_max", context)


def output_shape(context: kernels.Context) -> tuple[int, ...]:
    return kernels.output_shape_as("arg_max", context)
