"""Calls that need less memory and more time, where the arena is smaller by them. Pure.

calls = thrift.used(calls, lives)
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from boardless.model.compiler import plan
from boardless.model.compiler.calls import Call
from boardless.model.compiler.lifetimes import Buffers

WORTH = 0.95  # of the arena: it has to be smaller than that


def used(calls: Sequence[Call], lives: Callable[[Sequence[Call]], Buffers]) -> list[Call]:
    """Returns the calls, thriftier ones where the arena needs them. `lives` says what buffers calls
    need."""
    thrifty = [call.thriftier or call for call in calls]
    if all(call.thriftier is None for call in calls) or not _may_help(lives(thrifty), lives(calls)):
        return list(calls)

    def arena_bytes(chosen: Sequence[Call]) -> int:
        needed = lives(chosen)
        return plan.arrange(needed.buffers, needed.overlaps).arena_bytes

    best = arena_bytes(thrifty)
    if best >= WORTH * arena_bytes(calls):
        return list(calls)
    for step, call in enumerate(calls):
        if call.thriftier is not None:
            other = [*thrifty[:step], call, *thrifty[step + 1 :]]
            if arena_bytes(other) <= best:
                thrifty = other
    return thrifty


def _may_help(thrifty: Buffers, now: Buffers) -> bool:
    """Returns False where the step that needs most would need about the same, which takes no
    search to tell."""
    least, most = (max(plan.needs(each.buffers, each.overlaps)) for each in (thrifty, now))
    return least < WORTH * most
