"""What lower.py hands to the _mve twins: a bias that holds the input's zero point, packed filters.

constants = (packed(rows, bias, multiplier, shift, zero_point),)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.compiler.kernels import Constant


def shifts_right(shift: Constant) -> bool:
    """Whether no multiplier is 1 or more, as bl_mve_requantise wants it."""
    return shift.data is not None and bool((shift.data <= 0).all())


def _folded_bias(rows: npt.NDArray[Any], bias: Constant, input_zero_point: int) -> Constant:
    """bias - input_zero_point * sum(taps) for rows of taps (output channels, n). It wraps, and so
    do the sums that start from it: their end is right whatever their order."""
    offset = np.zeros(len(rows), np.int64) if bias.data is None else bias.data.astype(np.int64)
    folded = offset - input_zero_point * rows.astype(np.int64).sum(axis=1)
    return Constant("bias", (folded & 0xFFFFFFFF).astype(np.uint32).view(np.int32))


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
    for line, constant in enumerate(
        (_folded_bias(rows, bias, input_zero_point), multiplier, shift)
    ):
        head[line, :channels] = constant.data
    body = np.zeros((4 * groups, taps), np.int8)
    body[:channels] = rows
    heads = head.reshape(3, groups, 4).transpose(1, 0, 2).reshape(groups, 12)
    words = np.hstack([heads, body.reshape(groups, 4 * taps).view("<i4").astype(np.int32)])
    return Constant("filter", words, "four channels: biases, multipliers, shifts, rows")
