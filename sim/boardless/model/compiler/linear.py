"""The sum of two int8 values as one product each, in place of the reference's three scalings.

call = linear.call(pair, params)

Its roundings make the reference's sum no linear function, but there are only 65,536 pairs of int8:
factors are looked for that give the same output for all of them, and are nearly always found. Where
there are none, as for scales beyond 3.5 times the output's, both sides are looked up in tables.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from boardless.model.compiler import fixed_point
from boardless.model.compiler.elementwise import FRACTION_BITS, INT8, Pair
from boardless.model.compiler.kernels import Call, Constant, Params

BITS = 21  # BL_ADD_LINEAR_BITS: ratios of scales up to 3.5, as a sum must not leave 32 bits
REACH = 6  # how far from the real ratio factors are tried
NEVER = 1 << 62
VARIANTS = ("mve", "dsp", "scalar")


@dataclass(frozen=True)
class Linear:
    """(a * a_multiplier + b * b_multiplier + bias) >> BITS"""

    a_multiplier: int
    b_multiplier: int
    bias: int


def call(pair: Pair, params: Params) -> Call:
    """Returns the call for the int8 sum with the parameters of bl_add_s8."""
    if pair.context.variant(*VARIANTS) == "ref":
        return pair.call("add", params, exact=False)
    found = find(**params)
    bounds = {name: params[name] for name in ("activation_min", "activation_max")}
    if found is None:
        kept = ("output_zero_point", "output_multiplier", "output_shift")
        call = pair.call(
            "add_table", {k: params[k] for k in kept} | bounds, exact=False, folder="add"
        )
        tables = (Constant(f"of_{x}", side(x, params).astype(np.int32)) for x in "ab")
        return dataclasses.replace(call, constants=(*call.constants, *tables)).with_clearances(
            *call.clearances
        )
    return pair.call("add_linear", vars(found) | bounds, folder="add", pays=VARIANTS)


def side(name: str, params: Params) -> npt.NDArray[np.int64]:
    """Returns what each int8 (256,) of side "a" or "b" is at the common scale."""
    zero_point, multiplier, shift = (
        params[f"{name}_{field}"] for field in ("zero_point", "multiplier", "shift")
    )
    return fixed_point.requantise((INT8 - zero_point) << FRACTION_BITS, multiplier, shift)


@cache
def find(**params: int) -> Linear | None:
    """Returns factors with which each pair gives what bl_add_s8_ref gives; None if there are none
    near the ratios of the scales."""
    p = params
    sums = side("a", p)[:, None] + side("b", p)
    scaled = fixed_point.requantise(sums, p["output_multiplier"], p["output_shift"])
    low, high = p["activation_min"], p["activation_max"]
    outputs = np.clip(scaled + p["output_zero_point"], low, high)
    # A sum has to reach the first bound and to stay below the second, where there are any.
    least = np.where(outputs > low, outputs << BITS, -NEVER)
    beyond = np.where(outputs < high, outputs + 1 << BITS, NEVER)
    to_output = p["output_multiplier"] * 2.0 ** (p["output_shift"] - 31 + FRACTION_BITS)
    ratios = [p[f"{x}_multiplier"] * 2.0 ** (p[f"{x}_shift"] - 31) * to_output for x in "ab"]
    zero = sum(r * p[f"{x}_zero_point"] for r, x in zip(ratios, "ab", strict=True))
    real_bias = round((p["output_zero_point"] + 0.5 - zero) * 2**BITS)
    for more_a, more_b in _nearby():
        a, b = round(ratios[0] * 2**BITS) + more_a, round(ratios[1] * 2**BITS) + more_b
        products = a * INT8[:, None] + b * INT8
        first, last = int((least - products).max()), int((beyond - products).min()) - 1
        if first <= last:
            bias = min(max(real_bias, first), last)
            fits = fixed_point.fits(products[[0, 0, -1, -1], [0, -1, 0, -1]] + bias)
            return Linear(a, b, bias) if fits.all() else None
    return None


@cache
def _nearby() -> tuple[tuple[int, int], ...]:
    """Returns the differences of two factors, the smallest first."""
    steps = range(-REACH, REACH + 1)
    return tuple(
        sorted(((i, j) for i in steps for j in steps), key=lambda x: x[0] ** 2 + x[1] ** 2)
    )
