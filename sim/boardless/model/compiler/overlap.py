"""The distance by which an output may overlap its input without overwriting unread values. Pure.

window_clearance(window, itemsize=1)  # bytes by which the output must begin before the input
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

NEVER = 1 << 40  # a position behind every map: nothing is read


def window_clearance(window: Mapping[str, int], itemsize: int, pixels: int = 1) -> int:
    """Least distance, input start - output start in bytes, at which a window kernel is safe.

    `window` holds bl_window's fields, `itemsize` the bytes of one value of input and output, and
    `pixels` is the kernel's promise in kernels.Call: when everything under the window of output
    pixel p and of later ones is still needed, only pixels before p + `pixels` have been written.
    """
    count = window["output_h"] * window["output_w"]
    needed = np.minimum.accumulate(first_reads(window)[::-1])[::-1] * window["input_c"]
    written = np.minimum(np.arange(count) + pixels, count) * window["output_c"]
    return max(0, int((written - needed).max()) * itemsize)


def pixelwise(
    input_map: tuple[int, ...], output_map: tuple[int, ...], top: int = 0, left: int = 0
) -> dict[str, int]:
    """bl_window's fields of a kernel in which output pixel (y, x) reads input pixel (y - top,
    x - left) where there is one, as PAD does; maps are (height, width, channels)."""
    sizes = zip(("input_h", "input_w", "input_c"), input_map, strict=True)
    outputs = zip(("output_h", "output_w", "output_c"), output_map, strict=True)
    ones = ("filter_h", "filter_w", "stride_h", "stride_w", "dilation_h", "dilation_w")
    window = {**dict(sizes), **dict(outputs), **dict.fromkeys(ones, 1)}
    return window | {"pad_top": top, "pad_left": left}


def first_reads(window: Mapping[str, int]) -> npt.NDArray[np.int64]:
    """Returns for each output pixel in order the lowest input pixel it reads; NEVER if its window
    lies completely in the padding."""
    rows = _first_taps(window, "h", "pad_top")
    columns = _first_taps(window, "w", "pad_left")
    positions = rows[:, None] * window["input_w"] + columns[None, :]
    nothing = (rows[:, None] == NEVER) | (columns[None, :] == NEVER)
    return np.where(nothing, NEVER, positions).reshape(-1)


def _first_taps(window: Mapping[str, int], axis: str, pad: str) -> npt.NDArray[np.int64]:
    """Along one axis, the first position inside the map that each output position reads."""
    size, dilation = window[f"input_{axis}"], window[f"dilation_{axis}"]
    start = np.arange(window[f"output_{axis}"], dtype=np.int64) * window[f"stride_{axis}"]
    start -= window[pad]
    skipped = np.where(start < 0, -(start // dilation), 0)  # taps that fall before the map
    first = start + skipped * dilation
    return np.where((skipped < window[f"filter_{axis}"]) & (first < size), first, NEVER)
