"""Constants of _mve variants for lower.py: packed filters, the input's zero point in the bias.

constants = (packed(rows, bias, multiplier, shift, zero_point),)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.compiler import fixed_point
from boardless.model.compiler.kernels import Constant


def shifts_right(shift: Constant) -> bool:
    """Returns True if no multiplier is 1 or more, which bl_mve_requantise requires."""
    return shift.data is not None and bool((shift.data <= 0).all())


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
