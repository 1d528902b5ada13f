"""RESHAPE moves nothing: the output is the input under another shape."""

import math

from boardless.model.compiler.kernels import Alias, Context


def lower(context: Context) -> Alias:
    return context.reshaped()


def output_shape(context: Context) -> tuple[int, ...]:
    if context.graph.open_shapes and len(context.op.inputs) > 1:
        return _resolved(context)
    return context.output().shape  # of as many values: lower() has compared them


def _resolved(context: Context) -> tuple[int, ...]:
    """The shape that the second input lists; one size may be -1: what is left."""
    sizes = [int(size) for size in context.integers(1, "shape").reshape(-1)]
    if sizes.count(-1) == 1:
        known = -math.prod(sizes)
        sizes[sizes.index(-1)] = context.input().count // known
    return tuple(sizes)
