"""QUANTIZE: float32 -> bl_quantize_s8 or bl_quantize_s16, int8 -> int8 by a table, other integers
by bl_quantize_integers"""

from boardless.model.compiler import elementwise, moves, quantise
from boardless.model.compiler.kernels import SUFFIXES, Alias, Call, Context

INTEGERS = {"int8": ("int8", "int16"), "int16": ("int8", "int16", "int32")}
INTEGERS["int32"] = INTEGERS["int8"]  # from -> to
FROM = {"float32": ("int8", "int16"), **INTEGERS}


def lower(context: Context) -> Call | Alias:
    source, output = context.input(), context.output()
    if output.dtype not in FROM.get(source.dtype, ()) or source.count != output.count:
        raise context.refuse(f"turns {source.type_and_shape} into {output.type_and_shape}")
    if output.quantisation is None or (source.dtype != "float32" and source.quantisation is None):
        raise context.refuse("its values have no scale")
    if source.dtype == "float32":
        return _from_float(context)
    if (source.dtype, output.dtype) == ("int8", "int8"):
        return elementwise.lookup(context, elementwise.rescaled(context, double=True))
    if (source.dtype, output.dtype) == ("int16", "int16"):
        context.symmetric(source, output)
    multiplier, shift = elementwise.rescaling(context, double=True)
    return Call(
        function="bl_quantize_integers_ref",
        params_type="bl_quantize_integers",
        params={
            "count": source.count,
            "input_bytes": moves.unit(source),
            "output_bytes": moves.unit(output),
            **context.zero_points(),
            "multiplier": multiplier,
            "shift": shift,
        },
        header="quantize/quantize.h",
    )


def _from_float(context: Context) -> Call:
    output = quantise.of(context.output())
    suffix = SUFFIXES[context.output().dtype]
    return Call(
        function=f"bl_quantize_{suffix}_ref",
        params_type=f"bl_quantize_{suffix}",
        params={
            "count": context.input().count,
            "zero_point": output.zero_point,
            "scale": output.scale,
        },
        header="quantize/quantize.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
