"""RESIZE_BILINEAR -> bl_resize_bilinear_*"""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Constant, Context

Array = npt.NDArray[Any]
ONE = 1 << 10  # what int8 counts as the distance of two pixels


def lower(context: Context) -> Call:
    suffix = context.suffix()
    moves.same_kind(context, context.input())
    n, input_h, input_w, channels = context.input().shape
    _, output_h, output_w, _ = output_shape(context)
    if n != 1:
        raise context.refuse(f"batch size {n}; boardless runs one picture at a time")
    if suffix == "s8" and context.input().own_dtype == "uint8":
        suffix = "u8"
    places = _in_steps if suffix == "s8" else _exact
    rows, row_parts = places(context, input_h, output_h)
    columns, column_parts = places(context, input_w, output_w)
    return Call(
        function=f"bl_resize_bilinear_{suffix}_ref",
        params_type=f"bl_resize_bilinear_{'s8' if suffix == 'u8' else suffix}",
        params={
            "input_h": input_h,
            "input_w": input_w,
            "channels": channels,
            "output_h": output_h,
            "output_w": output_w,
            "count": output_h * output_w * channels,
        },
        header="resize_bilinear/resize_bilinear.h",
        constants=(
            Constant("rows", rows.astype(np.int32), "first, second"),
            Constant("columns", columns.astype(np.int32), "first, second"),
            Constant("row_parts", row_parts),
            Constant("column_parts", column_parts),
        ),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return moves.resized_shape(context)


def _rules(context: Context, wanted: int) -> tuple[bool, bool]:
    """Returns (corners stay corners, places are those of pixels' centres)."""
    options = context.op.options
    aligned = bool(options.get("align_corners", False)) and wanted > 1
    return aligned, bool(options.get("half_pixel_centers", False))


def _exact(context: Context, size: int, wanted: int) -> tuple[Array, Array]:
    """Returns ((first, second) place, part of the way) of each output place, in single precision as
    TFLite does."""
    aligned, half = _rules(context, wanted)
    scale = np.float32(size) / np.float32(wanted)
    if aligned:
        scale = np.float32(size - 1) / np.float32(wanted - 1)
    at = np.arange(wanted, dtype=np.float32)
    at = (at + np.float32(0.5)) * scale - np.float32(0.5) if half else at * scale
    first = np.maximum(np.floor(at), 0)
    second = np.minimum(np.ceil(at), size - 1)
    return _within(context, first, second, size), (at - first).astype(np.float32)


def _in_steps(context: Context, size: int, wanted: int) -> tuple[Array, Array]:
    """Returns the same in whole steps, as TFLite's int8 kernel counts."""
    aligned, half = _rules(context, wanted)
    scale = (ONE * size + wanted // 2) // wanted
    if aligned:
        scale = (ONE * (size - 1) + (wanted - 1) // 2) // (wanted - 1)
    at = np.arange(wanted, dtype=np.int64) * scale
    if half:
        at += scale // 2 - ONE // 2
    first = np.maximum(at // ONE, 0)
    second = np.minimum(-(-at // ONE), size - 1)
    return _within(context, first, second, size), (at - first * ONE).astype(np.int32)


def _within(context: Context, first: Array, second: Array, size: int) -> Array:
    both = np.stack([first, second], axis=1).astype(np.int64)
    if both.min() < 0 or both.max() >= size:
        raise context.refuse("TFLite itself reads beyond a map that is made so much larger")
    return both
