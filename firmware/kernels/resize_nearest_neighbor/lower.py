"""RESIZE_NEAREST_NEIGHBOR -> bl_indexed"""

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    _, input_h, input_w, _ = context.input().shape
    _, output_h, output_w, _ = output_shape(context)
    if max(output_h, output_w) > moves.LONGEST_AXIS:
        raise context.refuse(f"an output of {output_h}x{output_w}")
    places = {1: _nearest(context, input_h, output_h), 2: _nearest(context, input_w, output_w)}
    return moves.indexed(context, places)


def output_shape(context: Context) -> tuple[int, ...]:
    return moves.resized_shape(context)


def _nearest(context: Context, size: int, wanted: int) -> npt.NDArray[np.int64]:
    """The place that each of the `wanted` places is a copy of; single precision, as TFLite."""
    aligned = context.op.options.get("align_corners", False)
    half = context.op.options.get("half_pixel_centers", False)
    scale = np.float32(size) / np.float32(wanted)
    if aligned and wanted > 1:
        scale = np.float32(size - 1) / np.float32(wanted - 1)
    at = (np.arange(wanted, dtype=np.float32) + np.float32(0.5 if half else 0)) * scale
    if aligned:
        at = np.floor(at.astype(np.float64) + 0.5)  # to the nearest one
    return np.minimum(at.astype(np.int64), size - 1)
