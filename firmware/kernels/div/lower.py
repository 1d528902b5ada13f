"""DIV -> bl_div_*"""

import dataclasses

import numpy as np
from boardless.model.compiler import elementwise, fixed_point, quantise
from boardless.model.compiler.fixed_point import product, saturated
from boardless.model.compiler.kernels import Call, Constant, Context, Params
from boardless.model.graph import Tensor


def lower(context: Context) -> Call:
    pair = elementwise.Pair(context)
    params: Params = {"reversed": int(pair.reversed), **context.activation()}
    if context.suffix() == "f32":
        return pair.call("div", params)
    dividend, divisor = context.input(0), context.input(1)
    a, b, output = (np.float32(quantise.of(t).scale) for t in (dividend, divisor, context.output()))
    multiplier, shift = quantise.multiplier_and_shift(float(a / (b * output)))
    _check(context, divisor, shift)
    params |= {**pair.zero_points(), "multiplier": multiplier, "shift": shift}
    call = pair.call("div", params, exact=False)
    constants = (*call.constants, Constant("reciprocals", RECIPROCALS, "of 1 .. 255"))
    return dataclasses.replace(call, constants=constants).with_clearances(*call.clearances)


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)


def _check(context: Context, divisor: Tensor, shift: int) -> None:
    """Refuses divisors of 0, at which TFLite stops, and what it shifts right by more than 31 bits,
    where it is undefined: the dividend of -1 goes 31 bits to the left, and all of them back."""
    zero_point = quantise.of(divisor).zero_point
    data = elementwise.INT8 if divisor.data is None else divisor.data.astype(np.int64)
    magnitudes = np.abs(data - zero_point)
    if divisor.data is not None and not magnitudes.all():
        raise context.refuse("divides by 0")
    right = int(magnitudes.max()).bit_length() - 1 + 31 - shift
    if right > 31:
        raise context.refuse(
            f"its quotients are shifted right by as much as {right} bits, of 32: the output's "
            "scale is too large relative to the inputs'",
            hint=elementwise.FLOAT_HINT,
        )
    if 23 - shift < 0:
        raise context.refuse("the output's scale is too small relative to the inputs'")


def _reciprocal(x: int) -> int:
    """Returns the reciprocal of x over the power of two below or at it, as TFLite approximates it:
    three Newton steps in Q2.29."""
    doubled = (x << (32 - x.bit_length())) - (1 << 31)  # x - 1, where x is from 1 to 2, Q0.31
    half_denominator = (doubled + fixed_point.INT32_MAX + 1) // 2
    root = 1515870810 + product(half_denominator, -1010580540)  # 48/17 - 32/17 of it
    for _ in range(3):
        error = (1 << 29) - product(half_denominator, root)
        root += saturated(product(root, error) << 2)
    return saturated(root << 1)


RECIPROCALS = np.array([_reciprocal(x) for x in range(1, 256)], np.int32)
