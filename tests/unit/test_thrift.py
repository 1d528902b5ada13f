"""Calls that need less memory are taken where the arena is smaller by them, and only there."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from boardless.device import boards
from boardless.model import compiler, graph, random_network
from boardless.model.compiler import thrift
from boardless.model.compiler.calls import Call
from boardless.model.compiler.lifetimes import Buffers
from boardless.model.compiler.plan import Buffer

THRIFTY = Call("slow", "params", {}, "slow.h", scratch_bytes=100)
FAST = dataclasses.replace(THRIFTY, function="fast", scratch_bytes=400, thriftier=THRIFTY)
OTHER = Call("other", "params", {}, "other.h")


def lives(others: int) -> Callable[[Sequence[Call]], Buffers]:
    def of(calls: Sequence[Call]) -> Buffers:
        buffers = [Buffer(others, 0, 0, "others")]
        buffers += [
            Buffer(c.scratch_bytes, k, k, c.function, "scratch") for k, c in enumerate(calls)
        ]
        return Buffers(tuple(buffers), (), {}, {})

    return of


def test_nothing_changes_without_a_thriftier_call() -> None:
    assert thrift.used([OTHER, OTHER], lives(10)) == [OTHER, OTHER]


def test_it_is_taken_where_the_arena_is_smaller_by_it() -> None:
    assert thrift.used([OTHER, FAST], lives(10)) == [OTHER, THRIFTY]


def test_a_layer_that_others_exceed_keeps_the_faster_call() -> None:
    assert thrift.used([OTHER, FAST], lives(1000)) == [OTHER, FAST]


def test_of_several_only_those_are_taken_that_the_arena_needs() -> None:
    small = dataclasses.replace(FAST, scratch_bytes=90)
    assert thrift.used([OTHER, FAST, small], lives(10)) == [OTHER, THRIFTY, small]


def test_a_saving_of_one_percent_is_not_worth_it() -> None:
    large = dataclasses.replace(THRIFTY, scratch_bytes=397)
    fast = dataclasses.replace(FAST, thriftier=large)
    assert thrift.used([OTHER, fast], lives(10)) == [OTHER, fast]


def test_the_maps_of_small_depthwise_layers_share_memory() -> None:
    """Tries layers as MLPerf Tiny's keyword spotting has: without bands a map and the next one lie
    side by side."""
    net = random_network.Network((1, 25, 5, 64))
    for _ in range(4):
        net.depthwise(3, 1, random_network.RELU)
        net.conv(64, 1, 1, random_network.RELU)
    program = compiler.compile_graph(
        graph.read(net.content(), "maps"), boards.load("mps2-an386").variants, fold=False
    )
    assert program.arena.arena_bytes < 2 * 25 * 5 * 64
