"""ARG_MAX -> bl_arg_max_*, bl_arg_max_wide_* where the places are 64-bit numbers"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import SUFFIXES, Call, Context

NAMES = {"int32": "arg_max", "int64": "arg_max_wide"}


def lower(context: Context) -> Call:
    """Serves ARG_MIN, too."""
    source, output = context.input().dtype, context.output().dtype
    if source not in SUFFIXES or output not in NAMES:
        raise context.refuse(f"turns {source} into {output}")
    _axis(context)
    least = {"least": int(context.op.name != "ARG_MAX")}
    return Call(
        function=f"bl_{NAMES[output]}_{SUFFIXES[source]}_ref",
        params_type="bl_arg_max",
        params=elementwise.reduction(context) | least,
        header="arg_max/arg_max.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    shape, axis = context.input().shape, _axis(context)
    return shape[:axis] + shape[axis + 1 :]


def _axis(context: Context) -> int:
    axes = context.integers(1, "axis").reshape(-1)
    if len(axes) != 1:
        raise context.refuse(f"{len(axes)} axes instead of one")
    return int(axes[0]) % len(context.input().shape)
