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
from boardless.model.graph.refusals import Refusal
from boardless.model.graph.unsigned import to_signed

MAX_ACTIVATION = 1 << 23  # elements; sums of so many int8 differences fit into 32 bits
SCALES = (
    1e-12,
    1e12,
)  # of an int8 or int16 activation; keeps every product of three within float32
ACTIVATIONS = ("int8", "float32", "int16", "int32", "int64", "bool")  # each kernel knows some
KNOWN_TYPES = f"boardless computes {', '.join(ACTIVATIONS[:-1])}, {ACTIVATIONS[-1]} and uint8"
HINT = "export the model again, or check that the download is complete"
SMALLER = "no microcontroller has so much memory: export the model for smaller inputs"
REPRESENTATIVE = "convert the model again with representative data"
QUANTISE = "convert the model again with full-integer quantisation, or cast its numbers to float32"


def usable(graph: Graph) -> Graph:
    """Returns the graph without what nobody reads, uint8 as int8, and a refusal for each operator
    that writes what boardless does not know. BadInput where that is the model's input."""
    graph = with_dilation(_without_unused(_with_batch(graph)))
    graph = _with_symmetric_filters(with_float_weights(to_signed(graph)))
    return _checked_activations(graph)


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


def _with_symmetric_filters(graph: Graph) -> Graph:
    """Returns the graph in which int8 filters of windows have the zero point 0: where LiteRT
    refuses others, TensorFlow Lite Micro takes them for 0. Those of uint8 models have their own."""
    tensors, operators = list(graph.tensors), []
    for op in graph.operators:
        known = traits.of(op.name)
        windows = known.weighted and known.form is traits.Form.WINDOW
        number = op.inputs[1] if windows and len(op.inputs) > 1 else -1
        q = tensors[number].quantisation if number >= 0 else None
        if q is not None and any(q.zero_points) and tensors[number].own_dtype == "int8":
            zeros = dataclasses.replace(q, zero_points=(0,) * len(q.zero_points))
            tensors.append(dataclasses.replace(tensors[number], quantisation=zeros))
            op = dataclasses.replace(op, inputs=(op.inputs[0], len(tensors) - 1, *op.inputs[2:]))
        operators.append(op)
    return graph.replace(tensors=tuple(tensors), operators=tuple(operators))


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


def _checked_activations(graph: Graph) -> Graph:
    """Returns the graph with a refusal for each operator that writes what cannot be computed;
    BadInput where the model's own input is of such a kind."""
    where = f"{graph.name}, the model's input"
    for number in graph.inputs:
        if wrong := _wrong(graph, number):
            raise BadInput(wrong[0], where=f"{where}, tensor {number}", hint=wrong[1])
    varying = {
        *graph.inputs,
        *graph.state_tensors,
    }  # all else is made of constants, and computed before anything runs
    refused = list(graph.refused)
    known = {refusal.index for refusal in refused}
    for op in graph.operators:
        if not varying & set(op.inputs):
            continue
        varying |= set(op.outputs)
        maps = traits.of(op.name).blocks is traits.Blocks.APART  # of one picture
        found = [(number, _wrong(graph, number, several_maps=maps)) for number in op.outputs]
        found += [(number, _wrong_scale(graph, number)) for number in op.inputs]
        for number, wrong in found:
            if wrong and op.index not in known:
                what = f"tensor {number}: {wrong[0]}"
                refused.append(Refusal(op.index, op.name, graph.types(op), what, wrong[1]))
                known.add(op.index)
    return graph.replace(refused=tuple(refused))


def _wrong(graph: Graph, number: int, several_maps: bool = False) -> tuple[str, str] | None:
    """Returns why an activation cannot be computed, and what would help; None where it can."""
    t = graph.tensors[number]
    if t.dtype in ACTIVATIONS and t.count == 0:
        return f"shape {list(t.shape)} holds no element", HINT
    if t.dtype in ACTIVATIONS and t.count > MAX_ACTIVATION:
        return f"shape {list(t.shape)} holds more than {MAX_ACTIVATION:,} elements", SMALLER
    if t.dtype not in ACTIVATIONS and number in graph.inputs:
        return f"type {t.dtype}", KNOWN_TYPES
    q = t.quantisation
    unscaled = q is None and not _only_stored(graph, number)
    if t.dtype == "int8" and (unscaled or (q is not None and len(q.scales) != 1)):
        kind = "a uint8" if t.own_dtype == "uint8" else "an int8"
        return f"{kind} activation needs one scale", QUANTISE
    if t.dtype in ("int8", "int16") and q is not None and not SCALES[0] <= q.scale <= SCALES[1]:
        return f"scale {q.scale:.6g} is out of all range", REPRESENTATIVE
    batches = t.shape and t.shape[0] != 1 and (len(t.shape) == 4 or graph.inputs == (number,))
    if batches and not several_maps:
        what = f"batch size {t.shape[0]}; boardless runs one picture at a time"
        return what, "export the model with batch size 1"
    return None


def _wrong_scale(graph: Graph, number: int) -> tuple[str, str] | None:
    """Returns the same of a constant whose scale overflows single precision in a product. Filters
    have tiny scales, where training has left nothing of a channel."""
    q = graph.tensors[number].quantisation if number >= 0 else None
    if q is not None and q.scales and not max(q.scales) <= SCALES[1]:
        return f"scale {max(q.scales):.6g} is out of all range", REPRESENTATIVE
    return None


def _only_stored(graph: Graph, number: int) -> bool:
    """Returns whether all operators that read or write a tensor do without its scale. Those without
    a kernel are computed when the model is compiled, or refused by their names then."""
    around = [op for op in graph.operators if number in (*op.inputs, *op.outputs)]
    return bool(around) and all(
        traits.of(op.name).stored or folders.folder(op.name) is None for op in around
    )
