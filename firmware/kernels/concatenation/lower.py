"""CONCATENATION -> bl_concatenation_*"""

import math

import numpy as np
from boardless.model.compiler.kernels import Call, Constant, Context
from boardless.model.graph import Tensor

MOST_PIECES = 16  # BL_CONCATENATION_PIECES


def lower(context: Context) -> Call:
    suffix = context.suffix()
    output = context.output()
    pieces = [context.input(i) for i in range(len(context.op.inputs))]
    rank = len(output.shape)
    axis = context.op.options["axis"]
    if not -rank <= axis < rank:
        raise context.refuse(f"axis {axis} of shape {output.shape}")
    axis %= rank
    if context.op.options.get("fused_activation_function", "NONE") != "NONE":
        raise context.refuse("a fused activation, which TFLite does not compute either")
    if len(pieces) > MOST_PIECES:
        raise context.refuse(f"{len(pieces)} inputs; boardless joins up to {MOST_PIECES}")
    for piece in pieces:
        _check(context, piece, axis)
    if sum(piece.shape[axis] for piece in pieces) != output.shape[axis]:
        raise context.refuse(f"its inputs do not add up to {output.shape} along axis {axis}")
    inside = math.prod(output.shape[axis + 1 :])
    starts = np.cumsum([0] + [piece.shape[axis] * inside for piece in pieces])
    # the generated call passes the activations first
    computed = [i for i, piece in enumerate(pieces) if piece.data is None]
    fixed = [i for i, piece in enumerate(pieces) if piece.data is not None]
    places = [[starts[i], pieces[i].shape[axis] * inside] for i in computed + fixed]
    constants = [Constant(f"piece{i}", pieces[i].data) for i in fixed]
    return Call(
        function=f"bl_concatenation_{suffix}_ref",
        params_type=f"bl_concatenation_{suffix}",
        params={
            "pieces": len(pieces),
            "rows": math.prod(output.shape[:axis]),
            "row_length": output.shape[axis] * inside,
        },
        header="concatenation/concatenation.h",
        constants=(*constants, Constant("places", np.array(places, np.int32), "start, length")),
        activations=tuple(computed),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    shapes = [context.input(i).shape for i in range(len(context.op.inputs))]
    axis = context.op.options["axis"] % len(shapes[0])
    length = sum(shape[axis] for shape in shapes)
    return (*shapes[0][:axis], length, *shapes[0][axis + 1 :])


def _check(context: Context, piece: Tensor, axis: int) -> None:
    output = context.output()
    if (
        piece.dtype != output.dtype
        or len(piece.shape) != len(output.shape)
        or piece.shape[:axis] + piece.shape[axis + 1 :]
        != output.shape[:axis] + output.shape[axis + 1 :]
    ):
        raise context.refuse(f"{piece.type_and_shape} is no part of {output.type_and_shape}")
    if piece.quantisation != output.quantisation:
        raise context.refuse("an input and the output differ in scale or zero point")
