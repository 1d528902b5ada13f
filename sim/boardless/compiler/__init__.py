"""Graph -> Program -> C: fusion, kernel choice, arena plan, weight packing, emission.

program = compile_graph(graph, twins=("dsp",))
files = emit(program, build_id="0123456789abcdef")
"""

from __future__ import annotations

from dataclasses import dataclass

from boardless.compiler import fold as folding
from boardless.compiler import fuse, kernels, plan
from boardless.graph import Graph, Tensor


@dataclass(frozen=True)
class Layer:
    """One kernel call with its place in the arena."""

    index: int
    op: str  # TFLite's operator name
    name: str  # of the output tensor, as the model's author named it
    call: kernels.Call
    inputs: tuple[int, ...]  # arena offsets, bytes
    output: int
    scratch: int  # of call.scratch_bytes
    input_shapes: tuple[str, ...]  # such as "int8 1x28x28x3"
    output_shape: str


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

    @property
    def macs(self) -> int:
        """As executed."""
        return sum(layer.call.macs for layer in self.layers)


def compile_graph(graph: Graph, twins: tuple[str, ...] = (), fold: bool = True) -> Program:
    """Chooses a kernel for every operator and a place for every activation.

    `fold` takes out channels that carry no information; the results stay the same.
    """
    nominal_macs = folding.macs(graph)
    graph = fuse.fuse(graph)
    graph = folding.channels(graph) if fold else graph
    same: dict[int, int] = {}  # tensor -> the tensor whose memory it shares

    def root(tensor: int) -> int:
        while tensor in same:
            tensor = same[tensor]
        return tensor

    calls: list[tuple[kernels.Call, int]] = []  # with the operator's position in graph.operators
    last_use = {root(graph.output): len(graph.operators)}
    first = {graph.input: 0}
    for step, op in enumerate(graph.operators):
        lowered = kernels.lower(kernels.Context(graph, op, twins))
        activations = [root(i) for i in op.inputs if i >= 0 and graph.tensors[i].data is None]
        for tensor in activations:
            last_use[tensor] = step
        source, output = activations[0] if activations else -1, op.outputs[0]
        if isinstance(lowered, kernels.Alias):
            same[output] = source
            continue
        calls.append((lowered, step))
        dies_here = all(
            root(i) != source
            for later in graph.operators[step + 1 :]
            for i in later.inputs
            if i >= 0
        )
        if lowered.in_place and source >= 0 and dies_here and source != root(graph.output):
            same[output] = source
        else:
            first[output] = step
    last_use[root(graph.output)] = len(graph.operators)

    tensors = sorted(first)
    buffers = [
        plan.Buffer(graph.tensors[t].nbytes, first[t], last_use.get(t, first[t])) for t in tensors
    ]
    with_scratch = [i for i, (call, _) in enumerate(calls) if call.scratch_bytes]
    for i in with_scratch:
        call, step = calls[i]
        buffers.append(plan.Buffer(call.scratch_bytes, step, step))
    arena = plan.arrange(buffers)
    offsets = dict(zip(tensors, arena.offsets, strict=False))
    scratch = dict(zip(with_scratch, arena.offsets[len(tensors) :], strict=True))
    layers = []
    for index, (call, step) in enumerate(calls):
        op = graph.operators[step]
        inputs = [i for i in op.inputs if i >= 0 and graph.tensors[i].data is None]
        layers.append(
            Layer(
                index=index,
                op=op.name,
                name=graph.tensors[op.outputs[0]].name,
                call=call,
                inputs=tuple(offsets[root(i)] for i in inputs),
                output=offsets[root(op.outputs[0])],
                scratch=scratch.get(index, 0),
                input_shapes=tuple(graph.tensors[i].type_and_shape for i in inputs),
                output_shape=graph.tensors[op.outputs[0]].type_and_shape,
            )
        )
    return Program(
        name=graph.name,
        layers=tuple(layers),
        arena=arena,
        input=graph.input_tensor,
        input_offset=offsets[graph.input],
        output=graph.output_tensor,
        output_offset=offsets[root(graph.output)],
        nominal_macs=nominal_macs,
    )


from boardless.compiler.emit import emit  # noqa: E402  (emission needs the records above)

__all__ = ["Layer", "Program", "compile_graph", "emit"]
