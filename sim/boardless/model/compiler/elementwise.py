"""Operators that work value by value: tables for one int8 input, geometry for two inputs, axes.

Kernel folders call these: `return elementwise.lookup(context, table)`.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from collections.abc import Callable
from functools import cache
from itertools import groupby

import numpy as np
import numpy.typing as npt

from boardless.model import traits
from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.kernels import SUFFIXES, USUAL, Alias, Call, Constant, Context, Params
from boardless.model.graph import Tensor

INT8 = np.arange(-128, 128)  # every input of a table, in its order
MOST_STEPS = 2.0**31 - 256  # of an output's scale, so that they fit into int32 with the zero point
FLOAT_HINT = "keep it in float32: convert the model without full-integer quantisation"
FRACTION_BITS = 20  # BL_ADD_FRACTION_BITS


def unary(context: Context, *more: str) -> str:
    """s8 or f32, or that of one of `more` types, after checking that the output has as many values
    as the input."""
    if context.input().count != context.output().count:
        raise context.refuse(
            f"input {context.input().type_and_shape} and output "
            f"{context.output().type_and_shape} differ in size"
        )
    return context.suffix(*more)


def lookup(context: Context, outputs: npt.NDArray[np.int64]) -> Call | Alias:
    """A table of 256 outputs, for the inputs -128 .. 127; nothing to do where it changes none."""
    table = np.clip(outputs, -128, 127).astype(np.int8)
    if (
        (table == INT8).all()
        and context.input().quantisation == context.output().quantisation
        and context.input().data is None
    ):
        return Alias()
    return Call(
        function="bl_lookup_s8_ref",
        params_type="bl_lookup_s8",
        params={"count": context.input().count},
        header="lookup/lookup.h",
        constants=(Constant("table", table, "for -128..127"),),
        in_place=True,
    )


def by_formula(context: Context, formula: Callable[[float], float], header: str) -> Call | Alias:
    """A function of real numbers; int8 by a table made in single precision, as TFLite's is."""
    suffix = unary(context)
    if suffix == "f32":
        name = header.split("/")[0]
        return Call(
            function=f"bl_{name}_f32_ref",
            params_type=f"bl_{name}_f32",
            params={"count": context.input().count},
            header=header,
            in_place=True,
        )
    return by_table(context, formula)


def by_table(context: Context, formula: Callable[[float], float]) -> Call | Alias:
    """Returns the int8 table of a function of real numbers, made in single precision as TFLite's
    is."""
    source, target = quantise.of(context.input()), quantise.of(context.output())
    real = np.float32(source.scale) * (INT8 - source.zero_point).astype(np.float32)
    with np.errstate(over="ignore"):
        values = np.array([formula(float(x)) for x in real], np.float32)
        steps = values * (np.float32(1) / np.float32(target.scale))
    check_steps(context, steps)
    rounded = np.array([quantise.round_away(float(s)) for s in steps])
    return lookup(context, rounded + target.zero_point)


def check_steps(context: Context, steps: npt.NDArray[np.float32]) -> None:
    """Refuses outputs, counted in steps of the output's scale, that leave 32 bits: of what comes
    then the reference itself is not sure."""
    if not (np.abs(steps) < MOST_STEPS).all():  # what is no number, too
        raise context.refuse(
            "its outputs leave 32 bits at the output's scale",
            hint="convert the model again with representative data",
        )


def rescaled(context: Context, double: bool = False) -> npt.NDArray[np.int64]:
    """The int8 inputs at the output's scale and zero point, before any clamping."""
    source, target = quantise.of(context.input()), quantise.of(context.output())
    scaling = rescaling(context, double)
    return fixed_point.requantise(INT8 - source.zero_point, *scaling) + target.zero_point


def rescaling(context: Context, double: bool = False) -> tuple[int, int]:
    """Returns multiplier and shift from the input's scale to the output's, whose ratio TFLite takes
    in single precision, or in `double`."""
    source, target = quantise.of(context.input()), quantise.of(context.output())
    single = float(np.float32(source.scale) / np.float32(target.scale))
    multiplier, shift = quantise.multiplier_and_shift(
        source.scale / target.scale if double else single
    )
    low, high = (end - source.zero_point for end in quantise.ends(context.input()))
    context.scaled_up(low, high, shift)
    return multiplier, shift


@cache
def single_precision(name: str) -> Callable[[float], float]:
    """A function such as expf or tanhf of this machine's C library, which TFLite's interpreter
    calls too; where there is none, double precision, which may round a table entry in 10,000 the
    other way."""
    library = ctypes.util.find_library("m")
    if library is None:
        found: Callable[[float], float] = getattr(math, name.removesuffix("f"))
        return found
    kind = ctypes.CFUNCTYPE(ctypes.c_float, ctypes.c_float)
    function: Callable[[float], float] = kind((name, ctypes.CDLL(library)))
    return function


