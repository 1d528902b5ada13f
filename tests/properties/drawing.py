"""Draws scales, values, windows and weights, at their edges, for the strategies of all operators.

Array contents come from a drawn mode and seed, not element by element: fast, and a failing case
still shrinks to constants.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from ai_edge_litert import schema_py_generated as schema
from boardless.model import reference
from boardless.model.compiler import Program, Settled, compile_graph, settle
from boardless.model.graph import Graph, read
from boardless.model.graph.dynamic_range import as_float
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from one_operator import Tensor, model

Draw = Any  # hypothesis's draw function, as st.composite hands it over
Array = npt.NDArray[Any]
INT32_MAX = (1 << 31) - 1
PICTURES = 2  # inputs per case


@dataclass(frozen=True, repr=False, eq=False)
class DrawnCase:
    """A one-operator model and inputs (N, ...) for it.

    `oracle` is what TFLite gets where that must differ. `magnitude`, of float32 cases, is that of
    the largest single term that is summed up: what rounding errors are measured by where the sum
    itself nearly cancels.
    """

    content: bytes
    inputs: Array
    what: str
    magnitude: float = 0.0
    oracle: bytes | None = None

    @functools.cached_property
    def graph(self) -> Graph:
        """The model as the compiler takes it."""
        return read(self.content, "case")

    @functools.cached_property
    def settled(self) -> Settled:
        """The model as kernels are chosen for it, which is the same for all tests and boards."""
        return settle(self.graph)

    @functools.cached_property
    def unfolded(self) -> Program:
        """Returns the program of reference kernels, all channels included."""
        return compile_graph(self.graph, fold=False)

    @functools.cached_property
    def asked(self) -> Graph:
        """Returns the model that TFLite gets, as the compiler takes it."""
        return read(self.oracle, "case") if self.oracle else self.graph

    @functools.cached_property
    def expected(self) -> Array:
        """Raw outputs (N, count) of TFLite's reference kernels."""
        return reference.predict(self.oracle or as_float(self.content, self.graph), self.inputs)

    def __repr__(self) -> str:
        return f"<{self.what}>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Prints a failing case for Hypothesis."""
        printer.text(repr(self))


# Hypothesis looks into a new strategy for as long as it takes to draw from it, so these are kept.
kept = functools.lru_cache(maxsize=1 << 12, typed=True)


@kept
def mostly(usual: st.SearchStrategy[Any], *edges: Any) -> st.SearchStrategy[Any]:
    """The edges half of the time; failures shrink towards the first one."""
    return st.one_of(st.sampled_from(edges), usual)


@kept
def among(*values: Any) -> st.SearchStrategy[Any]:
    """One of the values; failures shrink towards the first one."""
    return st.sampled_from(values)


