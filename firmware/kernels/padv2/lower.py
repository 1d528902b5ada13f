"""PADV2 is PAD with a value of its own -> bl_pad_*"""

from boardless.model.compiler import kernels


def lower(context: kernels.Context) -> kernels.Call | kernels.Alias:
    return kernels.lower_as("pad", context)


def output_shape(context: kernels.Context) -> tuple[int, ...]:
    return kernels.output_shape_as("pad", context)
