"""A choice between two values -> bl_select_*, by their width"""

import numpy as np
from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Constant, Context

BY_WIDTH = {"int8": "s8", "bool": "s8", "float32": "f32", "int32": "f32"}


def lower(context: Context) -> Call:
    condition, a, b, output = (*(context.input(i) for i in range(3)), context.output())
    if condition.dtype != "bool" or not a.dtype == b.dtype == output.dtype:
        raise context.refuse(
            f"its inputs are {condition.dtype}, {a.dtype} and {b.dtype}, its output {output.dtype}"
        )
    if output.dtype not in BY_WIDTH:
        raise context.refuse(f"its values are {output.dtype}; its kernel has {', '.join(BY_WIDTH)}")
    if condition.data is not None:
        raise context.refuse("its condition is a constant")
    alike = condition.shape == a.shape == b.shape or condition.count == 1
    if context.op.name == "SELECT" and not alike:
        raise context.refuse(
            f"its condition is {condition.type_and_shape}, a is {a.type_and_shape}"
        )
    swapped = a.data is not None and b.data is None
    first, second = (b, a) if swapped else (a, b)
    named = (("a", first), ("b", second))
    return Call(
        function=f"bl_select_{BY_WIDTH[output.dtype]}_ref",
        params_type="bl_select",
        params={
            "shape": elementwise.broadcast(context, condition=condition, a=first, b=second),
            "reversed": int(swapped),
        },
        header="select/select.h",
        constants=tuple(Constant(name, t.data) for name, t in named if t.data is not None),
        activations=(0, *(i for i, t in ((1, a), (2, b)) if t.data is None)),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return np.broadcast_shapes(*(context.input(i).shape for i in range(3)))
