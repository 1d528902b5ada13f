"""QUANTIZE: float32 -> int8 by bl_quantize_s8, int8 -> int8 by a table"""

from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Alias, Call, Context


def lower(context: Context) -> Call | Alias:
    if context.output().dtype != "int8":
        raise context.refuse(f"turns {context.input().dtype} into {context.output().dtype}")
    if context.input().dtype == "int8":
        elementwise.unary(context)
        return elementwise.lookup(context, elementwise.rescaled(context))
    if context.input().dtype != "float32" or context.input().count != context.output().count:
        raise context.refuse(
            f"turns {context.input().type_and_shape} into {context.output().type_and_shape}"
        )
    output = quantise.of(context.output())
    return Call(
        function="bl_quantize_s8_ref",
        params_type="bl_quantize_s8",
        params={
            "count": context.input().count,
            "zero_point": output.zero_point,
            "scale": output.scale,
        },
        header="quantize/quantize.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
