"""The interface between a kernel folder and the compiler, which finds it by the operator's name.

firmware/kernels/conv_2d/lower.py serves CONV_2D: `lower(context)` returns the Call that the
generated C will make, or an Alias if the operator moves no data. `output_shape(context)` returns
the shape that follows from the operator's inputs and options, whatever the file says; an operator
with several outputs has `output_shapes(context)`, which returns one for each. An optimised variant
is a file conv_2d_<variant>.c next to conv_2d_ref.c; lower() picks it if the board can run it.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.model import folders, profiles, traits
from boardless.model.compiler import extents, fixed_point, quantise
from boardless.model.compiler.overlap import window_clearance
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.graph.refusals import Refusal
from boardless.model.graph.usable import ACTIVATIONS, KNOWN_TYPES
from boardless.model.profiles import Profile
from boardless.model.traits import Rounding

NO_KERNEL = "make the model without it, or add a kernel: docs/howto/own-kernel.md says how"
NO_FLEX = "convert with supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS], without SELECT_TF_OPS"
CONSTANTS = ("float16", "uint8")  # types that constants may have, too
MAX_STEP = 1 << 12  # pixels; keeps every position of a window within int32
# of C functions, by the type of their values
SUFFIXES = {"int8": "s8", "float32": "f32", "int16": "s16"}
USUAL = ("int8", "float32")  # types of values that every kernel with a suffix has
# of a bias, by the type of the layer's output; kernels get the first
BIASES = {"int8": ("int32",), "float32": ("float32",), "int16": ("int64", "int32")}
Values = npt.NDArray[np.int64] | int
Params = dict[str, Any]  # a C struct's fields; values are int, float or nested Params


@dataclass(frozen=True)
class Constant:
    """An array that goes to flash and is handed to the kernel as a pointer."""

    name: str  # the argument's name in the kernel's header
    data: npt.NDArray[Any] | None  # None: a NULL pointer
    layout: str = ""  # such as OHWI, for the reader of the generated code


@dataclass(frozen=True)
class Call:
    """One call: function(&params, inputs..., constants..., [scratch, scratch_bytes,] outputs...).

    with_clearances() adds the kernel's promise about its order of reads and writes, one entry per
    activation among its inputs: bytes by which the output, of which there is one then, must begin
    before that input if the two share memory. None, or no entry: they must not share a byte. 0: in
    place is fine, too. A copy by dataclasses.replace, such as a variant's, has no promise until it
    makes its own.

    The promise behind Context.clearance(window, pixels): output pixels are computed in ascending
    (y, x) order, group after group; during a group the kernel writes nothing behind the group's
    end, and reads under no window of a pixel before the group. `pixels` is the most pixels that
    may be written while the window of the first of them is still read:
      0  a group's windows are read (into registers or scratch) before any of its pixels is written
      1  a pixel's channels are written one by one, each after reading the window again
      n  n pixels are under way at once; output_w where a row is computed channel by channel
    Reading ahead is all right, and so is reading other bytes that do not change the result. A
    kernel that passes over the map several times, or does edges first, has no clearance. Pointers
    to input and output must not be `restrict` then.
    """

    function: str
    params_type: str
    params: Params
    header: str
    constants: tuple[Constant, ...] = ()
    macs: int = 0  # multiply-accumulate operations, padding included
    activations: tuple[int, ...] = (0,)  # the inputs that the model computes, constants are not
    in_place: bool = False  # the output may lie where the first input lies
    scratch_bytes: int = 0  # of the arena, for this call only; the kernel checks the size
    clearances: tuple[int | None, ...] = field(default=(), init=False)  # bytes

    @property
    def constant_bytes(self) -> int:
        """Bytes of all constants, those included that another call has, too."""
        return sum(c.data.nbytes for c in self.constants if c.data is not None)

    def with_clearances(self, *clearances: int | None) -> Call:
        """Returns the same call with its promise."""
        call = dataclasses.replace(self)
        object.__setattr__(call, "clearances", clearances)
        return call


@dataclass(frozen=True)
class Alias:
    """The output is the first input under another shape."""


@dataclass(frozen=True)
class Context:
    """The argument of lower(): one operator of the graph and the variants the board can run."""

    graph: Graph
    op: Operator
    variants: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.graph.name}, operator {self.op.index} {self.op.name}"

    @property
    def profile(self) -> Profile:
        """Returns the arithmetic of the interpreter whose bits the model has to give."""
        return profiles.load(self.graph.profile)

    @property
    def rounding(self) -> Rounding:
        """Returns how the operator's int8 kernel has to round."""
        return self.profile.rounding(traits.of(self.op.name).roundings or ())

    def refuse(self, what: str, hint: str = "see docs/reference/kernels.md") -> BadInput:
        return BadInput(what, where=self.where, hint=hint)

    def refusal(self, error: BadInput) -> Refusal:
        """Returns what lower() refuses, with the operator's types and shapes."""
        types = self.graph.types(self.op)
        return Refusal(self.op.index, self.op.name, types, error.what, error.hint)

    def input(self, i: int = 0) -> Tensor:
        if i >= len(self.op.inputs) or self.op.inputs[i] < 0:
            raise self.refuse(f"input {i} is missing")
        return self.graph.tensors[self.op.inputs[i]]

    def constant(self, i: int, what: str) -> Tensor:
        tensor = self.input(i)
        if tensor.data is None:
            raise self.refuse(f"the {what} is computed by the model, boardless needs a constant")
        return tensor

    def optional(self, i: int) -> Tensor | None:
        if i >= len(self.op.inputs) or self.op.inputs[i] < 0:
            return None
        return self.graph.tensors[self.op.inputs[i]]

    def output(self) -> Tensor:
        if len(self.op.outputs) != 1:
            raise self.refuse(f"{len(self.op.outputs)} outputs instead of one")
        return self.graph.tensors[self.op.outputs[0]]

    def outputs(self) -> tuple[Tensor, ...]:
        return tuple(self.graph.tensors[i] for i in self.op.outputs)

    def suffix(self, *more: str) -> str:
        """s8 or f32, or that of one of `more` types that the kernel has, after checking that input
        and output have the same type."""
        if self.input().dtype != self.output().dtype:
            raise self.refuse(f"turns {self.input().dtype} into {self.output().dtype}")
        dtype, known = self.output().dtype, (*USUAL, *more)
        if dtype not in known:
            raise self.refuse(f"its values are {dtype}; its kernel has {' and '.join(known)}")
        if dtype == "int16":
            self.symmetric(self.input(), self.output())
        return SUFFIXES[dtype]

    def symmetric(self, *tensors: Tensor) -> None:
        """Refuses int16 values that TFLite's kernels do not take: each has one scale, and 0 as its
        zero point."""
        for tensor in tensors:
            q = tensor.quantisation
            if q is None or len(q.scales) != 1:
                raise self.refuse(f"its {tensor.type_and_shape} has no scale of its own")
            if q.zero_point:
                raise self.refuse(
                    f"the zero point of its int16 values is {q.zero_point}, not 0",
                    hint="convert the model with 16x8 quantisation",
                )

    def variant(self, *known: str) -> str:
        """The best of the kernel's int8 variants `known` that the board can run, or ref."""
        usable = [v for v in self.variants if v in known]
        return usable[0] if usable and self.output().dtype == "int8" else "ref"

    def integers(self, i: int, what: str) -> npt.NDArray[Any]:
        """A constant list of integers, such as axes."""
        data = self.constant(i, what).data
        if data is None or data.dtype.kind not in "iu":
            raise self.refuse(f"the {what} is not of integers")
        return data

    def reshaped(self) -> Alias:
        """Returns the alias of an operator that moves no data."""
        if self.input().dtype != self.output().dtype:
            raise self.refuse(f"turns {self.input().dtype} into {self.output().dtype}")
        if self.input().count != self.output().count:
            raise self.refuse("input and output differ in size")
        if self.input().quantisation != self.output().quantisation:
            raise self.refuse("input and output differ in scale or zero point")
        return Alias()

    def with_other_ones(self) -> tuple[int, ...]:
        """The output's shape where it is the input's but for axes of length 1, else the input's."""
        source, target = self.input().shape, self.output().shape
        longer = [[size for size in shape if size != 1] for shape in (source, target)]
        return target if longer[0] == longer[1] else source

    def zero_points(self) -> Params:
        return {
            "input_zero_point": quantise.of(self.input()).zero_point,
            "output_zero_point": quantise.of(self.output()).zero_point,
        }

    def activation(self) -> Params:
        """activation_min and activation_max of the fused activation, in the output's type."""
        name = self.op.options.get("fused_activation_function", "NONE")
        known = traits.of(self.op.name).roundings
        to_even = known is not None and self.rounding is Rounding.FLOAT
        to_even &= self.output().dtype == "int8"
        bounds = quantise.activation_bounds(name, self.output(), to_even)
        if bounds is None:
            raise self.refuse(f"fused activation {name} is not supported")
        return {"activation_min": bounds[0], "activation_max": bounds[1]}

    def requantisation(
        self, filter_tensor: Tensor, channels: int, any_zero_point: bool = False
    ) -> tuple[Constant, Constant]:
        """Per-channel multiplier and shift from input, filter and output scales. Kernels that take
        weights of `any_zero_point` say so."""
        scales = quantise.of(filter_tensor).scales
        if len(scales) not in (1, channels):
            raise self.refuse(f"{len(scales)} filter scales for {channels} output channels")
        if any(quantise.of(filter_tensor).zero_points) and not any_zero_point:
            raise self.refuse("the filter's zero point is not 0")
        pairs = [
            quantise.multiplier_and_shift(product / quantise.of(self.output()).scale)
            for product in self._products(scales, channels)
        ]
        return (
            Constant("multiplier", np.array([m for m, _ in pairs], np.int32)),
            Constant("shift", np.array([s for _, s in pairs], np.int32)),
        )

    def _products(self, scales: tuple[float, ...], channels: int) -> list[float]:
        """The scale of the sum of products of each channel. TFLite multiplies in double precision,
        but in single for uint8 windows, and for dense layers that round twice and have one scale
        for all channels."""
        scale, known = quantise.of(self.input()).scale, traits.of(self.op.name)
        windowed = known.form is traits.Form.WINDOW or known.filtered is not None
        single = windowed and self.input().own_dtype == "uint8"
        if Rounding.ONCE in (known.roundings or ()):
            single = self.rounding is Rounding.TWICE and len(scales) == 1
        found = [
            float(np.float32(scale) * np.float32(other)) if single else scale * other
            for other in scales
        ]
        return found * channels if len(scales) == 1 else found

    def real_factors(self, filter_tensor: Tensor, channels: int) -> Constant:
        """Returns the factor of each channel in single precision, as XNNPACK computes it."""
        quantisation = quantise.of(filter_tensor)
        if len(quantisation.scales) not in (1, channels):
            raise self.refuse(
                f"{len(quantisation.scales)} filter scales for {channels} output channels"
            )
        if any(quantisation.zero_points):
            raise self.refuse("the filter's zero point is not 0")
        own = np.array(quantisation.scales, np.float32)
        product = np.float32(quantise.of(self.input()).scale) * own
        found = product / np.float32(quantise.of(self.output()).scale)
        return Constant("factor", np.resize(found, channels).astype(np.float32))

    def centred(self, filter_tensor: Tensor) -> tuple[npt.NDArray[Any], int]:
        """Returns (int8 weights less their zero point, as wide as that needs; the zero point)."""
        zero_points = set(quantise.of(filter_tensor).zero_points)
        if len(zero_points) != 1:
            raise self.refuse("the filter's zero points differ between output channels")
        zero_point = zero_points.pop()
        assert filter_tensor.data is not None
        if not zero_point:
            return filter_tensor.data, 0
        return filter_tensor.data.astype(np.int16) - zero_point, zero_point

    def scaled_up(self, low: Values, high: Values, shift: Values) -> None:
        """Refuses an operator whose accumulator, between `low` and `high`, can leave int32 when it
        is shifted left by `shift`: of what comes then the reference itself is not sure."""
        up = np.maximum(np.asarray(shift, np.int64), 0)
        least, greatest = np.asarray(fixed_point.INT32_MIN), np.asarray(fixed_point.INT32_MAX)
        leaves = (up > 0) & ((np.asarray(low) < least >> up) | (np.asarray(high) > greatest >> up))
        if leaves.any():
            ratio = int(np.max(up[leaves]))
            raise self.refuse(
                f"its accumulator leaves 32 bits: it is scaled up by as much as 2^{ratio}",
                hint="convert the model again with representative data",
            )

    def accumulated(self, rows: npt.NDArray[Any], bias: Constant, shift: Constant) -> None:
        """Refuses the same of rows of int8 taps (output channels, n) over the input."""
        low, high = self.sums(rows, bias)
        assert shift.data is not None
        self.scaled_up(low, high, shift.data)

    def sums(
        self, rows: npt.NDArray[Any], bias: Constant
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Returns the least and the greatest accumulator of each row of int8 taps (output channels,
        n) over the input."""
        source = self.input()
        low, high = (end - quantise.of(source).zero_point for end in quantise.ends(source))
        above = np.maximum(rows, 0).sum(axis=1, dtype=np.int64)
        below = np.minimum(rows, 0).sum(axis=1, dtype=np.int64)
        offset = np.int64(0) if bias.data is None else bias.data.astype(np.int64)
        return above * low + below * high + offset, above * high + below * low + offset

    def bias(self, i: int, channels: int) -> Constant:
        """Returns a bias of one value per channel, whose data is None where there is none: int32,
        float32, or, of int16 layers, int64."""
        tensor = self.optional(i)
        if tensor is None:
            return Constant("bias", None)
        wants = BIASES[self.output().dtype]
        if tensor.data is None or tensor.dtype not in wants or tensor.count != channels:
            want = " or ".join(wants)
            raise self.refuse(f"the bias is {tensor.type_and_shape}, not {want} {channels}")
        return Constant("bias", tensor.data.reshape(-1).astype(wants[0]))

    def filter(self, shape: tuple[int, ...]) -> Tensor:
        tensor = self.constant(1, "filter")
        want = "int8" if self.output().dtype == "int16" else self.output().dtype
        if tensor.shape != shape or tensor.dtype != want:
            raise self.refuse(
                f"the filter is {tensor.type_and_shape}, not {want} " + "x".join(map(str, shape))
            )
        return tensor

    def maps(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """(height, width, channels) of input and output."""
        source, target = self.input().shape, self.output().shape
        if len(source) != 4 or len(target) != 4:
            raise self.refuse(f"input {source} and output {target} are not pictures (NHWC)")
        return (source[1], source[2], source[3]), (target[1], target[2], target[3])

    def windowed(self, filter_h: int, filter_w: int, channels: int) -> tuple[int, ...]:
        """The output's shape of an operator that moves a window over the input."""
        window = self.window(filter_h, filter_w)
        return self.input().shape[0], window["output_h"], window["output_w"], channels

    def window(self, filter_h: int, filter_w: int) -> Params:
        """The fields of bl_window, checked against the output's shape."""
        (input_h, input_w, input_c), (output_h, output_w, output_c) = self.maps()
        options = self.op.options
        stride_h, stride_w = options["stride_h"], options["stride_w"]
        dilation_h = options.get("dilation_h_factor", 1)
        dilation_w = options.get("dilation_w_factor", 1)
        steps = (stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w)
        if not (min(steps) >= 1 and max(steps) <= MAX_STEP):
            raise self.refuse(f"a stride, dilation or filter size is not within 1..{MAX_STEP}")
        pad_top, height = place_window(options, "pad_h", input_h, filter_h, stride_h, dilation_h)
        pad_left, width = place_window(options, "pad_w", input_w, filter_w, stride_w, dilation_w)
        if (height, width) != (output_h, output_w):
            raise self.refuse(
                f"output map {output_h}x{output_w}, but its window gives {height}x{width}"
            )
        return {
            "input_h": input_h,
            "input_w": input_w,
            "input_c": input_c,
            "output_h": height,
            "output_w": width,
            "output_c": output_c,
            "filter_h": filter_h,
            "filter_w": filter_w,
            "stride_h": stride_h,
            "stride_w": stride_w,
            "dilation_h": dilation_h,
            "dilation_w": dilation_w,
            "pad_top": pad_top,
            "pad_left": pad_left,
        }

    def clearance(self, window: Params, pixels: int = 1) -> int:
        """Bytes for Call.with_clearances of a window kernel; Call says what `pixels` promises."""
        sizes = {t.nbytes // t.count for t in (self.input(), self.output())}
        return window_clearance(window, sizes.pop(), pixels)


def place_window(
    options: dict[str, Any], key: str, size: int, filter_size: int, stride: int, dilation: int
) -> tuple[int, int]:
    """(padding before, output size) along one axis.

    `options[key]`, where the padding of a PAD was folded in, is (before, after) in pixels.
    """
    reach = (filter_size - 1) * dilation + 1
    if options["padding"] == "SAME":
        output = -(-size // stride)
        return max((output - 1) * stride + reach - size, 0) // 2, output
    before, after = options.get(key, (0, 0))
    return before, (size + before + after - reach) // stride + 1


def names() -> list[str]:
    """Every operator that has a kernel folder, TFLite's names."""
    return folders.names()


def lower(context: Context) -> Call | Alias:
    """The Call or Alias of one operator; BadInput where it is not supported."""
    if folders.folder(context.op.name) is None:
        hint = NO_FLEX if " Flex" in context.op.name else NO_KERNEL
        raise context.refuse("boardless has no kernel for this operator", hint=hint)
    for i in (*context.op.inputs, *context.op.outputs):
        dtype = context.graph.tensors[i].dtype
        if i >= 0 and dtype not in ACTIVATIONS and dtype not in CONSTANTS:
            reads = "writes" if i in context.op.outputs else "reads"
            raise context.refuse(f"{reads} values of type {dtype}", hint=KNOWN_TYPES)
    _check_rounding(context)
    lowering = module(context.op.name)
    try:
        result: Call | Alias = lowering.lower(context)
        shapes = _output_shapes(lowering, context)
    except KeyError as error:
        raise context.refuse(f"the option {error} is missing") from error
    except (IndexError, ValueError, TypeError, ArithmeticError) as error:  # such as a wrong rank
        raise context.refuse(f"its tensor shapes are inconsistent ({error})") from error
    _check_activations(context, result)
    for found, shape in zip(context.outputs(), shapes, strict=True):
        if shape != found.shape:
            raise context.refuse(
                f"its output is {by(found.shape)}, but its inputs give {by(shape)}"
            )
    if isinstance(result, Call):
        _check_numbers(context, result.params)
        _check_extents(context, result)
    return result


def _check_rounding(context: Context) -> None:
    """Refuses an int8 operator that the profile's interpreter rounds as none of its kernels do."""
    known = traits.of(context.op.name).roundings
    integers = any(t.dtype == "int8" for t in context.outputs())
    if integers and known is not None and context.rounding not in known:
        raise context.refuse(
            f"the reference {context.profile.name} scales its int8 values "
            f"{context.rounding.value}, which no kernel of it does",
            hint=f"--reference {profiles.DEFAULT}",
        )


def _output_shapes(lowering: ModuleType, context: Context) -> list[tuple[int, ...]]:
    if hasattr(lowering, "output_shapes"):
        shapes: list[tuple[int, ...]] = lowering.output_shapes(context)
    else:
        shapes = [lowering.output_shape(context)]
    if len(shapes) != len(context.op.outputs):
        raise context.refuse(f"{len(context.op.outputs)} outputs instead of {len(shapes)}")
    return shapes


def by(shape: tuple[int, ...]) -> str:
    """A shape for a message, such as 1x10."""
    return "x".join(map(str, shape)) or "a scalar"


def _check_numbers(context: Context, params: Params) -> None:
    """Refuses numbers that the generated C could not write down."""
    for key, value in params.items():
        if isinstance(value, dict):
            _check_numbers(context, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise context.refuse(f"its {key} is not a finite number")
        elif isinstance(value, int) and not -(1 << 31) <= value < 1 << 31:
            raise context.refuse(f"its {key} is {value}, beyond 32 bits")


def _check_extents(context: Context, call: Call) -> None:
    """BadInput where the call would leave one of its tensors."""
    sources = [context.input(i) for i in call.activations]
    room = sum(target.count for target in context.outputs())
    count = extents.written(call.params)
    if count != room:
        raise context.refuse(f"its kernel writes {count:,} values, not {room:,}")
    for source, reach in zip(sources, extents.read(call.params, len(sources)), strict=False):
        if reach is not None and reach > source.count:
            raise context.refuse(f"its kernel reads {reach:,} values of {source.count:,}")


def _check_activations(context: Context, lowered: Call | Alias) -> None:
    """The generated call passes every input that is no constant: they must be those expected."""
    inputs = enumerate(context.op.inputs)
    computed = tuple(i for i, t in inputs if t >= 0 and context.graph.tensors[t].data is None)
    expected = (0,) if isinstance(lowered, Alias) else lowered.activations
    if computed != expected:
        raise context.refuse(
            f"inputs {_list(computed)} are activations; this kernel takes activations only at "
            f"inputs {_list(expected)}"
        )


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers)) or "(none)"


def lower_as(folder: str, context: Context) -> Call | Alias:
    """Lowers an operator that is served by the folder of another one."""
    result: Call | Alias = module(folder.upper()).lower(context)
    return result


def output_shape_as(folder: str, context: Context) -> tuple[int, ...]:
    """Returns the output shape of an operator that is served by the folder of another one."""
    shape: tuple[int, ...] = module(folder.upper()).output_shape(context)
    return shape


def module(operator: str) -> ModuleType:
    """The lower.py of an operator's folder."""
    return folders.module(operator, "lower")
