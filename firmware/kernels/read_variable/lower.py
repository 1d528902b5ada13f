"""READ_VARIABLE and ASSIGN_VARIABLE -> bl_read_variable_ref"""

from boardless.model.compiler.kernels import Call, Context


def lower(context: Context) -> Call:
    source, target = context.input(), context.output()
    if (source.dtype, source.quantisation) != (target.dtype, target.quantisation):
        raise context.refuse("the variable and its value differ in type, scale or zero point")
    return Call(
        function="bl_read_variable_ref",
        params_type="bl_read_variable",
        params={"count": source.count, "item_bytes": source.nbytes // source.count},
        header="read_variable/read_variable.h",
    )


def output_shape(context: Context) -> tuple[int, ...]:
    return context.input().shape