def some(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Draws `count` values, the same ones every time, for tests that do something with all of
    them. The first are the simplest."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def keep(value: Any) -> None:
        found.append(value)

    keep()
    return found


# 1..9, and both sides of multiples of 4
CHANNELS = st.one_of(st.integers(1, 9), st.sampled_from([11, 12, 13, 15, 16, 17, 20, 31, 32, 33]))
ZERO_POINTS = mostly(st.integers(-128, 127), 0, -128, 127)
ACTIVATIONS = st.sampled_from([0, 0, 1, 2, 3])  # NONE, RELU, RELU_N1_TO_1, RELU6
ACTIVATION_NAMES = ("", " RELU", " RELU_N1_TO_1", " RELU6")
# of the outputs of SOFTMAX and LOGISTIC, by type: scales and zero points
PROBABILITIES = {
    "int8": ((1 / 256,), (-128,)),
    "int16": ((1 / 32768,), (0,)),
    "float32": ((), (0,)),
}
SEEDS = st.integers(0, (1 << 32) - 1)
EDGES = ("largest", "smallest", "mixed")  # biases at which 32 bits are just enough


@kept
@st.composite
def scales(draw: Draw, low: float = 1e-4, high: float = 8.0) -> float:
    """A float32: powers of two give ties in rounding; 1 - 2^-24 gives the longest mantissa."""
    mantissa = draw(mostly(st.floats(0.5, 1, exclude_max=True), 0.5, 1 - 2.0**-24))
    exponent = draw(st.integers(math.ceil(math.log2(low)) + 1, math.floor(math.log2(high))))
    return float(np.float32(math.ldexp(mantissa, exponent)))


@kept
@st.composite
def sigmoid_scales(draw: Draw) -> float:
    """The scale of an int16 input of LOGISTIC or TANH, often one that they do not round."""
    return float(draw(mostly(scales(2.0**-20, 4.0), 2.0**-12, 2.0**-11)))


@kept
@st.composite
def activations(
    draw: Draw, shape: tuple[int, ...], dtype: str, scale: float = 0.0, filling: bool = False
) -> Tensor:
    """A tensor without data; its scale where one must be shared. Of `filling` ones many values of
    the type occur, whatever activation a layer has, so that later layers have something to tell."""
    if dtype == "float32":
        return Tensor(shape, dtype)
    if filling:
        zero_point = 0 if dtype != "int8" else draw(mostly(st.integers(-30, 30), -128, 0))
        return Tensor(shape, dtype, (scale or draw(scales(2.0**-7, 2.0**-4)),), (zero_point,))
    scale = scale or draw(scales())
    return Tensor(
        shape, dtype, (scale,), (0 if dtype in ("int16", "int32") else draw(ZERO_POINTS),)
    )


@kept
@st.composite
def integers(draw: Draw, shape: tuple[int, ...], low: int = -128, high: int = 127) -> Array:
    """int64: one value everywhere, only the two extremes, a ramp, or anything."""
    mode = draw(among("constant", "extremes", "ramp", "random", "random"))
    if mode == "constant":
        return np.full(shape, draw(mostly(st.integers(low, high), low, high)), np.int64)
    rng = np.random.default_rng(draw(SEEDS))
    if mode == "extremes":
        return np.where(rng.integers(0, 2, shape) > 0, np.int64(high), np.int64(low))
    if mode == "ramp":
        return low + np.arange(math.prod(shape), dtype=np.int64).reshape(shape) % (high - low + 1)
    return rng.integers(low, high + 1, shape)


@kept
@st.composite
def values(draw: Draw, shape: tuple[int, ...], dtype: str) -> Array:
    """Integers of the whole range of a type, or floats."""
    if dtype == "float32":
        return np.asarray(draw(floats(shape)))
    limits = np.iinfo(dtype)
    return np.asarray(draw(integers(shape, int(limits.min), int(limits.max)))).astype(dtype)


@kept
@st.composite
def floats(draw: Draw, shape: tuple[int, ...]) -> Array:
    """float32: one value everywhere, or normally distributed, of a magnitude around 1."""
    magnitude = 10.0 ** draw(among(0, -3, 3))
    if draw(st.booleans()):
        value = draw(mostly(st.floats(-1, 1, width=32), 0.0, -0.0, 1.0, -1.0))
        return np.full(shape, value * magnitude, np.float32)
    rng = np.random.default_rng(draw(SEEDS))
    return np.asarray(rng.normal(size=shape) * magnitude, np.float32)


@st.composite
def inputs(draw: Draw, tensor: Tensor, filling: bool = False) -> Array:
    """(PICTURES, ...) in the tensor's type."""
    shape = (PICTURES, *tensor.shape[1:])
    if filling:
        return noise(draw, shape, tensor.dtype)
    if tensor.dtype == "float32":
        return np.asarray(draw(floats(shape)))
    return np.asarray(draw(values(shape, tensor.dtype)))


def noise(draw: Draw, shape: tuple[int, ...], dtype: str) -> Array:
    """Any integers of a type, or normally distributed floats."""
    rng = np.random.default_rng(draw(SEEDS))
    if dtype == "float32":
        return rng.normal(size=shape).astype(np.float32)
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype, endpoint=True)


# ---- sliding windows ----


@dataclass(frozen=True)
class Window:
    """Sizes in pixels; `same` is TFLite's padding SAME, otherwise VALID."""

    input_h: int
    input_w: int
    filter_h: int
    filter_w: int
    stride_h: int
    stride_w: int
    dilation_h: int
    dilation_w: int
    same: bool

    @property
    def output_h(self) -> int:
        return _windows(self.input_h, self.filter_h, self.stride_h, self.dilation_h, self.same)

    @property
    def output_w(self) -> int:
        return _windows(self.input_w, self.filter_w, self.stride_w, self.dilation_w, self.same)

    @property
    def options(self) -> dict[str, Any]:
        """TFLite's option fields, without dilation."""
        return {
            "strideH": self.stride_h,
            "strideW": self.stride_w,
            "padding": 0 if self.same else 1,
        }

    @property
    def dilations(self) -> dict[str, Any]:
        return {"dilationHFactor": self.dilation_h, "dilationWFactor": self.dilation_w}

    def __str__(self) -> str:
        text = f"{self.input_h}x{self.input_w} filter {self.filter_h}x{self.filter_w}"
        text += f" stride {self.stride_h}x{self.stride_w}"
        if (self.dilation_h, self.dilation_w) != (1, 1):
            text += f" dilation {self.dilation_h}x{self.dilation_w}"
        return f"{text} {'SAME' if self.same else 'VALID'}"


