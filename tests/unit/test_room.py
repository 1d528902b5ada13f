"""Calls get scratch memory that the arena has anyway."""

from __future__ import annotations

import dataclasses

import pytest
from boardless.model.compiler import plan, room
from boardless.model.compiler.calls import Call
from boardless.model.compiler.plan import Buffer

MANY = dataclasses.replace(
    Call("many", "params", {}, "many.h", macs=room.LEAST_MACS, scratch_bytes=64),
    most_scratch_bytes=100,
).with_clearances(8)
FEW = dataclasses.replace(
    Call("few", "params", {}, "few.h", macs=room.LEAST_MACS, scratch_bytes=16), roomier=MANY
).with_clearances(8)


def in_the_arena(large: int, call: Call = FEW, spare: int = 0) -> tuple[Call, plan.Plan, plan.Plan]:
    """Returns the call that is chosen, the plan and the one before. The call is number 2, behind
    calls that need `large` bytes."""
    other = Call("other", "params", {}, "other.h")
    buffers = [
        Buffer(large, 0, 1, "large"),
        Buffer(32, 1, 2, "in"),
        Buffer(32, 2, 3, "out"),
        Buffer(call.scratch_bytes, 2, 2, "few 2", "scratch"),
    ]
    before = plan.arrange(buffers)
    calls, arena = room.used([other, other, call], before, {2: 3}, spare)
    assert calls[:2] == [other, other]
    return calls[2], arena, before


def test_a_call_gets_what_the_arena_has_anyway() -> None:
    call, arena, before = in_the_arena(136)
    assert (call.function, call.scratch_bytes, call.clearances) == ("many", 100, (8,))
    assert arena.arena_bytes == before.arena_bytes == 168
    assert arena.buffers[3].size == 100
    begin = arena.offsets[3]
    assert begin + 100 <= 168
    for other in (1, 2):
        at = arena.offsets[other]
        assert at + 32 <= begin or begin + 100 <= at


def test_it_gets_less_where_there_is_less() -> None:
    call, arena, before = in_the_arena(100)
    assert call.function == "many"
    assert call.scratch_bytes == arena.buffers[3].size == 72
    assert arena.arena_bytes == before.arena_bytes


@pytest.mark.parametrize("large", [88, 8])
def test_no_arena_grows(large: int) -> None:
    call, arena, before = in_the_arena(large)
    assert call is FEW
    assert arena == before


def test_a_small_model_keeps_its_calls() -> None:
    small = dataclasses.replace(MANY, macs=room.LEAST_MACS - 1).with_clearances(8)
    call = dataclasses.replace(FEW, roomier=small)
    assert in_the_arena(136, call)[0] is call
    assert in_the_arena(136, call, spare=8)[0].function == "many"


def test_an_arena_may_grow_where_that_is_asked_for() -> None:
    call, arena, before = in_the_arena(88, spare=1000)
    assert (call.function, call.scratch_bytes) == ("many", 100)
    assert before.arena_bytes < arena.arena_bytes < before.arena_bytes + 1000
    assert max(o + b.size for o, b in zip(arena.offsets, arena.buffers, strict=True)) <= (
        arena.arena_bytes
    )


def test_the_plan_changes_where_that_makes_room() -> None:
    """Checks an arena of 200 bytes, in which the output may lie behind its input, or over it."""
    other = Call("other", "params", {}, "other.h")
    buffers = [
        Buffer(200, 0, 0, "large"),
        Buffer(80, 1, 2, "in"),
        Buffer(80, 2, 3, "out"),
        Buffer(FEW.scratch_bytes, 2, 2, "few 2", "scratch"),
    ]
    best = plan.arrange(buffers, [plan.Overlap(1, 2, 0)])
    before = dataclasses.replace(best, offsets=(0, 0, 80, 160))
    assert best.arena_bytes == before.arena_bytes == 200
    calls, arena = room.used([other, other, FEW], before, {2: 3})
    assert (calls[2].function, calls[2].scratch_bytes) == ("many", 100)
    assert arena.arena_bytes == 200
    assert arena.shared(1) == [(2, 80)]
