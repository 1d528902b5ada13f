"""A comparison of two values -> bl_<operator>_*"""

import numpy as np
from boardless.model.compiler import elementwise, quantise
from boardless.model.compiler.kernels import Call, Context, Params

SWAPPED = {"greater": "less", "greater_equal": "less_equal"}
SWAPPED |= {other: name for name, other in SWAPPED.items()}


def lower(context: Context) -> Call:
    """The constant is always the second value: a constant that is less is a value that is
    greater."""
    pair, name = elementwise.Pair(context, output="bool"), context.op.name.lower()
    if pair.reversed:
        name = SWAPPED.get(name, name)
    params: Params = {}
    if pair.suffix == "s8":
        for key, tensor in (("a", pair.a), ("b", pair.b)):
            q = quantise.of(tensor)
            multiplier, shift = quantise.multiplier_and_shift(float(np.float32(q.scale)))
            if shift > 0:
                raise context.refuse(
                    f"compares values of scale {q.scale:g}; TensorFlow Lite does it below 1",
                    hint=elementwise.FLOAT_HINT,
                )
            params |= {
                f"{key}_zero_point": q.zero_point,
                f"{key}_multiplier": multiplier,
                f"{key}_shift": shift,
            }
    return pair.call(name, params, exact=False, folder="comparison", struct="comparison")


def output_shape(context: Context) -> tuple[int, ...]:
    return elementwise.broadcast_shape(context)
