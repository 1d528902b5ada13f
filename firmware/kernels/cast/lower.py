"""CAST of stored values -> bl_cast_*"""

import numpy as np
from boardless.model.compiler.kernels import Alias, Call, Context

KINDS = {"b": 0, "i": 1, "f": 2}  # bl_cast_kind, by numpy's letter
TYPES = ("bool", "int8", "int16", "int32", "int64", "float32")


def lower(context: Context) -> Call | Alias:
    source, output = context.input(), context.output()
    if source.count != output.count or not {source.dtype, output.dtype} <= {*TYPES}:
        raise context.refuse(f"turns {source.type_and_shape} into {output.type_and_shape}")
    unsigned = [tensor.own_dtype == "uint8" for tensor in (source, output)]
    same = source.dtype == output.dtype and unsigned[0] == unsigned[1]
    if same and source.quantisation == output.quantisation:
        return Alias()
    before, after = np.dtype(source.dtype), np.dtype(output.dtype)
    return Call(
        function=f"bl_cast_{'f32' if before.kind == 'f' else 's8'}_ref",
        params_type="bl_cast",
        params={
            "count": source.count,
            "input_bytes": before.itemsize,
            "output_bytes": after.itemsize,
            "output_kind": KINDS[after.kind],
            "input_is_unsigned": int(unsigned[0]),
            "output_is_unsigned": int(unsigned[1]),
        },
        header="cast/cast.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
