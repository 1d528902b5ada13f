"""STRIDED_SLICE -> bl_strided"""

from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import moves
from boardless.model.compiler.kernels import Alias, Call, Context

MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


def lower(context: Context) -> Call | Alias:
    return moves.strided(context, view)


def output_shape(context: Context) -> tuple[int, ...]:
    return view(context, moves.places(context)).shape


def view(context: Context, source: npt.NDArray[Any]) -> npt.NDArray[Any]:
    options = context.op.options
    begins, ends, steps = (
        context.integers(i, what) for i, what in ((1, "begin"), (2, "end"), (3, "list of strides"))
    )
    masks = {name: int(options.get(f"{name}_mask", 0)) for name in MASKS}
    if any(masks[name] >> len(begins) for name in ("ellipsis", "new_axis", "shrink_axis")):
        raise context.refuse("its masks name more axes than its lists")
    if masks["ellipsis"] and len(begins) - bin(masks["new_axis"]).count("1") > source.ndim:
        raise context.refuse("its ellipsis stands for no axis; TFLite takes it for one")
    index: list[Any] = []
    for i, (begin, end, step) in enumerate(
        zip(begins.tolist(), ends.tolist(), steps.tolist(), strict=True)
    ):
        on = {name for name, mask in masks.items() if mask >> i & 1}
        if "ellipsis" in on:
            index.append(Ellipsis)
        elif "new_axis" in on:
            index.append(np.newaxis)
        elif "shrink_axis" in on:
            index.append(begin)
        else:
            last = begin + end if options.get("offset", False) else end
            index.append(
                slice(None if "begin" in on else begin, None if "end" in on else last, step)
            )
    if not masks["ellipsis"]:
        index.append(Ellipsis)  # a view even of a single value
    taken: npt.NDArray[Any] = source[tuple(index)]
    return taken
