"""Graph -> Program -> C: fusion, kernel choice, arena plan, weight packing, emission.

program = compile_graph(graph, twins=("dsp",))
files = emit(program, build_id="0123456789abcdef")
"""

from __future__ import annotations

from dataclasses import dataclass

from boardless.compiler import constants, fuse, kernels, lifetimes, plan
from boardless.errors import BadInput
from boardless.graph import Graph, Operator, Tensor


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
    input_kept: bool = False  # an inference leaves its input as it is

    @property
    def macs(self) -> int:
        return sum(layer.call.macs for layer in self.layers)


def compile_graph(
    graph: Graph, twins: tuple[str, ...] = (), overlap: bool = True, keep_input: bool = False
) -> Program:
    """Chooses a kernel for every operator and a place for every activation.

    Without `overlap` no output shares memory with an input of the same call: larger, and what
    tests compare with. With `keep_input` an inference may be repeated on the same input: a larger
    arena, but whoever holds the pictures needs no copy of them.
    """
    graph = fuse.fold_padding(constants.fold(graph))
    calls: list[tuple[kernels.Call, Operator]] = []
    sharing = lifetimes.Sharing()
    for op in graph.operators:
        context = kernels.Context(graph, op, twins)
        lowered = kernels.lower(context)
        sources = lifetimes.activations(graph, op)
        if not sources:
            raise context.refuse("all of its inputs are constants")
        if isinstance(lowered, kernels.Alias):
            sharing.join(op.outputs[0], sources[0])
        else:
            calls.append((lowered, op))
    memory = lifetimes.lifetimes(graph, calls, sharing, overlap, keep_input)
    if graph.output not in memory.of_tensor:
        raise BadInput("the model's output is a constant", where=graph.name)
    arena = plan.arrange(memory.buffers, memory.overlaps)

    def offset(tensor: int) -> int:
        return arena.offsets[memory.of_tensor[tensor]]

    layers = []
    for index, (call, op) in enumerate(calls):
        inputs = lifetimes.activations(graph, op)
        layers.append(
            Layer(
                index=index,
                op=op.name,
                name=graph.tensors[op.outputs[0]].name,
                call=call,
                inputs=tuple(map(offset, inputs)),
                output=offset(op.outputs[0]),
                scratch=arena.offsets[memory.of_scratch[index]] if call.scratch_bytes else 0,
                input_shapes=tuple(graph.tensors[i].type_and_shape for i in inputs),
                output_shape=graph.tensors[op.outputs[0]].type_and_shape,
            )
        )
    return Program(
        name=graph.name,
        layers=tuple(layers),
        arena=arena,
        input=graph.input_tensor,
        input_offset=offset(graph.input),
        output=graph.output_tensor,
        output_offset=offset(graph.output),
        input_kept=keep_input,
    )


from boardless.compiler.emit import emit  # noqa: E402  (emission needs the records above)

__all__ = ["Layer", "Program", "compile_graph", "emit"]
