"""L2_NORMALIZATION of the last axis -> bl_l2_normalization_*"""

from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context, Params

LONGEST_ROW = 1 << 15  # squares of so many int8 differences add up to an int32


def lower(context: Context) -> Call:
    suffix = elementwise.unary(context)
    if context.op.options.get("fused_activation_function", "NONE") != "NONE":
        raise context.refuse("a fused activation is not supported")
    length = context.input().shape[-1]
    params: Params = {"rows": context.input().count // length, "row_length": length}
    if suffix == "s8":
        output = quantise.of(context.output())
        if (output.scale, output.zero_point) != (1 / 128, 0):
            raise context.refuse("an int8 L2_NORMALIZATION must have scale 1/128 and zero point 0")
        if length > LONGEST_ROW:
            raise context.refuse(f"rows of {length:,} values; in int8 at most {LONGEST_ROW:,}")
        params["input_zero_point"] = quantise.of(context.input()).zero_point
    return Call(
        function=f"bl_l2_normalization_{suffix}_ref",
        params_type=f"bl_l2_normalization_{suffix}",
        params=params,
        header="l2_normalization/l2_normalization.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
