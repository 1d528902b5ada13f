"""The part of a graph that gives its output, in types and shapes that kernels may have.

graph = usable(graph)
"""

from __future__ import annotations

import dataclasses

from boardless.core.errors import BadInput
from boardless.model import folders, traits
from boardless.model.graph import Graph, Operator
from boardless.model.graph.dilated import with_dilation
from boardless.model.graph.dynamic_range import with_float_weights
from boardless.model.graph.unsigned import to_signed

MAX_ACTIVATION = 1 << 23  # elements; sums of so many int8 differences fit into 32 bits
SCALES = (
    1e-12,
    1e12,
)  # of an int8 or int16 activation; keeps every product of three within float32
ACTIVATIONS = ("int8", "float32", "int16", "int32", "int64", "bool")  # each kernel knows some
KNOWN_TYPES = f"boardless computes {', '.join(ACTIVATIONS[:-1])}, {ACTIVATIONS[-1]} and uint8"
HINT = "export the model again, or check that the download is complete"
QUANTISE = "convert the model again with full-integer quantisation, or cast its numbers to float32"


def usable(graph: Graph) -> Graph:
    """Returns the graph without what nobody reads, uint8 as int8; BadInput where an activation has
    no type or shape that boardless knows."""
    graph = with_dilation(_without_unused(_with_batch(graph)))
    graph = with_float_weights(to_signed(graph))
    _check_activations(graph)
    return graph


def _with_batch(graph: Graph) -> Graph:
    """Returns the graph with an input of one picture where the only input is a list or a number:
    the same values under another shape."""
    source = graph.input_tensor
    if graph.more_inputs or len(source.shape) > 1 or source.shape[:1] == (1,):
        return graph
    number = len(graph.tensors)
    picture = dataclasses.replace(source, shape=(1, *(source.shape or (1,))))
    as_before = Operator(
        index=1 + max((op.index for op in graph.operators), default=0),
        name=traits.operator(traits.LayerKind.FLATTEN),
        inputs=(number,),
        outputs=(graph.input,),
        options={},
    )
    return graph.replace(
        tensors=(*graph.tensors, picture), operators=(as_before, *graph.operators), input=number
    )


def _without_unused(graph: Graph) -> Graph:
    """Drops operators whose results nobody reads. A list of sizes is one where the output's shape
    says the same: exporters compute the list where the batch size was open."""
    operators: list[Operator] = []
    wanted = {*graph.outputs, *graph.state_tensors}
    for op in reversed(graph.operators):
        if not wanted & set(op.outputs):
            continue
        used = dataclasses.replace(op, inputs=op.inputs[: traits.of(op.name).reads])
        wanted |= set(used.inputs)
        operators.append(used)
    return graph.replace(operators=tuple(reversed(operators)))


def _check_activations(graph: Graph) -> None:
    where = f"{graph.name}, the model's input"
    for number in graph.inputs:
        _check_activation(graph, number, where)
    varying = {
        *graph.inputs,
        *graph.state_tensors,
    }  # all else is made of constants, and computed before anything runs
    for op in graph.operators:
        if varying & set(op.inputs):
            varying |= set(op.outputs)
            where = f"{graph.name}, operator {op.index} {op.name}"
            maps = traits.of(op.name).blocks is traits.Blocks.APART  # of one picture
            for number in op.outputs:
                _check_activation(graph, number, where, several_maps=maps)


def _check_activation(graph: Graph, number: int, where: str, several_maps: bool = False) -> None:
    t = graph.tensors[number]
    where = f"{where}, tensor {number}"
    if t.dtype in ACTIVATIONS and not 0 < t.count <= MAX_ACTIVATION:
        what = "no element" if t.count == 0 else f"more than {MAX_ACTIVATION:,} elements"
        raise BadInput(f"shape {list(t.shape)} holds {what}", where=where, hint=HINT)
    if t.dtype not in ACTIVATIONS and number in graph.inputs:
        raise BadInput(f"type {t.dtype}", where=where, hint=KNOWN_TYPES)
    q = t.quantisation
    unscaled = q is None and not _only_stored(graph, number)
    if t.dtype == "int8" and (unscaled or (q is not None and len(q.scales) != 1)):
        kind = "a uint8" if t.own_dtype == "uint8" else "an int8"
        raise BadInput(f"{kind} activation needs one scale", where=where, hint=QUANTISE)
    if t.dtype in ("int8", "int16") and q is not None and not SCALES[0] <= q.scale <= SCALES[1]:
        raise BadInput(f"scale {q.scale} is out of all range", where=where, hint=HINT)
    if several_maps:
        return
    if t.shape and t.shape[0] != 1 and (len(t.shape) == 4 or graph.inputs == (number,)):
        raise BadInput(
            f"batch size {t.shape[0]}; boardless runs one picture at a time",
            where=where,
            hint="export the model with batch size 1",
        )


def _only_stored(graph: Graph, number: int) -> bool:
    """Returns whether all operators that read or write a tensor do without its scale. Those without
    a kernel are computed when the model is compiled, or refused by their names then."""
    around = [op for op in graph.operators if number in (*op.inputs, *op.outputs)]
    return bool(around) and all(
        traits.of(op.name).stored or folders.folder(op.name) is None for op in around
    )