class Pair:
    """The two inputs of ADD, SUB, MUL and the like. `a` is computed by the model; a constant is
    always `b`, so the two have changed places where `reversed` is set. The output has their type,
    unless another, `output`, is given."""

    def __init__(self, context: Context, output: str = "", types: tuple[str, ...] = USUAL) -> None:
        if len(context.op.inputs) != 2:
            raise context.refuse(f"{len(context.op.inputs)} inputs instead of two")
        a, b = context.input(0), context.input(1)
        if a.data is not None and b.data is not None:
            raise context.refuse("both inputs are constants")
        self.context = context
        self.reversed = a.data is not None
        self.a, self.b = (b, a) if self.reversed else (a, b)
        wanted = a.dtype if output else context.output().dtype
        if output and context.output().dtype != output:
            raise context.refuse(f"turns {a.dtype} into {context.output().dtype}")
        for t in (a, b):
            if t.dtype != wanted:
                raise context.refuse(f"mixes {t.dtype} with {wanted}")
            if t.dtype not in types:
                raise context.refuse(f"its values are {t.dtype}; its kernel has {', '.join(types)}")
            scales = () if t.quantisation is None else t.quantisation.scales
            plain = not scales and traits.of(context.op.name).stored
            if t.dtype == "int8" and len(scales) != 1 and not plain:
                raise context.refuse(f"input {t.name} has no scale of its own, or several")
        if wanted == "int16":
            context.symmetric(a, b, *context.outputs())

    @property
    def suffix(self) -> str:
        """s8, f32 or s16, nothing for other types."""
        return SUFFIXES.get(self.a.dtype, "")

    def constants(self) -> tuple[Constant, ...]:
        return () if self.b.data is None else (Constant("b", self.b.data),)

    def products(self) -> tuple[int, int]:
        """Returns the least and the greatest product of values less their zero points."""
        ends = []
        for tensor in (self.a, self.b):
            data, zero_point = tensor.data, quantise.of(tensor).zero_point
            low, high = (
                (int(data.min()), int(data.max())) if data is not None else quantise.ends(tensor)
            )
            ends.append((low - zero_point, high - zero_point))
        found = [x * y for x in ends[0] for y in ends[1]]
        return min(found), max(found)

    def zero_points(self) -> Params:
        return {
            "a_zero_point": quantise.of(self.a).zero_point,
            "b_zero_point": quantise.of(self.b).zero_point,
            "output_zero_point": quantise.of(self.context.output()).zero_point,
        }

    def sum_multipliers(self, fraction_bits: int = FRACTION_BITS) -> Params:
        """Returns the multipliers of bl_add_s8, or of bl_add_s16 with its fraction bits. TFLite's
        arithmetic needs the output scale above 2^(1 - fraction bits) of the inputs'."""
        output = float(np.float32(quantise.of(self.context.output()).scale))
        sum_to_output = self.common_scale() / ((1 << fraction_bits) * output)
        if not sum_to_output < 1:
            raise self.context.refuse("the output's scale is too small relative to the inputs'")
        return self.multipliers(self.common_scale(), sum_to_output)

    def real_sum(self, sign: int = 1) -> Params:
        """Returns the numbers of XNNPACK's sum, in which the second operand has this sign: factors
        of 20 bits after the larger one's first, made in single precision."""
        output = np.float32(quantise.of(self.context.output()).scale)
        ratios = [np.float32(scale) / output for scale in self._scales()]
        exponent = math.frexp(float(max(ratios)))[1] - 1
        if not (min(ratios) >= 2.0**-10 and max(ratios) < 2.0**8):
            raise self.context.refuse("XNNPACK takes no scales that are so far apart")
        shift = FRACTION_BITS - exponent
        signs = (sign, 1) if self.reversed else (1, sign)
        a, b = (s * round(float(r) * 2.0**shift) for s, r in zip(signs, ratios, strict=True))
        zero_points = self.zero_points()
        offset = a * zero_points["a_zero_point"] + b * zero_points["b_zero_point"]
        return {
            "a_multiplier": a,
            "b_multiplier": b,
            "bias": (1 << (shift - 1)) - offset,
            "shift": shift,
            "output_zero_point": zero_points["output_zero_point"],
        }

    def common_scale(self) -> float:
        """Returns twice the larger of the inputs' scales, in single precision."""
        return float(np.float32(2) * max(map(np.float32, self._scales())))

    def multipliers(self, common: float, to_output: float) -> Params:
        """Returns multiplier and shift of each input to the common scale, and of the result to the
        output's."""
        params: Params = {}
        a, b = self._scales()
        for name, real in (("a", a / common), ("b", b / common), ("output", to_output)):
            params[f"{name}_multiplier"], params[f"{name}_shift"] = quantise.multiplier_and_shift(
                real
            )
        return params

    def _scales(self) -> tuple[float, float]:
        return quantise.of(self.a).scale, quantise.of(self.b).scale

    def call(
        self,
        name: str,
        params: Params,
        exact: bool = True,
        folder: str = "",
        struct: str = "",
        pays: tuple[str, ...] = ("mve", "dsp"),
    ) -> Call:
        """Returns a call of bl_<name>_s8 or bl_<name>_f32; of a variant that pays, if that is
        `exact`. Where several operators share them, `folder` and `struct` name the folder and the
        parameters."""
        shape = broadcast(self.context, a=self.a, b=self.b)
        if shape["inner"] < 4:
            pays = tuple(variant for variant in pays if variant != "mve")
        variant = self.context.variant(*pays) if exact else "ref"
        return Call(
            function="_".join(filter(None, ("bl", name, self.suffix, variant))),
            params_type="_".join(filter(None, ("bl", struct or name, self.suffix))),
            params={"shape": shape, **params},
            header=f"{folder or name}/{folder or name}.h",
            constants=self.constants(),
            activations=(0, 1) if self.b.data is None else (int(self.reversed),),
            in_place=self.a.count == self.context.output().count,
        ).with_clearances(*(self._clearance(t) for t in (self.a, self.b) if t.data is None))

    def _clearance(self, source: Tensor) -> int | None:
        """Returns the clearance of an input as large as the output: value i is read, then output i
        is written, i ascends. A smaller input is read again and again, so it has none."""
        return 0 if source.count == self.context.output().count else None


