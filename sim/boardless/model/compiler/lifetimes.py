"""Graph and kernel calls -> the buffers that the planner places. Pure.

memory = lifetimes(graph, calls, same)
plan.arrange(memory.buffers, memory.overlaps)
"""

from __future__ import annotations

from dataclasses import dataclass

from boardless.model.compiler.kernels import Call
from boardless.model.compiler.plan import Buffer, Overlap
from boardless.model.graph import Graph, Operator


@dataclass(frozen=True)
class Buffers:
    """Step i is call number i; the model's input lives from step 0, its output to the very end."""

    buffers: tuple[Buffer, ...]
    overlaps: tuple[Overlap, ...]
    of_tensor: dict[int, int]  # tensor number -> buffer number; several may share one
    of_scratch: dict[int, int]  # call number -> buffer number


class Sharing:
    """The tensors that have the same memory: aliases, and outputs written in place."""

    def __init__(self) -> None:
        self.same: dict[int, int] = {}

    def root(self, tensor: int) -> int:
        while tensor in self.same:
            tensor = self.same[tensor]
        return tensor

    def join(self, tensor: int, with_tensor: int) -> None:
        self.same[self.root(tensor)] = self.root(with_tensor)


def activations(graph: Graph, op: Operator) -> list[int]:
    """The inputs of `op` that are no constants."""
    return [i for i in op.inputs if i >= 0 and graph.tensors[i].data is None]


def lifetimes(
    graph: Graph,
    calls: list[tuple[Call, Operator]],
    sharing: Sharing,
    overlap: bool = True,
    keep_input: bool = False,
) -> Buffers:
    """`sharing` holds the aliases and gets the outputs that are written in place; without
    `overlap` no output shares memory with its input; with `keep_input` the input lives on.
    Variables live from the beginning to the end, whoever writes them."""
    root = sharing.root
    states = [number for number, _ in graph.states]
    first = {root(number): 0 for number in (*graph.inputs, *states)}
    last = {root(number): 0 for number in (*graph.inputs, *states)}
    for step, (_, op) in enumerate(calls):
        for tensor in activations(graph, op):
            last[root(tensor)] = step
        for tensor in op.outputs:
            first[root(tensor)] = last[root(tensor)] = step
    first |= {root(number): 0 for number in states}
    for tensor in [*states, *graph.outputs, *(graph.inputs if keep_input else ())]:
        last[root(tensor)] = len(calls)

    joints = _joints(graph, calls, sharing, first, last) if overlap else {}
    tensors = sorted(first)
    number = {tensor: i for i, tensor in enumerate(tensors)}
    buffers = [
        Buffer(graph.tensors[t].nbytes, first[t], last[t], graph.tensors[t].name) for t in tensors
    ]
    overlaps = tuple(
        Overlap(number[root(source)], number[root(output)], clearance)
        for (source, output), clearance in joints.items()
        if clearance is not None and last[root(source)] == first[root(output)]
    )
    of_scratch = {}
    for step, (call, op) in enumerate(calls):
        if call.scratch_bytes:
            of_scratch[step] = len(buffers)
            buffers.append(Buffer(call.scratch_bytes, step, step, f"{op.name} {step}", "scratch"))
    members = {t: number[root(t)] for t in range(len(graph.tensors)) if root(t) in number}
    return Buffers(tuple(buffers), overlaps, members, of_scratch)


def _joints(
    graph: Graph,
    calls: list[tuple[Call, Operator]],
    sharing: Sharing,
    first: dict[int, int],
    last: dict[int, int],
) -> dict[tuple[int, int], int | None]:
    """Returns the promise of each call. Outputs that are written in place join their input in
    `sharing`, and their lifetimes, `first` and `last`, become one."""
    root = sharing.root
    joints: dict[tuple[int, int], int | None] = {}  # (input, output) roots -> clearance
    for step, (call, op) in enumerate(calls):
        sources = activations(graph, op)
        if not sources or len(op.outputs) != 1:  # a promise is about one output
            continue
        source, output = root(sources[0]), root(op.outputs[0])
        equal = graph.tensors[sources[0]].nbytes == graph.tensors[op.outputs[0]].nbytes
        if call.in_place and equal and last[source] == step:
            sharing.join(output, source)
            last[source] = last.pop(output)
            del first[output]
            continue
        for i, tensor in enumerate(sources):
            clearance = call.clearances[i] if i < len(call.clearances) else None
            both = root(tensor), output
            if both in joints and None in (clearance, joints[both]):
                joints[both] = None  # the same tensor twice, once without a promise
            else:
                joints[both] = (
                    max(clearance, joints.get(both) or 0) if clearance is not None else None
                )
    return joints
