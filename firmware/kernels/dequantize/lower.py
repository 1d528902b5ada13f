"""DEQUANTIZE: int8 -> float32 -> bl_dequantize_f32"""

from boardless.model.compiler import quantise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    source, output = context.input(), context.output()
    if (source.dtype, output.dtype) != ("int8", "float32") or source.count != output.count:
        raise context.refuse(f"turns {source.type_and_shape} into {output.type_and_shape}")
    q = quantise.of(source)
    return Call(
        function="bl_dequantize_f32_ref",
        params_type="bl_dequantize_f32",
        params={"count": source.count, "zero_point": q.zero_point, "scale": q.scale},
        header="dequantize/dequantize.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
