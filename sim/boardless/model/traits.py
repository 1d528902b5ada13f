"""Answers what the passes of the compiler, the exports and the benchmark ask about an operator.

traits.of("CONV_2D").takes_padding

The answers stand in the kernel's folder: firmware/kernels/conv_2d/traits.py defines TRAITS, and no
other file names the operator; a folder of several operators has them in operators.py. A folder
without these files, and an operator without a folder, have the defaults, with which every pass
leaves the operator as it is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, StrEnum
from functools import cache
from typing import Any

from boardless.model import folders

Bounds = tuple[float, float]  # least and greatest real value
Options = Mapping[str, Any]  # TFLite's option fields in snake_case, such as filter_height


class Form(Enum):
    """The way from the input's values to an output value."""

    OTHER = "any way"
    VALUES = "from the value at the same place of each operand"
    WINDOW = "from a window that moves over height and width"
    REDUCTION = "from all values along the axes that the second input lists"
    PADDING = "a copy, or padding as wide as the second input lists"
    SHAPE = "a copy of the value of the same number, in order"
    JOIN = "a copy from one of the inputs, which lie side by side along an axis"


class Channels(Enum):
    """The input channels, along the last axis, that an output channel depends on."""

    UNKNOWN = "any"
    EVERY = "every channel that meets a weight other than 0"
    OWN = "the one it was made of, as the form says; no other"


class Group(StrEnum):
    """The line that `boardless bench` counts an operator's layers under."""

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise"
    DENSE = "fully connected"
    POOL = "pool and mean"
    SOFTMAX = "softmax"
    ELEMENTWISE = "elementwise"


class LayerKind(Enum):
    """A layer by which authors of networks know the operator; each has one operator at most.

    Networks with random weights are made of these, and exported formats consist of them.
    """

    CONVOLUTION = "convolution"
    DEPTHWISE = "depthwise convolution"
    DENSE = "dense"
    MAX_POOL = "max pooling"
    AVERAGE_POOL = "average pooling"
    GLOBAL_MAX = "global max pooling"
    GLOBAL_MEAN = "global average pooling"
    PADDING = "zero padding"
    SUM = "sum of two maps"
    FLATTEN = "another shape"
    SOFTMAX = "softmax"


class Rounding(Enum):
    """The way from an int8 operator's sum or product to its output."""

    ONCE = "by a fixed-point factor, rounded once"
    TWICE = "by a fixed-point factor, rounded after the product and after the shift"
    FLOAT = "by a factor in single precision, rounded to even"


class Variable(Enum):
    """The part of an operator in the life of a value that one inference leaves to the next."""

    NAME = "gives it a name"
    READ = "reads it"
    ASSIGN = "assigns a value to it"
    ONCE = "runs another graph, once, which assigns its first value"
    UPDATE = "reads some among its inputs, and assigns their next values to them"


class Blocks(Enum):
    """The way of an operator with the blocks of a map."""

    APART = "makes a map of all pixels that lie at the same place of a block, padded with real 0"
    TOGETHER = "puts such maps together again, and crops the map"


def never(options: Options) -> bool:
    """Returns False whatever the options are."""
    return False


def always(options: Options) -> bool:
    """Returns True whatever the options are."""
    return True


@dataclass(frozen=True)
class Traits:
    """All that is known of an operator, apart from how to lower it.

    Whether an output may lie where the input lies is the kernel's promise, not the operator's:
    lower() gives it with each Call.
    """

    form: Form = Form.OTHER
    channels: Channels = Channels.UNKNOWN
    operands: int = 1  # inputs that are combined value by value; each may be a constant
    reads: int | None = None  # inputs that matter: the others repeat the output's shape
    weighted: bool = False  # input 1 is a constant filter, input 2 a bias, which may be missing
    # The input whose every pixel goes through all of a constant filter, which is input 1.
    filtered: int | None = None
    recurrent: bool = False  # each step goes through all of the constant matrices
    sized_by: int | None = None  # the input that lists the sizes of the output
    clamp: Bounds | None = None  # the operator does nothing but clamp to these
    takes_activation: bool = False  # clamps to a fused activation as the last thing it does
    takes_padding: bool = False  # padding counts as real 0: a PAD before it may become its own
    pads_zero: bool = False  # of Form.PADDING: the padding is real 0
    converts: bool = False  # changes how values are stored: type, scale, zero point
    keeps_range: bool = False  # no output lies outside of what it reads, but for padding and clamps
    sums: bool = False  # int8: sums params["reduced"] values, then requantises the sum
    # int8: the ways to round that it has kernels for; None: it rounds nothing, or no reference does
    # so in another way. See docs/explanation/exactness.md.
    roundings: tuple[Rounding, ...] | None = None
    # Do TFLite's uint8 and int8 kernels give the same values?
    same_in_uint8: Callable[[Options], bool] = never
    own_in_uint8: bool = False  # it has a kernel that rounds as TFLite's uint8 kernel does
    # The folder whose C turns the type into itself; None: the operator's own, or for int16 that of
    # the other types if they have the same.
    int8: str | None = None
    float32: str | None = None
    int16: str | None = None
    group: Group = Group.ELEMENTWISE
    layer: LayerKind | None = None
    variable: Variable | None = None
    blocks: Blocks | None = None
    stored: bool = False  # takes and gives numbers as they are stored, with or without a scale

    def folder(self, dtype: str) -> str | None:
        """Returns the folder whose C serves a type, such as int8; None for the operator's own."""
        by_type = {"int8": self.int8, "float32": self.float32, "int16": self.int16}
        shared = self.float32 if self.int8 == self.float32 else None
        return by_type[dtype] or (shared if dtype == "int16" else None)


DEFAULT = Traits()


def of(operator: str) -> Traits:
    """Returns the traits of an operator by TFLite's name, which may be of any text."""
    found: Traits | None = folders.traits(operator)
    return found or DEFAULT


def bounds(activation: str) -> Bounds | None:
    """Returns the real values that an activation clamps to; None if it does something else.

    `activation` is NONE, or the name of the operator that does the same on its own.
    """
    return (-math.inf, math.inf) if activation == "NONE" else of(activation).clamp


@cache
def clamping() -> tuple[str, ...]:
    """Returns the activations that only clamp: NONE, and the operators with a clamp."""
    return "NONE", *(name for name in sorted(_names()) if of(name).clamp)


@cache
def operator(layer: LayerKind) -> str:
    """Returns TFLite's name of the one operator that is this layer."""
    (name,) = (name for name in sorted(_names()) if of(name).layer is layer)
    return name


@cache
def _names() -> frozenset[str]:
    return frozenset(folders.names())
