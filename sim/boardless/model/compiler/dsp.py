"""Constants of _dsp and _fpu variants for lower.py: channels for bl_requantise_fast, packed bytes.

fast = fast_channels(context, taps, bias)   # None: this layer needs the reference kernel
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.kernels import Constant, Context, Params
from boardless.model.graph import Tensor


@dataclass(frozen=True)
class FastChannels:
    """A filter whose every channel can be requantised the fast way."""

    taps: npt.NDArray[np.int8]  # (output channels, taps)
    channels: npt.NDArray[np.int32]  # (output channels, 3): bl_channel of kernels/dsp.h

    def constant(self) -> Constant:
        return Constant("channels", self.channels, "bias, multiplier, scale")


def words(data: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
    """Bytes (.., 4n) as little-endian words (.., n)."""
    return np.ascontiguousarray(data, np.int8).view("<i4").astype(np.int32, copy=False)


def fast_channels(context: Context, taps: npt.NDArray[Any], bias: Constant) -> FastChannels | None:
    """Per-channel constants of a convolution; None where bl_requantise_fast would not be exact.

    `taps` is (output channels, taps) of int8, in the order of the channels. A channel whose output
    is the same whatever the input may have any scale: its taps come back as 0.
    """
    multipliers, shifts = context.requantisation(context.constant(1, "filter"), len(taps))
    assert multipliers.data is not None
    assert shifts.data is not None
    zero_points = context.zero_points()
    input_zero_point, output_zero_point = zero_points.values()
    kept = np.array(taps, np.int64)
    channels = np.empty((len(taps), 3), np.int64)
    for o, (multiplier, shift) in enumerate(zip(multipliers.data, shifts.data, strict=True)):
        offset = 0 if bias.data is None else int(bias.data[o])
        up, down = int(kept[o][kept[o] > 0].sum()), int(kept[o][kept[o] < 0].sum())
        low = offset + up * (-128 - input_zero_point) + down * (127 - input_zero_point)
        high = offset + up * (127 - input_zero_point) + down * (-128 - input_zero_point)
        right = -int(shift)
        if max(abs(low), abs(high)) >= 1 << 31:
            return None  # sums may wrap
        scaled = fixed_point.requantise([low, high], multiplier, shift) + output_zero_point
        ends = set(np.clip(scaled, -128, 127).tolist())
        if len(ends) == 1 and (low == high or shift <= 0):
            kept[o] = 0
            channels[o] = 4 * (ends.pop() - output_zero_point), -(1 << 31), -(1 << 31)
        elif right >= 1:
            folded = offset - input_zero_point * (up + down)
            channels[o] = folded, 2 * int(multiplier) - (1 << 32), -(1 << (32 - right))
        else:
            return None
    # a folded bias may wrap, and so may the sums that start from it: the last one is right again
    return FastChannels(
        kept.astype(np.int8), channels.astype(np.uint64).astype(np.uint32).view(np.int32)
    )


def folded_bias(filter_tensor: Tensor, bias: Constant, input_zero_point: int) -> Constant | None:
    """bias - input_zero_point * sum(filter) for a filter (output channels, taps); None where a sum
    may leave int32, because then the order of additions would matter."""
    assert filter_tensor.data is not None
    taps = filter_tensor.data.astype(np.int64)
    offset = np.zeros(len(taps), np.int64) if bias.data is None else bias.data.astype(np.int64)
    if (np.abs(offset) + 255 * np.abs(taps).sum(axis=1)).max() >= 1 << 31:
        return None
    return Constant("bias", (offset - input_zero_point * taps.sum(axis=1)).astype(np.int32))


def float32_bounds(params: Params) -> bool:
    """Returns True if kernels/float32.h can compute the fused activation on bits."""
    low, high = params["activation_min"], params["activation_max"]
    return (low == 0 and high >= 0) or (-low, high) == (quantise.FLOAT_MAX, quantise.FLOAT_MAX)


def bias_or_zeros(bias: Constant, channels: int) -> Constant:
    """A float32 bias that is never NULL."""
    data = np.zeros(channels, np.float32) if bias.data is None else bias.data
    return Constant("bias", data)
