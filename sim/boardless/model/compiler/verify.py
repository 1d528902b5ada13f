"""Goes through a finished memory plan as the device will, and finds out whether it holds.

    plan(graph, lowered, arena, offsets, scratch)    # BoardlessError where it does not

Nothing of the planner is used here, neither lifetimes nor the search: for every byte of the arena
it is noted whose value lies there, call after call. What a call reads must still be there, what it
writes must lie in the arena, and where it writes over one of its own inputs it must have promised
to.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from boardless.core.errors import BoardlessError
from boardless.model.compiler.kernels import Alias, Call
from boardless.model.compiler.plan import Plan
from boardless.model.graph import Graph, Operator

NOBODY, SCRATCH = -1, -2  # whose a byte is, where it is no tensor's
ALIGNMENT = 8  # bytes: the kernels' loads need it
Span = tuple[int, int]  # of bytes in the arena, the end not included


class WrongPlan(BoardlessError):
    """A bug of the compiler."""

    def __init__(self, what: str, where: str) -> None:
        hint = "this is a bug of boardless, please report it"
        super().__init__(f"the memory plan is wrong: {what}", where=where, hint=hint)


def plan(
    graph: Graph,
    lowered: Iterable[tuple[Call | Alias, Operator]],
    arena: Plan,
    offsets: Mapping[int, int],
    scratch: Mapping[int, int],
    keep_input: bool = False,
) -> None:
    """Returns nothing where the plan holds. `offsets` are of tensors, `scratch` of calls."""
    owner = np.full(arena.arena_bytes, NOBODY, np.int64)
    begun = [*graph.inputs, *graph.state_tensors]
    value = {number: number for number in begun}  # tensor -> the one that wrote its bytes

    def span(offset: int, size: int, where: str) -> Span:
        if offset < 0 or offset % ALIGNMENT or offset + size > arena.arena_bytes:
            raise WrongPlan(f"{size} bytes at {offset} of {arena.arena_bytes}", where)
        return offset, offset + size

    def of(tensor: int, where: str) -> Span:
        return span(offsets[tensor], graph.tensors[tensor].nbytes, where)

    def intact(tensor: int, where: str) -> None:
        begin, end = of(tensor, where)
        if tensor not in value or (owner[begin:end] != value[tensor]).any():
            raise WrongPlan(f"tensor {tensor} is read and no longer there", where)

    for number in begun:
        begin, end = of(number, graph.name)
        if (owner[begin:end] != NOBODY).any():
            raise WrongPlan("two inputs or variables share memory", graph.name)
        owner[begin:end] = number
    step = 0
    for call, op in lowered:
        where = f"{graph.name}, operator {op.index} {op.name}"
        sources = [i for i in op.inputs if i >= 0 and graph.tensors[i].data is None]
        for tensor in sources:
            intact(tensor, where)
        for tensor in {*op.outputs} & {*graph.state_tensors}:
            intact(tensor, where)  # the call may read it before it writes it
        outputs = [of(tensor, where) for tensor in op.outputs]
        if isinstance(call, Alias):
            if outputs != [of(sources[0], where)]:
                raise WrongPlan("an alias lies elsewhere", where)
            value[op.outputs[0]] = value[sources[0]]
            continue
        inputs = [of(tensor, where) for tensor in sources]
        for output, (k, source) in itertools.product(outputs, enumerate(inputs)):
            promised = len(outputs) == 1 and _promised(call, k, source, output)
            if _meet(output, source) and not promised:
                raise WrongPlan("it writes over its input", where)
        if any(_meet(a, b) for a, b in itertools.combinations(outputs, 2)):
            raise WrongPlan("two of its outputs share memory", where)
        if call.scratch_bytes:
            work = span(scratch[step], call.scratch_bytes, where)
            if any(_meet(work, other) for other in [*outputs, *inputs]):
                raise WrongPlan("its scratch memory is not free", where)
            owner[work[0] : work[1]] = SCRATCH
        for tensor, output in zip(op.outputs, outputs, strict=True):
            owner[output[0] : output[1]] = value[tensor] = tensor
        step += 1
    for tensor in [*graph.outputs, *begun[0 if keep_input else len(graph.inputs) :]]:
        intact(tensor, graph.name)


def _meet(a: Span, b: Span) -> bool:
    return a[0] < b[1] and b[0] < a[1]


def _promised(call: Call, k: int, source: Span, output: Span) -> bool:
    """Returns True if the kernel may write over its activation number `k` as these lie."""
    if call.in_place and k == 0 and source == output:
        return True
    clearances: Sequence[int | None] = call.clearances
    clearance = clearances[k] if k < len(clearances) else None
    return clearance is not None and output[0] + clearance <= source[0]
