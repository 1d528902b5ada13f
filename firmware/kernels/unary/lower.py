"""A function of one value -> bl_<function>_f32 or a table in int8"""

from collections.abc import Callable
from functools import cache

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import elementwise, fixed_point, quantise
from boardless.model.compiler.fixed_point import product, saturated
from boardless.model.compiler.kernels import Alias, Call, Context

Values = npt.NDArray[np.int64]
ROOT_BITS = 20  # below the point, of 1 / sqrt(q)


def lower(context: Context) -> Call | Alias:
    name = context.op.name.lower()
    if elementwise.unary(context) == "s8":
        if context.op.name in INTEGERS:
            return elementwise.lookup(context, INTEGERS[context.op.name](context))
        if context.op.name in REALS:
            return elementwise.by_table(context, REALS[context.op.name](context))
        raise context.refuse(
            "TensorFlow Lite computes it in float32 only", hint=elementwise.FLOAT_HINT
        )
    if context.op.options.get("approximate"):
        name = f"{name}_tanh"
    return Call(
        function=f"bl_{name}_f32_ref",
        params_type="bl_unary_f32",
        params={"count": context.input().count},
        header="unary/unary.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape


# ---- tables by a formula, which is computed in single precision ----

Formula = Callable[[float], float]


def _exp(context: Context) -> Formula:
    return elementwise.single_precision("expf")


def _elu(context: Context) -> Formula:
    exp = elementwise.single_precision("expf")
    return lambda x: float(np.float32(exp(x)) - np.float32(1)) if x < 0 else x


def _log(context: Context) -> Formula:
    """Gives the least output where there is no logarithm."""
    log, output = elementwise.single_precision("logf"), quantise.of(context.output())
    least = float(np.float32(-128 - output.zero_point) * np.float32(output.scale))
    return lambda x: log(x) if x > 0 else least


def _gelu(context: Context) -> Formula:
    if context.op.options.get("approximate"):
        tanh = elementwise.single_precision("tanhf")

        def inner(x: np.float32) -> float:
            cubic = np.float32(0.044715) * x * x * x
            return tanh(float(np.float32(np.sqrt(2 / np.pi)) * (x + cubic)))

    else:
        erf = elementwise.single_precision("erff")

        def inner(x: np.float32) -> float:
            return erf(float(x * np.float32(np.sqrt(0.5))))

    def gelu(real: float) -> float:
        x = np.float32(real)
        return float(np.float32(0.5) * x * (np.float32(1) + np.float32(inner(x))))

    return gelu


REALS: dict[str, Callable[[Context], Formula]] = {
    "ELU": _elu,
    "EXP": _exp,
    "GELU": _gelu,
    "LOG": _log,
}

# ---- tables by integer arithmetic ----


def _abs(context: Context) -> Values:
    source, output = quantise.of(context.input()), quantise.of(context.output())
    magnitudes: Values = np.abs(elementwise.INT8 - source.zero_point)
    if source.scale != output.scale:
        ratio = float(np.float32(source.scale) / np.float32(output.scale))
        multiplier, shift = quantise.multiplier_and_shift(ratio)
        context.scaled_up(0, magnitudes.max(), shift)
        magnitudes = fixed_point.requantise(magnitudes, multiplier, shift)
    return magnitudes + output.zero_point


def _neg(context: Context) -> Values:
    """TFLite changes the sign of the stored value, which wraps, whatever scale and zero point."""
    return (-elementwise.INT8).astype(np.int8).astype(np.int64)


def _never_negative(context: Context) -> None:
    """TFLite stops at a negative input."""
    zero_point = quantise.of(context.input()).zero_point
    if zero_point != -128:
        raise context.refuse(
            f"its int8 input has zero point {zero_point}, not -128, so that it may be negative",
            hint="convert the model again with representative data",
        )


def _sqrt(context: Context) -> Values:
    """Unlike other tables of TFLite it is rounded down."""
    _never_negative(context)
    source, output = quantise.of(context.input()), quantise.of(context.output())
    real = np.float32(source.scale) * (elementwise.INT8 + 128).astype(np.float32)
    steps = np.sqrt(real) / np.float32(output.scale)
    elementwise.check_steps(context, steps)
    levels: Values = steps.astype(np.int64) + output.zero_point
    return levels


def _rsqrt(context: Context) -> Values:
    """1 / sqrt(q) with 20 bits below the point, scaled by 1 / (sqrt(input_scale) * output_scale);
    the greatest output for 0."""
    _never_negative(context)
    source, output = quantise.of(context.input()), quantise.of(context.output())
    root = np.sqrt(np.float32(source.scale)) * np.float32(output.scale)
    multiplier, shift = quantise.multiplier_and_shift(1 / float(root))
    values = elementwise.INT8 - source.zero_point
    roots = np.array([_inverse_root(int(q)) if q else 0 for q in values])
    context.scaled_up(0, roots.max(), shift - ROOT_BITS)
    scaled = fixed_point.requantise(roots, multiplier, shift - ROOT_BITS) + output.zero_point
    return np.where(values == 0, 127, scaled)


@cache
def _inverse_root(value: int) -> int:
    """Returns 1 / sqrt(value) with ROOT_BITS below the point, as TFLite approximates it: five
    Newton steps in Q3.28, from 1, on the value shifted to between 1/2 and 2."""
    if value == 1:
        return int(fixed_point.requantise(1, fixed_point.INT32_MAX, ROOT_BITS))
    pairs = (31 - value.bit_length()) // 2 - 1
    scaled = (value << 2 * pairs) >> 1
    half = int(fixed_point.rounding_shift_right(scaled, 1))
    x = 1 << 28
    for _ in range(5):
        cube = saturated(product(product(x, x), x) << 6)
        x = saturated((product((1 << 28) + (1 << 27), x) - product(half, cube)) << 3)
    x = product(x, 1518500250)  # sqrt(1/2)
    shift = 11 - pairs
    if shift < 0:
        x, shift = x << -shift, 0
    return int(fixed_point.requantise(1, x, ROOT_BITS - shift))


INTEGERS: dict[str, Callable[[Context], Values]] = {
    "ABS": _abs,
    "NEG": _neg,
    "RSQRT": _rsqrt,
    "SQRT": _sqrt,
}
