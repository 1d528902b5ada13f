"""Logic of bool values -> bl_<operator>_ref"""

from boardless.model.compiler import elementwise
from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    name = context.op.name.lower()
    if len(context.op.inputs) == 2:
        pair = elementwise.Pair(context, types=("bool",))
        return pair.call(name, {}, exact=False, folder="logical", struct="logical")
    source, output = context.input(), context.output()
    if {source.dtype, output.dtype} != {"bool"} or source.count != output.count:
        raise context.refuse(f"turns {source.type_and_shape} into {output.type_and_shape}")
    return Call(
        function=f"bl_{name}_ref",
        params_type=f"bl_{name}",
        params={"count": source.count},
        header="logical/logical.h",
        in_place=True,
    )


def output_shape(context: Context) -> tuple[int, ...]:
    if len(context.op.inputs) == 1:
        return context.input().shape
    return elementwise.broadcast_shape(context)
