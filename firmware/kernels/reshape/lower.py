"""RESHAPE moves nothing: the output is the input under another shape."""

from boardless.compiler.kernels import Alias, Context


def lower(context: Context) -> Alias:
    context.suffix()
    if context.input().count != context.output().count:
        raise context.refuse("input and output differ in size")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    return Alias()
