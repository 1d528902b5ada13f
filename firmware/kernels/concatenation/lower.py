"""CONCATENATION -> bl_concatenation"""

import math
from collections.abc import Sequence

import numpy as np
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Constant, Context
from boardless.model.graph import Tensor


def lower(context: Context) -> Call:
    output, axis = context.output(), _axis(context)
    pieces = [context.input(i) for i in range(len(context.op.inputs))]
    if context.op.options.get("fused_activation_function", "NONE") != "NONE":
        raise context.refuse("a fused activation, which TFLite does not compute either")
    for piece in pieces:
        _check(context, piece, axis)
    if sum(piece.shape[axis] for piece in pieces) != output.shape[axis]:
        raise context.refuse(f"its inputs do not add up to {output.shape} along axis {axis}")
    inside = math.prod(output.shape[axis + 1 :])
    lengths = [piece.shape[axis] * inside for piece in pieces]
    return joined(context, math.prod(output.shape[:axis]), lengths)


def joined(context: Context, rows: int, lengths: Sequence[int]) -> Call:
    """Returns the call that puts the inputs side by side in each row, for PACK, too; `lengths` are
    their values of a row."""
    pieces = [context.input(i) for i in range(len(context.op.inputs))]
    for piece in pieces:
        moves.same_kind(context, piece)
    if len(pieces) > moves.MOST_PIECES:
        raise context.refuse(f"{len(pieces)} inputs; boardless joins up to {moves.MOST_PIECES}")
    starts = np.cumsum([0, *lengths])
    # the generated call passes the activations first
    computed = [i for i, piece in enumerate(pieces) if piece.data is None]
    fixed = [i for i, piece in enumerate(pieces) if piece.data is not None]
    places = [[starts[i], lengths[i]] for i in computed + fixed]
    constants = [Constant(f"piece{i}", pieces[i].data) for i in fixed]
    return Call(
        function="bl_concatenation_ref",
        params_type="bl_concatenation",
        params={
            "unit": moves.unit(context.output()),
            "pieces": len(pieces),
            "rows": rows,
            "row_length": sum(lengths),
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


def _axis(context: Context) -> int:
    return moves.checked_axis(context, context.op.options["axis"], context.output())


def _check(context: Context, piece: Tensor, axis: int) -> None:
    output = context.output()
    if (
        len(piece.shape) != len(output.shape)
        or piece.shape[:axis] + piece.shape[axis + 1 :]
        != output.shape[:axis] + output.shape[axis + 1 :]
    ):
        raise context.refuse(f"{piece.type_and_shape} is no part of {output.type_and_shape}")
