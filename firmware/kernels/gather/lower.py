"""GATHER of places that a constant lists, or that the model computes -> bl_gather"""

import math

import numpy as np
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Constant, Context

INTEGERS = ("int32", "int64")


def lower(context: Context) -> Call:
    if context.op.options.get("batch_dims", 0):
        raise context.refuse("it has batch dimensions; boardless gathers the same places in each")
    values, places = context.input(), context.input(1)
    moves.same_kind(context, values)
    if places.dtype not in INTEGERS:
        raise context.refuse(f"its places are {places.dtype}, not int32 or int64")
    axis = _axis(context)
    size, taken = values.shape[axis], places.data
    if taken is not None and taken.size and not 0 <= taken.min() <= taken.max() < size:
        raise context.refuse(f"it takes places that are not among the {size} of axis {axis}")
    constants = [
        Constant(name, tensor.data)
        for name, tensor in (("values", values), ("places", places))
        if tensor.data is not None
    ]
    return Call(
        function="bl_gather_ref" if values.data is None else "bl_gather_table_ref",
        params_type="bl_gather",
        params={
            "unit": moves.unit(values),
            "outer": math.prod(values.shape[:axis]),
            "size": size,
            "inner": math.prod(values.shape[axis + 1 :]),
            "places": places.count,
            "place_bytes": np.dtype(places.dtype).itemsize,
        },
        header="gather/gather.h",
        constants=tuple(constants),
        activations=tuple(i for i, t in enumerate((values, places)) if t.data is None),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    axis, shape = _axis(context), context.input().shape
    return (*shape[:axis], *context.input(1).shape, *shape[axis + 1 :])


def _axis(context: Context) -> int:
    return moves.checked_axis(context, context.op.options["axis"], context.input())
