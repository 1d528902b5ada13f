"""RELU_N1_TO_1 -> bl_relu_f32 or a table in int8"""

from boardless.model.compiler import elementwise, kernels


def lower(context: kernels.Context) -> kernels.Call | kernels.Alias:
    elementwise.unary(context)  # TFLite has it in these types only
    return kernels.lower_as("relu", context)


def output_shape(context: kernels.Context) -> tuple[int, ...]:
    return kernels.output_shape_as("relu", context)
