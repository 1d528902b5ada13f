"""Tables with which TFLite's int16 kernels compute functions, by interpolation between entries.

call = tables.sigmoid(context, header="tanh/tanh.h", shifts=(0, 1))
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import profiles
from boardless.model.compiler import quantise
from boardless.model.compiler.kernels import Call, Constant, Context

STEPS = 24  # of the sigmoid's table, per unit
SEGMENTS = 512  # of a function's
LARGEST = 2.0**31
LEAST, GREATEST = -(1 << 15), (1 << 15) - 1
Array = npt.NDArray[np.float64]


def rounded(values: Array) -> Array:
    """Rounds to the nearest integers, ties away from zero."""
    away: Array = np.trunc(values + np.copysign(0.5, values))
    return away


def sigmoid_table() -> npt.NDArray[np.uint16]:
    """Returns 1 / (1 + exp(-i / 24)) for i of 0 .. 255 in units of 2^-16, each raised by half of
    what the chord to the next one lies below the curve at its middle."""

    def curve(x: Array) -> Array:
        values: Array = 1 / (1 + np.exp(-x))
        return values

    x = np.arange(256) / STEPS
    below = curve(x + 0.5 / STEPS) - (curve(x) + curve(x + 1 / STEPS)) / 2
    table = rounded((1 << 16) * (curve(x) + below / 2))
    table[-1] = (1 << 16) - 1
    return table.astype(np.uint16)


def sigmoid(context: Context, header: str, shifts: tuple[int, ...]) -> Call:
    """Returns the call of an int16 function by the sigmoid's table. An input scale of 2^(s - 12),
    for s of `shifts`, is brought to the table's units exactly; others as TFLite does it."""
    name = header.split("/")[0]
    if quantise.exponent(context.output()) != -15:
        raise context.refuse("an int16 output of this operator must have the scale 1/32768")
    exponent = quantise.exponent(context.input())
    if exponent is not None and exponent + 12 in shifts:
        if not context.profile.curves_of_all_scales:
            raise context.refuse(
                f"the reference {context.profile.name} has another formula for input scales that "
                "are powers of two, of which there is no kernel",
                hint=f"--reference {profiles.DEFAULT}",
            )
        multiplier, shift = 3 << (exponent + 12), 0
    else:
        real, shift = quantise.of(context.input()).scale * 4096 * 3, 0
        while real <= 32767 / 2 and shift <= 30:
            real, shift = real * 2, shift + 1
        if real * (1 << 15) + (1 << max(shift - 1, 0)) >= LARGEST:
            raise context.refuse(
                f"its input's scale is {quantise.of(context.input()).scale:g}, so that it leaves "
                "32 bits",
                hint="convert the model again with representative data",
            )
        multiplier = int(real)
    return Call(
        function=f"bl_{name}_s16_ref",
        params_type=f"bl_{name}_s16",
        params={"count": context.input().count, "multiplier": multiplier, "shift": shift},
        header=header,
        constants=(Constant("table", sigmoid_table(), "of 1 / (1 + exp(-i / 24))"),),
        in_place=True,
    )


def interpolated(
    function: Callable[[float], float], width: float, zero_point: int, single: bool = False
) -> npt.NDArray[np.int16]:
    """Returns 513 values of a function, for stored inputs from -32768 upwards, 128 apart, in units
    of 2^-15; all inputs together are `width` wide. int16 kernels interpolate between the values:
    each is less by half of the error that the chord to the next one has at its middle. They are
    computed in TFLite's order, in double precision or in single."""
    real: Any = np.float32 if single else np.float64
    scale, unit = real(width) / real(GREATEST - LEAST), real(2) / real(GREATEST - LEAST)
    low, high = (scale * real(end - zero_point) for end in (LEAST, GREATEST))
    step = (high - low) / real(SEGMENTS)
    units = real(GREATEST - LEAST + 1) / (unit * real(GREATEST) - unit * real(LEAST))
    i = np.arange(SEGMENTS).astype(real)
    starts = (low + i * step, low + i * step + step / real(2), low + (i + real(1)) * step)
    here, middle, after = (
        np.array([function(float(x)) for x in at], real) * units for at in starts
    )
    chord = rounded((after + rounded(here)) / real(2))
    values = rounded(here) - rounded((chord - rounded(middle)) / real(2))
    last = rounded(np.array([real(function(float(high))) * units]))
    table: Array = np.clip(np.concatenate([values, last]), LEAST, GREATEST)
    return table.astype(np.int16)
