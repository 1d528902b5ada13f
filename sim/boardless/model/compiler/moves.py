"""Operators that only move values: calls of the kernels that copy at regular distances, by tables,
or piece by piece.

Kernel folders call these: `return moves.strided(context)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.compiler.kernels import Alias, Call, Constant, Context
from boardless.model.graph import Tensor

Array = npt.NDArray[Any]
View = Callable[[Context, Array], Array]
Axes = list[tuple[int, int]]  # length, and values of the input from one place to the next
MOST_AXES = 8  # BL_STRIDED_AXES, BL_INDEXED_AXES
MOST_PIECES = 256  # pointers that a call passes
LONGEST_AXIS = 4096  # of a map that is made larger


def same_kind(context: Context, source: Tensor) -> None:
    """Refuses what would not leave values as they are stored."""
    for target in context.outputs():
        if source.dtype != target.dtype:
            raise context.refuse(f"turns {source.dtype} into {target.dtype}")
        if source.quantisation != target.quantisation:
            raise context.refuse("input and output differ in scale or zero point")


def unit(tensor: Tensor) -> int:
    """Bytes of one value."""
    return np.dtype(tensor.dtype).itemsize


def axis(context: Context, number: int, tensor: Tensor) -> int:
    """The axis of `tensor` that input `number` names, counted from the first."""
    return checked_axis(context, int(context.integers(number, "axis").reshape(-1)[0]), tensor)


def checked_axis(context: Context, given: int, tensor: Tensor) -> int:
    """An axis that may be counted from the last, -1, -2, ..., counted from the first instead."""
    rank = len(tensor.shape)
    if not -rank <= given < rank:
        raise context.refuse(f"axis {given} of shape {tensor.shape}")
    return given % rank


def resized_shape(context: Context) -> tuple[int, ...]:
    """The output's shape of an operator whose second input lists a map's new height and width."""
    n, _, _, channels = context.input().shape
    size = context.integers(1, "new size")
    if size.shape != (2,):
        raise context.refuse(f"its new size has the shape {size.shape}")
    height, width = size.tolist()
    if not 0 < min(height, width) <= max(height, width) <= LONGEST_AXIS:
        raise context.refuse(f"an output of {height}x{width}")
    return n, height, width, channels


def as_map(context: Context, tensor: Tensor) -> tuple[int, int, int]:
    """(height, width, channels) of one map; a sequence of rows is a map of width 1."""
    shape = tensor.shape
    if len(shape) not in (3, 4) or shape[0] != 1:
        raise context.refuse(f"input {shape} is not one map")
    return shape[1], shape[2] if len(shape) == 4 else 1, shape[-1]


def blocks(context: Context, what: str) -> tuple[list[int], list[list[int]]]:
    """The sizes of the blocks that a map is cut into, height and width, and what input 2 lists:
    pixels before and after the map, of either axis."""
    axes = len(context.input().shape) - 2
    sizes, pairs = context.integers(1, "block shape"), context.integers(2, f"list of {what}")
    if not 1 <= axes <= 2 or sizes.shape != (axes,) or pairs.shape != (axes, 2):
        raise context.refuse(f"its blocks or {what} do not fit the input {context.input().shape}")
    if sizes.min() < 1 or sizes.max() > LONGEST_AXIS or np.abs(pairs).max() > LONGEST_AXIS:
        raise context.refuse(f"its blocks are {sizes.tolist()}, its {what} {pairs.tolist()}")
    return [*sizes.tolist(), 1][:2], [*pairs.tolist(), [0, 0]][:2]


def places(context: Context) -> Array:
    """Returns an array of the first input's shape with one byte per value, so that the strides of
    its views count values. Nobody reads what is in it."""
    return np.empty(context.input().shape, np.uint8)


def constant(context: Context, view: View) -> Array | None:
    """Returns the output of an operator whose first input is a constant, None where it is none."""
    data = context.input().data
    return None if data is None else view(context, data)


def strided(context: Context, view: View) -> Call | Alias:
    """The call of an operator whose output is a view, in numpy, of its first input."""
    source = context.input()
    same_kind(context, source)
    whole = places(context)
    taken = view(context, whole)
    if taken.size == 0:
        raise context.refuse("it leaves no value")
    axes = merged(list(zip(taken.shape, taken.strides, strict=True)))
    if taken.size == source.count and axes == [(source.count, 1)]:
        return Alias()
    if len(axes) > MOST_AXES:
        raise context.refuse(f"it moves values along more than {MOST_AXES} axes")
    begin, first = (a.__array_interface__["data"][0] for a in (whole, taken))
    start = int(first - begin)
    return Call(
        function="bl_strided_ref",
        params_type="bl_strided",
        params={
            "unit": unit(source),
            "rank": len(axes),
            "start": start,
            "count": taken.size,
            "reach": start + 1 + sum(max(0, (size - 1) * step) for size, step in axes),
        },
        header="strided/strided.h",
        constants=(Constant("axes", np.array(axes, np.int32), "length, distance"),),
    )


def merged(axes: Axes) -> Axes:
    """Returns the same places with as few axes as possible, at least one; none of length 1."""
    found: Axes = []
    for size, step in axes:
        if size == 1:
            continue
        if found and found[-1][1] == size * step:
            found[-1] = (found[-1][0] * size, step)
        else:
            found.append((size, step))
    return found or [(1, 1)]


def indexed(context: Context, places: Mapping[int, Array]) -> Call:
    """The call of an operator that takes the given places along some axes of its first input, and
    all places along the others."""
    source = context.input()
    same_kind(context, source)
    last = max(places, default=0)
    tables = []
    for i, size in enumerate(source.shape[: last + 1]):
        taken = places.get(i, np.arange(size)).reshape(-1).astype(np.int64)
        if taken.size == 0 or taken.min() < 0 or taken.max() >= size:
            raise context.refuse(f"it takes places that are not among the {size} of axis {i}")
        if size > 1 or taken.size > 1 or i == last:
            tables.append(taken * math.prod(source.shape[i + 1 :]))
    if len(tables) > MOST_AXES:
        raise context.refuse(f"it moves values along more than {MOST_AXES} axes")
    return by_tables(context, tables, math.prod(source.shape[last + 1 :]))


def by_tables(context: Context, tables: Sequence[Array], run: int) -> Call:
    """The call of an operator that copies `run` values from each place of its first input: the sums
    of one entry from each table, in the order of the output."""
    source, sizes = context.input(), [len(table) for table in tables]
    return Call(
        function="bl_indexed_ref",
        params_type="bl_indexed",
        params={
            "unit": unit(source),
            "rank": len(tables),
            "run": run,
            "count": math.prod(sizes) * run,
            "reach": sum(int(table.max()) for table in tables) + run,
        },
        header="indexed/indexed.h",
        constants=(
            Constant("tables", np.concatenate([sizes, *tables]).astype(np.int32), "sizes, places"),
        ),
    )


def pieces(context: Context, number: int, axis: int, lengths: Sequence[int]) -> Call:
    """The call of an operator that cuts input `number` along an axis into pieces of so many
    places."""
    source = context.input(number)
    same_kind(context, source)
    if len(lengths) > MOST_PIECES:
        raise context.refuse(f"{len(lengths)} outputs; boardless cuts into up to {MOST_PIECES}")
    inside = math.prod(source.shape[axis + 1 :])
    if sum(lengths) != source.shape[axis] or min(lengths, default=0) < 1:
        raise context.refuse(f"pieces of {list(lengths)} do not fit the input {source.shape}")
    return Call(
        function="bl_pieces_ref",
        params_type="bl_pieces",
        params={
            "unit": unit(source),
            "pieces": len(lengths),
            "rows": math.prod(source.shape[:axis]),
            "row_length": source.shape[axis] * inside,
        },
        header="pieces/pieces.h",
        constants=(
            Constant("lengths", np.array(lengths, np.int32) * inside, "values of a row each gets"),
        ),
        activations=(number,),
    )
