"""Records about a tensor's channels and about an operator, which range, need and cut share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.compiler import quantise
from boardless.model.graph import Operator, Tensor

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


def count(tensor: Tensor) -> int:
    """Channels: the length of the last axis."""
    return tensor.shape[-1] if tensor.shape else 1


def zero_point_of(tensor: Tensor) -> int:
    return quantise.of(tensor).zero_point if tensor.dtype == "int8" else 0


@dataclass(frozen=True)
class Range:
    """low[c] <= value of channel c <= high[c], as the tensor stores it."""

    low: Array
    high: Array

    @property
    def constant(self) -> Flags:
        flags: Flags = self.low == self.high
        return flags

    def clip(self, bounds: tuple[float, float]) -> Range:
        return Range(np.clip(self.low, *bounds), np.clip(self.high, *bounds))

    def take(self, index: Array) -> Range:
        return Range(self.low[index], self.high[index])

    def less(self, zero_point: int) -> Range:
        return Range(self.low - zero_point, self.high - zero_point)

    def widened_to(self, value: int, where: Flags | bool = True) -> Range:
        low, high = np.minimum(self.low, value), np.maximum(self.high, value)
        return Range(np.where(where, low, self.low), np.where(where, high, self.high))


@dataclass(frozen=True)
class Dense:
    """The inputs of a convolution or fully connected layer, and its outputs for constant inputs."""

    bias: Array  # (outputs,)
    reads: Flags  # (outputs, channels): through a weight other than 0 that meets the map
    mixed: Flags  # (outputs, channels): and at other pixels meets the padding
    constant: Flags  # (channels,)
    neutral: Flags  # (channels,): constant at the zero point, where padding looks the same
    share: Array  # (outputs, channels): what a constant channel adds to the accumulator
    reach: Array  # (outputs, channels): how far a channel can move the accumulator at most


@dataclass(frozen=True)
class Step:
    """An operator as need and cut see it; with neither links nor `dense` it needs everything.

    A link (tensor, index) says: output channel o exists if and only if channel index[o] of that
    input does; index -1: another input's business.
    """

    op: Operator
    links: tuple[tuple[int, Array], ...] = ()
    dense: Dense | None = None
    free: bool = False  # a depthwise layer of one channel makes any number of outputs of it