def _windows(size: int, filter_size: int, stride: int, dilation: int, same: bool) -> int:
    return -(-size // stride) if same else (size - ((filter_size - 1) * dilation + 1)) // stride + 1


@st.composite
def windows(
    draw: Draw,
    dilated: bool = True,
    largest: int = 5,
    valid_only: bool = False,
    always_3x3: bool = False,
    seldom_3x3: bool = False,
) -> Window:
    """Draws a window with at least one output pixel. SAME: maps from one pixel, smaller than the
    filter, odd and even. VALID: from maps that fit the filter exactly. `always_3x3`: with strides
    up to 2 and no dilation, which some variants are made for. `seldom_3x3`: for variants of all
    other windows."""
    same = not valid_only and draw(st.booleans())
    square = draw(st.booleans())

    usual = always_3x3 or (largest >= 3 and not seldom_3x3 and draw(st.booleans()))

    def axis() -> tuple[int, int, int, int]:
        filter_size = 3 if usual else draw(mostly(st.integers(1, largest), 1, 3, 2))
        stride = draw(st.integers(1, 2) if always_3x3 else mostly(st.integers(1, 4), 1, 2))
        dilation = draw(among(1, 1, 1, 2, 3)) if dilated and not usual else 1
        reach = (filter_size - 1) * dilation + 1
        return draw(st.integers(1, 10)) + (0 if same else reach - 1), filter_size, stride, dilation

    high = axis()
    wide = high if square else axis()
    sizes, filters, strides, dilations = zip(high, wide, strict=True)
    return Window(*sizes, *filters, *strides, *dilations, same)


def resized(window: Window, input_h: int, input_w: int) -> Window:
    """The window over a map of another size; its filter shrinks where VALID demands it."""
    if window.same:
        return dataclasses.replace(window, input_h=input_h, input_w=input_w)
    return dataclasses.replace(
        window,
        input_h=input_h,
        input_w=input_w,
        filter_h=min(window.filter_h, (input_h - 1) // window.dilation_h + 1),
        filter_w=min(window.filter_w, (input_w - 1) // window.dilation_w + 1),
    )


# ---- reductions ----


def reduced(shape: tuple[int, ...], axes: list[int], keep: bool) -> tuple[int, ...]:
    """The shape without the axes, which stay as 1 where they are to be kept."""
    gone = {axis % len(shape) for axis in axes}
    kept = [(1 if i in gone else size) for i, size in enumerate(shape)]
    return tuple(size for i, size in enumerate(kept) if keep or i not in gone)


# ---- weights ----


@st.composite
def real_multipliers(draw: Draw, largest_sum: int, levels: int = 256) -> float:
    """A real multiplier M > 0 for accumulators up to `largest_sum`.

    Around what fills a type of so many `levels`, down to where it becomes 0, up to where the
    accumulator times M, or shifted left as far as M demands, would leave 32 bits: beyond that
    TFLite is undefined.
    """
    top = math.floor(math.log2(INT32_MAX / (2 * largest_sum))) if largest_sum else 30
    usual = math.floor(math.log2(levels / max(largest_sum, 1)))
    exponent = draw(
        st.one_of(
            st.integers(min(usual - 2, top), min(usual + 2, top)),
            st.integers(-40, top),
            st.sampled_from([top, -31, -32, min(0, top), min(1, top)]),
        )
    )
    mantissa = draw(mostly(st.floats(0.5, 1, exclude_max=True), 0.5, 1 - 2.0**-24))
    # TFLite shifts the accumulator left by up to 30, so M stays below 2^30, rounding included.
    return min(math.ldexp(mantissa, exponent), 0.99 * 2.0**30)


def bias_limit(real: float, largest_sum: int, wide: bool = False) -> int:
    """The largest |bias| with which nothing leaves 32 bits, or 47 where sums are `wide`, for
    accumulators up to largest_sum."""
    if wide:
        return min(1 << 46, math.floor((INT32_MAX - (1 << 16)) / real)) - largest_sum
    exponent = max(0, min(math.frexp(real)[1] + 1, 30))
    return max(
        0,
        min(INT32_MAX >> exponent, math.floor((INT32_MAX - 256) / min(real, 2.0**30)))
        - largest_sum,
    )


@st.composite
def weights(
    draw: Draw,
    shape: tuple[int, ...],
    axis: int,
    source: Tensor,
    output: Tensor,
    with_bias: bool = False,
    largest: float = 2.0**30,
    narrow: bool = True,
    filling: bool = False,
) -> list[Tensor]:
    """[filter] or [filter, bias] for outputs along `axis`; int8 within what int32 can sum up, and
    real multipliers up to `largest`. Under int16 values the bias is int64, or, where it may be
    `narrow` and sums allow it, int32. With `filling` ones most outputs are neither the least nor
    the greatest."""
    channels = shape[axis]
    with_bias = with_bias or draw(st.booleans())
    if source.dtype == "float32" and filling:
        taps = math.prod(shape) // channels
        data = noise(draw, shape, "float32") * np.float32(taps**-0.5)
        bias = noise(draw, (channels,), "float32")
        return [Tensor(shape, "float32", data=data), Tensor((channels,), "float32", data=bias)]
    if source.dtype == "float32":
        tensors = [Tensor(shape, "float32", data=draw(floats(shape)))]
        if with_bias:
            tensors.append(Tensor((channels,), "float32", data=draw(floats((channels,)))))
        return tensors
    low = draw(among(-127, -127, -128))
    data = noise(draw, shape, "int8").clip(low) if filling else draw(integers(shape, low, 127))
    others = tuple(i for i in range(len(shape)) if i != axis)
    sixteen = source.dtype == "int16"
    sums = [int(s) * (32768 if sixteen else 255) for s in np.abs(data).sum(axis=others)]
    wide = sixteen and not (narrow and with_bias and max(sums) < 1 << 30 and draw(st.booleans()))
    per_channel = draw(st.booleans())
    levels, largest = (1 << 16, min(largest, 64.0)) if sixteen else (256, largest)
    if filling:  # a sum of n random terms is about a root of n of one
        usual = levels / max(*sums, 1) * (math.prod(shape) // channels) ** 0.5
        reals_up_to = st.sampled_from([0.5, 0.8, 1.3]).map(lambda x: min(x * usual, largest))
    else:
        reals_up_to = real_multipliers(max(sums), levels).map(lambda real: min(real, largest))
    if per_channel:
        some = [draw(reals_up_to) for _ in range(min(channels, 3))]
        reals = [some[o % len(some)] for o in range(channels)]
    else:
        reals = [draw(reals_up_to)] * channels
    factor = output.scales[0] / source.scales[0]
    filter_scales = [float(np.float32(real * factor)) for real in reals]
    count = channels if per_channel else 1
    tensors = [Tensor(shape, "int8", tuple(filter_scales[:count]), (0,), axis, data)]
    if with_bias:
        limits = [bias_limit(s / factor, n, wide) for s, n in zip(filter_scales, sums, strict=True)]
        wishes = ["zero", "small"] if filling else ["zero", "small", *EDGES]
        wish = draw(among(*wishes))
        rng = np.random.default_rng(draw(SEEDS))
        choices = {
            "zero": [0] * channels,
            "small": [int(rng.integers(-min(n, 3000), min(n, 3000) + 1)) for n in limits],
            "largest": limits,
            "smallest": [-n for n in limits],
            "mixed": [n * int(rng.integers(-1, 2)) for n in limits],
        }
        bias_scales = tuple(float(np.float32(source.scales[0] * s)) for s in filter_scales[:count])
        tensors.append(
            Tensor(
                (channels,),
                "int64" if wide else "int32",
                bias_scales,
                (0,),
                0,
                np.array(choices[wish], np.int64),
            )
        )
    return tensors


def bias_type(source: Tensor, weights: list[Tensor]) -> dict[str, int]:
    """TFLite's option for an int32 bias under int16 values."""
    narrow = source.dtype == "int16" and len(weights) == 2 and weights[1].dtype == "int32"
    return {"quantizedBiasType": schema.TensorType.INT32} if narrow else {}


def layer(
    operator: str,
    tensors: list[Tensor],
    output: Tensor,
    options: dict[str, Any],
    inputs: Array,
    what: str,
) -> DrawnCase:
    """The case of an operator with weights: `tensors` are input, filter and maybe bias.

    TFLite's CONV_2D demands a bias; where there is none the oracle gets one of zeros.
    """
    source, weights = tensors[0], tensors[1]
    options = options | bias_type(source, tensors[1:])
    oracle, magnitude = None, 0.0
    if source.dtype == "float32":
        largest = [float(np.abs(t.data).max()) for t in tensors[1:]]
        magnitude = max([float(np.abs(inputs).max()) * largest[0], *largest[1:]])
    if len(tensors) == 2:
        channels = output.shape[-1]
        dtype = {"float32": "float32", "int8": "int32", "int16": "int64"}[source.dtype]
        bias_scales = tuple(float(np.float32(source.scales[0] * s)) for s in weights.scales)
        bias = Tensor((channels,), dtype, bias_scales, (0,), 0, np.zeros(channels))
        oracle = model(operator, [*tensors, bias], output, options)
    what = f"{operator.lower()} {source.dtype} {what}"
    what += ACTIVATION_NAMES[options["fusedActivationFunction"]]
    return DrawnCase(model(operator, tensors, output, options), inputs, what, magnitude, oracle)
