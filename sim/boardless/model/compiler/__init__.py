"""Graph -> Program -> C: fusion, kernel choice, arena plan, weight packing, emission.

program = compile_graph(graph, variants=("dsp",))
files = emit(program, build_id="0123456789abcdef")
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from boardless.core.errors import BadInput
from boardless.model import ports, profiles
from boardless.model.compiler import (
    constants,
    fuse,
    kernels,
    lifetimes,
    plan,
    room,
    shapes,
    thrift,
    verify,
)
from boardless.model.compiler import fold as folding
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.graph.refusals import refused
from boardless.model.graph.variables import first_value
from boardless.model.traits import Rounding

_Lowered = tuple[kernels.Call | kernels.Alias, Operator]


@dataclass(frozen=True)
class Layer:
    """One kernel call with its place in the arena."""

    index: int
    op: str  # TFLite's operator name
    name: str  # of the first output tensor, as the model's author named it
    call: kernels.Call
    inputs: tuple[int, ...]  # arena offsets, bytes
    outputs: tuple[int, ...]
    scratch: int  # of call.scratch_bytes
    input_shapes: tuple[str, ...]  # such as "int8 1x28x28x3"
    output_shapes: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """One of several inputs or outputs, in bytes."""

    packed: int  # where it begins among the bytes of all of them
    offset: int  # in the arena
    size: int


@dataclass(frozen=True)
class State:
    """A variable: its place in the arena, bytes, and its first value."""

    offset: int
    value: bytes


@dataclass(frozen=True)
class Program:
    """Everything that emission needs."""

    name: str  # such as digits_cnn:int8
    layers: tuple[Layer, ...]
    arena: plan.Plan
    input: Tensor
    input_offset: int  # bytes, in the arena
    output: Tensor
    output_offset: int
    nominal_macs: int  # before folding, to quote cycles per MAC of the model as it was made
    input_kept: bool = False  # an inference leaves its input as it is
    inputs: tuple[Place, ...] = ()  # where there are several; `input` is all of them then
    outputs: tuple[Place, ...] = ()
    states: tuple[State, ...] = ()
    keeps_states: bool = False  # else each inference begins with their first values
    profile: str = profiles.DEFAULT  # whose bits it gives

    @property
    def macs(self) -> int:
        """The MACs that are executed."""
        return sum(layer.call.macs for layer in self.layers)


def compile_graph(
    graph: Graph,
    variants: tuple[str, ...] = (),
    fold: bool = True,
    overlap: bool = True,
    keep_input: bool = False,
    spare: int = 0,
) -> Program:
    """Chooses a kernel for every operator and a place for every activation.

    `fold` takes out channels that carry no information; the results stay the same.

    Without `overlap` no output shares memory with an input of the same call: larger, and what
    tests compare with. With `keep_input` an inference may be repeated on the same input: a larger
    arena, but whoever holds the pictures needs no copy of them. `spare` is by how many bytes the
    arena may be larger than it has to be, where kernels are faster with more scratch memory.
    """
    settled = settle(graph, fold)
    return next(compile_settled(settled, variants, (spare,), overlap, keep_input))


@dataclass(frozen=True)
class Settled:
    """A model as kernels are chosen for it, on whatever board."""

    graph: Graph
    nominal_macs: int  # before folding
    lowered: tuple[_Lowered, ...] | None  # by reference kernels, where that is known already


def settle(graph: Graph, fold: bool = True) -> Settled:
    """Does what compiling for any board begins with; `fold` as in compile_graph."""
    graph = shapes.settled(graph)
    nominal_macs = folding.macs(graph)
    graph = fuse.fuse(constants.fold(graph))
    if any(graph.tensors[number].data is not None for number in graph.outputs):
        raise BadInput("the model's output is a constant", where=graph.name)
    if not fold or profiles.load(graph.profile).sums is Rounding.FLOAT:
        return Settled(graph, nominal_macs, None)
    # what is wrong with an operator is found in the graph as it came
    lowered = _lowered(graph, ())
    folded = folding.channels(graph)
    return Settled(folded, nominal_macs, tuple(lowered) if folded is graph else None)


def compile_settled(
    settled: Settled,
    variants: tuple[str, ...] = (),
    spares: Iterable[int] = (0,),
    overlap: bool = True,
    keep_input: bool = False,
) -> Iterator[Program]:
    """Yields for each of `spares`, in bytes, what compile_graph makes of a settled model with it
    and the same other arguments."""
    graph = settled.graph
    lowered = settled.lowered if not variants else None
    lowered = lowered or tuple(_lowered(graph, variants))
    calls = [(call, op) for call, op in lowered if isinstance(call, kernels.Call)]

    def lives(chosen: Sequence[kernels.Call]) -> lifetimes.Buffers:
        sharing = lifetimes.Sharing()
        for call, op in lowered:
            if isinstance(call, kernels.Alias):
                sharing.join(op.outputs[0], lifetimes.activations(graph, op)[0])
        with_ops = [(call, op) for call, (_, op) in zip(chosen, calls, strict=True)]
        return lifetimes.lifetimes(graph, with_ops, sharing, overlap, keep_input)

    thrifty = thrift.used([call for call, _ in calls], lives)
    memory = lives(thrifty)
    least = plan.arrange(memory.buffers, memory.overlaps)
    made: Program | None = None
    for spare in spares:
        if made is None or any(call.roomier is not None for call in thrifty):
            roomy = room.used(thrifty, least, memory.of_scratch, spare)
            made = _program(settled, lowered, memory, *roomy, keep_input)
        yield made


def _program(
    settled: Settled,
    lowered: Sequence[_Lowered],
    memory: lifetimes.Buffers,
    chosen: Sequence[kernels.Call],
    arena: plan.Plan,
    keep_input: bool,
) -> Program:
    """Puts `chosen` calls in place of those of `lowered`, at their places in the arena."""
    graph, following = settled.graph, iter(chosen)
    lowered = [(next(following) if isinstance(c, kernels.Call) else c, op) for c, op in lowered]
    calls = [(call, op) for call, op in lowered if isinstance(call, kernels.Call)]
    offsets = {tensor: arena.offsets[buffer] for tensor, buffer in memory.of_tensor.items()}
    scratch = {call: arena.offsets[buffer] for call, buffer in memory.of_scratch.items()}
    verify.plan(graph, lowered, arena, offsets, scratch, keep_input)
    return Program(
        name=graph.name,
        layers=tuple(
            _layer(graph, index, call, op, offsets, scratch.get(index, 0))
            for index, (call, op) in enumerate(calls)
        ),
        arena=arena,
        input=ports.fed(graph),
        input_offset=offsets[graph.input],
        output=ports.given(graph),
        output_offset=offsets[graph.output],
        nominal_macs=settled.nominal_macs,
        input_kept=keep_input or bool(graph.more_inputs),  # the bytes of several are copied
        inputs=_places(graph, graph.inputs, offsets),
        outputs=_places(graph, graph.outputs, offsets),
        states=tuple(
            State(offsets[number], first_value(graph.tensors[number], data))
            for number, data in graph.states
        ),
        keeps_states=graph.keeps_states,
        profile=graph.profile,
    )


def _places(graph: Graph, numbers: tuple[int, ...], offsets: dict[int, int]) -> tuple[Place, ...]:
    """Returns the places of several inputs or outputs, none of one."""
    tensors = [graph.tensors[number] for number in numbers]
    if len(tensors) == 1:
        return ()
    places = zip(ports.offsets(tensors), numbers, tensors, strict=False)
    return tuple(Place(at, offsets[number], tensor.nbytes) for at, number, tensor in places)


def _lowered(graph: Graph, variants: tuple[str, ...]) -> list[_Lowered]:
    """Lowers each operator, in order; BadInput names every one that is not supported."""
    found, refusals = [], list(graph.refused)
    known = {refusal.index for refusal in refusals}
    for op in graph.operators:
        if op.index in known:
            continue
        context = kernels.Context(graph, op, variants)
        try:
            lowered = kernels.lower(context)
            if not lifetimes.activations(graph, op):
                raise context.refuse("all of its inputs are constants")
        except BadInput as error:
            refusals.append(context.refusal(error))
            continue
        found.append((lowered, op))
    if refusals:
        raise refused(graph.name, refusals)
    return found


def _layer(
    graph: Graph,
    index: int,
    call: kernels.Call,
    op: Operator,
    offsets: dict[int, int],
    scratch: int,
) -> Layer:
    """`offsets`: tensor -> arena offset, bytes."""
    inputs = lifetimes.activations(graph, op)
    return Layer(
        index=index,
        op=op.name,
        name=graph.tensors[op.outputs[0]].name,
        call=call,
        inputs=tuple(offsets[i] for i in inputs),
        outputs=tuple(offsets[i] for i in op.outputs),
        scratch=scratch,
        input_shapes=tuple(graph.tensors[i].type_and_shape for i in inputs),
        output_shapes=tuple(graph.tensors[i].type_and_shape for i in op.outputs),
    )


from boardless.model.compiler.emit import emit  # noqa: E402  (emission needs the records above)

__all__ = ["Layer", "Program", "Settled", "compile_graph", "compile_settled", "emit", "settle"]
