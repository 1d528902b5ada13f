"""Constants of _mve variants for lower.py: packed filters, the input's zero point in the bias.

constants = (packed(rows, bias, multiplier, shift, zero_point),)
constants = (by_turns(rows, groups, bias, multiplier, shift, zero_point),)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.compiler import fixed_point
from boardless.model.compiler.kernels import Constant, Params

AT_ONCE = 16  # bytes of a vector


def shifts_right(shift: Constant) -> bool:
    """Returns True if no multiplier is 1 or more, which bl_mve_requantise requires."""
    return shift.data is not None and bool((shift.data <= 0).all())


def in_a_row(window: Params) -> Params:
    """Returns a window over a map of a single column as one over a single row, others as they are:
    the values have the same order, and variants take pixels of a row together."""
    if not window["input_w"] == window["output_w"] == window["filter_w"] == 1:
        return window
    turned = {"h": "w", "w": "h", "pad_top": "pad_left", "pad_left": "pad_top"}
    return {turned.get(k) or k[:-1] + turned.get(k[-1], k[-1]): v for k, v in window.items()}


def packed(
    rows: npt.NDArray[Any],
    bias: Constant,
    multiplier: Constant,
    shift: Constant,
    input_zero_point: int,
) -> Constant:
    """Rows of taps (output channels, n) as words (groups of four, 3 * 4 + n): biases, multipliers,
    shifts, then the four rows; the last group is filled up with zeros."""
    channels, taps = rows.shape
    groups = -(-channels // 4)
    head = np.zeros((3, 4 * groups), np.int32)
    head[0, :channels] = fixed_point.folded_bias(rows, bias.data, input_zero_point)
    head[1, :channels] = multiplier.data
    head[2, :channels] = shift.data
    body = np.zeros((4 * groups, taps), np.int8)
    body[:channels] = rows
    heads = head.reshape(3, groups, 4).transpose(1, 0, 2).reshape(groups, 12)
    words = np.hstack([heads, body.reshape(groups, 4 * taps).view("<i4").astype(np.int32)])
    return Constant("filter", words, "four channels: biases, multipliers, shifts, rows")


def by_turns(
    rows: npt.NDArray[Any],
    groups: int,
    bias: Constant,
    multiplier: Constant,
    shift: Constant,
    input_zero_point: int,
    filled: bool = False,
) -> Constant:
    """Does the same for the first `groups` groups, but a vector of 16 taps of each row follows that
    of the row before; behind the vectors are the rests of the rows, with `filled` as vectors filled
    up with zeros. Behind the groups, each row follows its own bias, multiplier and shift, filled up
    with zeros. A vector of zeros behind all lets a kernel read ahead, and a rest as a vector."""
    channels, taps = rows.shape
    length = -(-taps // AT_ONCE) * AT_ONCE if filled else taps
    whole = length // AT_ONCE * AT_ONCE
    inside = min(4 * groups, channels)
    body = np.zeros((groups, 4, length), np.int8)
    body.reshape(-1, length)[:inside, :taps] = rows[:inside]
    vectors = body[:, :, :whole].reshape(groups, 4, whole // AT_ONCE, AT_ONCE).transpose(0, 2, 1, 3)
    rests = body[:, :, whole:].reshape(groups, 4 * (length - whole))
    quads = np.hstack([vectors.reshape(groups, 4 * whole), rests]).view("<i4").astype(np.int32)
    head = np.zeros((3, 4 * groups), np.int32)
    each = [fixed_point.folded_bias(rows, bias.data, input_zero_point), multiplier.data, shift.data]
    head[:, :inside] = [values[:inside] for values in each if values is not None]
    heads = head.reshape(3, groups, 4).transpose(1, 0, 2).reshape(groups, 12)
    padded = np.zeros((channels - inside, -(-taps // 4) * 4), np.int8)
    padded[:, :taps] = rows[inside:]
    last = [values[inside:] for values in each if values is not None]
    singles = np.hstack([np.stack(last, axis=1), padded.view("<i4")])
    parts = [np.hstack([heads, quads]), singles, np.zeros(4)]
    words = np.concatenate([part.astype(np.int32).reshape(-1) for part in parts])
    return Constant("filter", words, "four channels: biases, multipliers, shifts, taps by turns")
