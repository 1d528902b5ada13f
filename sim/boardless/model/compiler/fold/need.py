"""2. Need: which channels must exist?

needed = needed_channels(graph, steps, activations)
"""

from __future__ import annotations

import numpy as np

from boardless.model.compiler import fixed_point
from boardless.model.compiler.fold.records import Dense, Flags, Step, count
from boardless.model.graph import Graph, Operator


def needed_channels(graph: Graph, steps: list[Step], activations: set[int]) -> dict[int, Flags]:
    """Tensor -> flag per channel. Grows from what the output needs until nothing changes."""
    needed = {t: np.zeros(count(graph.tensors[t]), np.bool_) for t in activations}
    for t in (*graph.inputs, *graph.outputs, *graph.state_tensors):
        needed[t][:] = True
    for step in steps:
        if not step.links and not step.dense:
            for t in (*step.op.inputs, *(() if step.free else step.op.outputs)):
                if t in needed:
                    needed[t][:] = True
    full: set[int] = set()  # operators whose bias can take nothing more
    fill = False
    while True:
        before = _total_needed(needed)
        for step in reversed(steps):
            # A tensor of nothing has no place in memory. The last one first: it decides for others.
            for t in step.op.outputs if fill else ():
                needed[t][0] |= not needed[t].any()
            _spread(step, needed, step.op.index in full)
        for step in steps:  # links carry forward, too
            _spread(step, needed, step.op.index in full)
        if _total_needed(needed) > before:
            continue
        if not fill:
            fill = True
            continue
        overflowing = {
            s.op.index
            for s in steps
            if s.dense and s.op.index not in full and _overflows(s.dense, s.op, needed)
        }
        if not overflowing:
            return needed
        full |= overflowing


def _total_needed(needed: dict[int, Flags]) -> int:
    return sum(int(flags.sum()) for flags in needed.values())


def _spread(step: Step, needed: dict[int, Flags], bias_is_full: bool) -> None:
    """Passes on which channels one operator's output needs of its inputs, and the other way
    round."""
    if step.dense:
        outputs = needed[step.op.outputs[0]]
        needed[step.op.inputs[0]] |= _reads(step.dense, outputs, bias_is_full)
    for tensor, index in step.links:
        output, mine = needed[step.op.outputs[0]], index >= 0
        needed[tensor][index[mine & output]] = True
        output[mine] |= needed[tensor][index[mine]]


def _reads(d: Dense, outputs: Flags, bias_is_full: bool) -> Flags:
    """Channels that cannot be folded away: one is read that varies, or that the border sees."""
    constant = d.neutral if bias_is_full else d.constant
    read, at_border = d.reads[outputs].any(axis=0), d.mixed[outputs].any(axis=0)
    flags: Flags = (read & ~constant) | (at_border & ~d.neutral)
    return flags


def _overflows(d: Dense, op: Operator, needed: dict[int, Flags]) -> bool:
    """Could the accumulator leave int32 on its way, starting from the new bias?"""
    rows, kept = needed[op.outputs[0]], needed[op.inputs[0]]
    share = d.share[rows][:, ~kept].sum(axis=1)
    limit = np.abs(d.bias[rows] + share) + d.reach[rows][:, kept].sum(axis=1)
    return bool((share.astype(np.bool_) & (limit > fixed_point.INT32_MAX)).any())