def broadcast_shape(context: Context) -> tuple[int, ...]:
    """The output's shape of an operator with two inputs, by numpy's rules."""
    return np.broadcast_shapes(context.input(0).shape, context.input(1).shape)


def broadcast(context: Context, **tensors: Tensor) -> Params:
    """The fields of bl_broadcast: numpy's rules, axes merged where all tensors vary alike."""
    shape = context.output().shape
    said = " with ".join(t.type_and_shape for t in tensors.values())
    try:
        expected = np.broadcast_shapes(*(t.shape for t in tensors.values()))
    except ValueError:
        expected = ()
    if expected != shape:
        raise context.refuse(f"{said.replace(' with ', ' and ')} do not give {shape}")
    # (size, which tensors vary) of each axis that is longer than 1
    axes = [
        (size, tuple(varies(t.shape, len(shape) - i) for t in tensors.values()))
        for i, size in enumerate(shape)
        if size > 1
    ]
    merged = [
        (math.prod(size for size, _ in group), kind)
        for kind, group in ((k, list(g)) for k, g in groupby(axes, lambda axis: axis[1]))
    ]
    if len(merged) > 3:
        raise context.refuse(
            f"broadcasting {said} is not supported: more than three alternating axes"
        )
    merged = [(1, (True,) * len(tensors))] * (3 - len(merged)) + merged
    names = ("outer", "middle", "inner")
    fields: Params = {name: size for name, (size, _) in zip(names, merged, strict=True)}
    for column, tensor in enumerate(tensors):
        for i, name in enumerate(names):
            inside = math.prod(size for size, kind in merged[i + 1 :] if kind[column])
            fields[f"{tensor}_{name}"] = inside if merged[i][1][column] else 0
    return fields


def varies(shape: tuple[int, ...], from_the_end: int) -> bool:
    """Returns True if the tensor has its own values along the axis, counted 1, 2, ... from the
    last."""
    return len(shape) >= from_the_end and shape[-from_the_end] > 1


def reduction(context: Context) -> Params:
    """outer, reduced, inner of an operator that reduces the axes in its second input."""
    shape = context.input().shape
    given = [int(axis) for axis in context.integers(1, "list of axes").reshape(-1)]
    if any(not -len(shape) <= axis < len(shape) for axis in given):
        raise context.refuse(f"axes {given} of shape {shape}")
    reduced = {axis % len(shape) for axis in given}
    long = [i for i, size in enumerate(shape) if size > 1]
    blocks = [(kind, [*group]) for kind, group in groupby(long, lambda i: i in reduced)]
    if [kind for kind, _ in blocks].count(True) > 1:
        raise context.refuse(f"axes {given} of shape {shape} are not neighbours")
    sizes = [(kind, math.prod(shape[i] for i in group)) for kind, group in blocks]
    inside = next((i for i, (kind, _) in enumerate(sizes) if kind), None)
    outer = math.prod(size for _, size in sizes[:inside]) if inside is not None else 1
    fields: Params = {
        "outer": outer,
        "reduced": sizes[inside][1] if inside is not None else 1,
        "inner": math.prod(shape) // (outer * (sizes[inside][1] if inside is not None else 1)),
    }
    if context.output().count != fields["outer"] * fields["inner"]:
        raise context.refuse(f"output {context.output().shape} does not fit axes {given}")
    return fields


def reduced_shape(context: Context) -> tuple[int, ...]:
    """The output's shape of an operator that reduces the axes in its second input."""
    shape = context.input().shape
    reduced = {int(axis) % len(shape) for axis in context.integers(1, "list of axes").reshape(-1)}
    if context.op.options.get("keep_dims", False):
        return tuple(1 if i in reduced else size for i, size in enumerate(shape))
    return tuple(size for i, size in enumerate(shape) if i not in reduced)
