"""SOFTMAX -> bl_softmax_*"""

import math

import numpy as np
from boardless.model.compiler import elementwise, quantise, tables
from boardless.model.compiler.kernels import Call, Constant, Context, Params
from boardless.model.traits import Rounding

INTEGER_BITS = 5  # of the fixed-point difference, Q5.26
MOST_CLASSES = (1 << 12) - 1  # the sum of exponentials, each at most 1, is Q12.19

MOST_INT16 = (1 << 16) - 1  # classes; also the largest difference of two values


def lower(context: Context) -> Call:
    count = context.input().shape[-1]
    rows = context.input().count // count
    beta = float(context.op.options["beta"])
    if not beta > 0:
        raise context.refuse(f"beta is {beta}")
    if (context.input().dtype, context.output().dtype) == ("int8", "int16"):
        return _from_int8(context, count, rows, beta)
    suffix = context.suffix("int16")
    if suffix == "s16":
        return _int16(context, count, beta)
    params: Params = {"count": count}
    if suffix == "f32":
        params["beta"] = beta
    else:
        output = quantise.of(context.output())
        if (output.scale, output.zero_point) != (1 / 256, -128):
            raise context.refuse("an int8 softmax must have scale 1/256 and zero point -128")
        scale = quantise.of(context.input()).scale
        if context.rounding is Rounding.FLOAT:
            return _in_single_precision(context, count, rows, scale, beta)
        params = _fixed_point(context, count, beta)
    name = "softmax" if rows == 1 else "softmax_rows"
    return Call(
        function=f"bl_{name}_{suffix}_ref",
        params_type=f"bl_{name}_{suffix}",
        params=params if rows == 1 else {"row": params, "rows": rows},
        header="softmax/softmax.h",
        in_place=True,
    )


def _fixed_point(context: Context, count: int, beta: float) -> Params:
    """Returns the fields of bl_softmax_s8."""
    if count > MOST_CLASSES:
        raise context.refuse(f"{count} classes; an int8 softmax sums up at most {MOST_CLASSES}")
    scale = quantise.of(context.input()).scale
    real = min(beta * scale * (1 << (31 - INTEGER_BITS)), 2.0**31 - 1)
    multiplier, shift = quantise.multiplier_and_shift(real)
    if not 0 <= shift <= 30:
        raise context.refuse(
            f"beta {beta:g} times the input's scale {scale:g} is below "
            f"{2.0 ** (INTEGER_BITS - 32):.2g}, too small for fixed point",
            hint="convert the model again with representative data",
        )
    radius = ((1 << INTEGER_BITS) - 1) * 2.0 ** (31 - INTEGER_BITS - shift)
    return {
        "count": count,
        "multiplier": multiplier,
        "shift": shift,
        "difference_min": -math.floor(radius),
    }


def _from_int8(context: Context, count: int, rows: int, beta: float) -> Call:
    output = quantise.of(context.output())
    if output.zero_point != -(1 << 15) or abs(output.scale * (1 << 16) - 1) > 1e-3:
        raise context.refuse(
            "an int16 softmax of int8 values must have scale 1/65536 and zero point -32768"
        )
    if context.rounding is not Rounding.TWICE:
        raise context.refuse(
            f"the reference {context.profile.name} computes it in a way that no kernel does"
        )
    return Call(
        function="bl_softmax_rows_s16_of_s8_ref",
        params_type="bl_softmax_rows_s8",
        params={"row": _fixed_point(context, count, beta), "rows": rows},
        header="softmax/softmax.h",
    )


def _double(x: float) -> float:
    """Returns 1 / (1 + x)."""
    return 1 / (1 + x)


def _single(x: float) -> float:
    """Returns the same in single precision."""
    return float(np.float32(1) / (np.float32(1) + np.float32(x)))


def _int16(context: Context, count: int, beta: float) -> Call:
    scale, output = quantise.of(context.input()).scale, quantise.of(context.output()).scale
    if abs(output * 32768 - 1) > 1e-3:
        raise context.refuse("an int16 softmax must have scale 1/32768")
    if count > MOST_INT16:
        raise context.refuse(f"{count} classes; an int16 softmax sums up at most {MOST_INT16}")
    real = float(np.float32(scale) * np.float32(beta)) / (10 / 65535)
    multiplier, shift = quantise.multiplier_and_shift(real)
    context.scaled_up(-MOST_INT16, 0, shift)
    single = context.profile.single_tables
    exponential = elementwise.single_precision("expf") if single else math.exp
    exponentials = tables.interpolated(exponential, 10.0, 32767, single)
    reciprocals = tables.interpolated(_single if single else _double, 1.0, -32768, single)
    return Call(
        function="bl_softmax_rows_s16_ref",
        params_type="bl_softmax_rows_s16",
        params={
            "row": {"count": count, "multiplier": multiplier, "shift": shift},
            "rows": context.input().count // count,
        },
        header="softmax/softmax.h",
        constants=(
            Constant("exponentials", exponentials, "of -10..0"),
            Constant("reciprocals", reciprocals, "of 1 + 0..1"),
        ),
    )


def _in_single_precision(
    context: Context, count: int, rows: int, scale: float, beta: float
) -> Call:
    """Returns the call of the kernel that looks exponentials up."""
    expf = elementwise.single_precision("expf")
    step = -np.float32(scale) * np.float32(beta)
    table = np.array([expf(float(step * np.float32(d))) for d in range(256)], np.float32)
    return Call(
        function="bl_softmax_real_s8_ref",
        params_type="bl_softmax_real_s8",
        params={"row": {"count": count}, "rows": rows},
        header="softmax/softmax.h",
        constants=(Constant("table", table),),
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
