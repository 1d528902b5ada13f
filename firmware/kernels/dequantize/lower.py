"""DEQUANTIZE: int8 or int16 -> float32 -> bl_dequantize_f32"""

from boardless.model.compiler import quantise
from boardless.model.compiler.kernels import Call, Context

NAMES = {"int8": "dequantize_f32", "int16": "dequantize_f32_of_s16"}


def lower(context: Context) -> Call:
    source, output = context.input(), context.output()
    kinds = source.dtype in NAMES and output.dtype == "float32"
    if not kinds or source.count != output.count:
        raise context.refuse(f"turns {source.type_and_shape} into {output.type_and_shape}")
    if source.dtype == "int16":
        context.symmetric(source)
    q, name = quantise.of(source), NAMES[source.dtype]
    return Call(
        function=f"bl_{name}_ref",
        params_type=f"bl_{name}",
        params={"count": source.count, "zero_point": q.zero_point, "scale": q.scale},
        header="dequantize/dequantize.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
