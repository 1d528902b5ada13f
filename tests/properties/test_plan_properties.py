"""The planner never lets two live buffers meet but where a kernel's order of access allows it, and
that order, simulated byte by byte, never reads what was overwritten."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from boardless.model.compiler.kernels import place_window
from boardless.model.compiler.overlap import window_clearance
from boardless.model.compiler.plan import ALIGNMENT, Buffer, Overlap, Plan, aligned, arrange
from hypothesis import given, settings
from hypothesis import strategies as st

Problem = tuple[list[Buffer], list[Overlap]]


@st.composite
def problems(draw: st.DrawFn, most_steps: int = 12) -> Problem:
    """Chains with branches: each step reads one or two living tensors, writes one, may have scratch
    and may let its output overlap an input that dies in it."""
    steps = draw(st.integers(0, most_steps))
    size = st.integers(1, 600)
    first, last, reads = [0], [0], []
    for step in range(steps):
        newest = len(first) - 1
        inputs = {newest}
        if newest and draw(st.integers(0, 3)) == 0:
            inputs.add(draw(st.integers(max(0, newest - 4), newest - 1)))
        for i in inputs:
            last[i] = step
        reads.append(inputs)
        first.append(step)
        last.append(step)
    last[-1] = steps
    buffers = [
        Buffer(draw(size), f, e, f"t{i}") for i, (f, e) in enumerate(zip(first, last, strict=True))
    ]
    overlaps = [
        Overlap(i, step + 1, draw(st.integers(0, 700)))
        for step, inputs in enumerate(reads)
        for i in sorted(inputs)
        if last[i] == step and draw(st.booleans())
    ]
    for step in range(steps):
        if draw(st.integers(0, 5)) == 0:
            buffers.append(Buffer(draw(size), step, step, f"s{step}", "scratch"))
    return buffers, overlaps


def check(plan: Plan, buffers: list[Buffer], overlaps: list[Overlap]) -> None:
    """Every rule a plan must keep, from the definition."""
    allowed = {(o.input, o.output): o.clearance for o in overlaps}
    for offset, buffer in zip(plan.offsets, buffers, strict=True):
        assert offset >= 0
        assert offset % ALIGNMENT == 0
        assert offset + buffer.size <= plan.arena_bytes
    for i, k in itertools.combinations(range(len(buffers)), 2):
        a, b = buffers[i], buffers[k]
        if a.last < b.first or b.last < a.first:
            continue
        if (
            plan.offsets[i] + a.size <= plan.offsets[k]
            or plan.offsets[k] + b.size <= plan.offsets[i]
        ):
            continue
        source, output = (i, k) if (i, k) in allowed else (k, i)
        assert (source, output) in allowed, f"{a} and {b} share bytes"
        assert plan.offsets[output] + allowed[source, output] <= plan.offsets[source]


@given(problems())
@settings(deadline=None)  # a search that misses its bound takes its time
def test_live_buffers_meet_only_where_allowed(problem: Problem) -> None:
    buffers, overlaps = problem
    plan = arrange(buffers, overlaps)
    check(plan, buffers, overlaps)
    assert plan.lower_bound <= plan.arena_bytes <= sum(aligned(b.size) for b in buffers)
    assert plan == arrange(buffers, overlaps)  # nothing is left to chance


@given(problems(most_steps=3))
@settings(deadline=None)  # a search that misses its bound takes its time
def test_small_plans_are_the_best_there_are(problem: Problem) -> None:
    buffers, overlaps = problem
    if len(buffers) > 4:
        buffers, overlaps = buffers[:4], [o for o in overlaps if o.output < 4]
    plan = arrange(buffers, overlaps)
    check(plan, buffers, overlaps)
    least = optimum(buffers, overlaps)
    assert plan.lower_bound <= least == plan.arena_bytes


def optimum(buffers: list[Buffer], overlaps: list[Overlap]) -> int:
    """Tries who lies above whom, for all pairs, and takes the longest path of each choice."""
    allowed = {(o.output, o.input): aligned(o.clearance) for o in overlaps}
    pairs = [
        (i, k)
        for i, k in itertools.combinations(range(len(buffers)), 2)
        if buffers[i].overlaps(buffers[k])
    ]
    best = sum(aligned(b.size) for b in buffers)
    for choice in itertools.product([False, True], repeat=len(pairs)):
        edges = [(k, i) if swap else (i, k) for swap, (i, k) in zip(choice, pairs, strict=True)]
        offsets = [0] * len(buffers)
        for _ in buffers:  # Bellman-Ford; a cycle keeps growing and shows below
            for low, high in edges:
                size = aligned(buffers[low].size)
                rise = min(size, allowed.get((low, high), size))
                offsets[high] = max(offsets[high], offsets[low] + rise)
        settled = all(
            offsets[high]
            >= offsets[low] + min(s := aligned(buffers[low].size), allowed.get((low, high), s))
            for low, high in edges
        )
        if settled:
            tops = (o + aligned(b.size) for o, b in zip(offsets, buffers, strict=True))
            best = min(best, max(tops))
    return best


@given(problems())
@settings(deadline=None)  # a search that misses its bound takes its time
def test_chains_reach_their_lower_bound(problem: Problem) -> None:
    """The bound is exact without branches and scratch, and the search finds it."""
    buffers = [b for b in problem[0] if b.kind == "activation"]
    chain = [Buffer(b.size, max(0, i - 1), i, b.name) for i, b in enumerate(buffers)]
    joints = {o.output: o.clearance for o in problem[1]}
    overlaps = [Overlap(i - 1, i, d) for i, d in joints.items() if i]
    plan = arrange(chain, overlaps)
    check(plan, chain, overlaps)
    assert plan.arena_bytes == plan.lower_bound


def test_an_overlap_needs_a_common_step() -> None:
    with pytest.raises(ValueError, match="does not join"):
        arrange([Buffer(8, 0, 2), Buffer(8, 1, 2)], [Overlap(0, 1, 0)])


# ---- the order of access, byte by byte ----

axes = st.tuples(
    st.integers(1, 7),  # input
    st.integers(1, 4),  # filter
    st.integers(1, 4),  # stride
    st.integers(1, 3),  # dilation
    st.sampled_from(["SAME", "EXPLICIT"]),
    st.integers(0, 4),  # padding before
    st.integers(0, 4),  # and after
)


@st.composite
def windows(draw: st.DrawFn) -> dict[str, int]:
    """bl_window's fields with at least one output pixel; filters may be larger than the map."""
    window = {"input_c": draw(st.integers(1, 4)), "output_c": draw(st.integers(1, 6))}
    for axis, pad in (("h", "pad_top"), ("w", "pad_left")):
        size, taps, stride, dilation, padding, before, after = draw(axes)
        options: dict[str, Any] = {"padding": padding, "pad": (before, after)}
        pad_before, output = place_window(options, "pad", size, taps, stride, dilation)
        if output < 1:
            pad_before, output = place_window({"padding": "SAME"}, "", size, taps, stride, dilation)
        window |= {f"input_{axis}": size, f"filter_{axis}": taps, f"stride_{axis}": stride}
        window |= {f"dilation_{axis}": dilation, f"output_{axis}": output, pad: pad_before}
    return window


def taps(w: dict[str, int], pixel: int) -> list[int]:
    """The input pixels under the window of one output pixel."""
    y, x = divmod(pixel, w["output_w"])
    rows = [y * w["stride_h"] - w["pad_top"] + k * w["dilation_h"] for k in range(w["filter_h"])]
    columns = [
        x * w["stride_w"] - w["pad_left"] + k * w["dilation_w"] for k in range(w["filter_w"])
    ]
    return [
        row * w["input_w"] + column
        for row in rows
        for column in columns
        if 0 <= row < w["input_h"] and 0 <= column < w["input_w"]
    ]


def survives(
    w: dict[str, int], itemsize: int, distance: int, events: list[tuple[Any, ...]]
) -> bool:
    """Plays ("read", pixel), ("write", pixel) and ("write", pixel, channel) on one memory in which
    the output begins `distance` bytes before the input; False when a read meets a written byte."""
    written: set[int] = set()
    for what, pixel, *rest in events:
        channel: list[int] = rest
        if what == "write":
            begin = pixel * w["output_c"] + (channel[0] if channel else 0)
            end = begin + 1 if channel else begin + w["output_c"]
            written |= set(range(begin * itemsize, end * itemsize))
            continue
        for tap in taps(w, pixel):
            begin = distance + tap * w["input_c"] * itemsize
            if not written.isdisjoint(range(begin, begin + w["input_c"] * itemsize)):
                return False
    return True


def reference_order(w: dict[str, int]) -> list[Any]:
    """Returns the order of the reference kernels: each channel reads the window again, then is
    written."""
    return [
        event
        for pixel in range(w["output_h"] * w["output_w"])
        for channel in range(w["output_c"])
        for event in (("read", pixel), ("write", pixel, channel))
    ]


def worst_order(w: dict[str, int], pixels: int) -> list[Any]:
    """The worst that the promise allows: as much as possible is written before each read."""
    events: list[Any] = []
    count = w["output_h"] * w["output_w"]
    done = 0
    for pixel in range(count):
        for ahead in range(done, min(pixel + pixels, count)):
            events.append(("write", ahead))
        done = max(done, min(pixel + pixels, count))
        events.append(("read", pixel))
    return events


def grouped_order(w: dict[str, int], pixels: int, gathered: bool) -> list[Any]:
    """Groups along a row, the last of a row smaller; all windows first, or channel by channel over
    the group as a depthwise kernel that goes through rows does."""
    events: list[Any] = []
    for y in range(w["output_h"]):
        for x in range(0, w["output_w"], pixels):
            begin = y * w["output_w"] + x
            group = range(begin, begin + min(pixels, w["output_w"] - x))
            if gathered:
                events += [("read", p) for p in group] + [("write", p) for p in group]
                continue
            for channel in range(w["output_c"]):
                for p in group:
                    events += [("read", p), ("write", p, channel)]
    return events


@given(windows(), st.sampled_from([1, 4]))
def test_reference_kernels_never_read_what_they_overwrote(w: dict[str, int], itemsize: int) -> None:
    distance = window_clearance(w, itemsize, pixels=1)
    assert survives(w, itemsize, distance, reference_order(w))
    assert survives(w, itemsize, distance + 3, reference_order(w))


@given(windows(), st.sampled_from([1, 4]), st.integers(0, 8))
def test_the_clearance_is_enough_and_no_byte_more(
    w: dict[str, int], itemsize: int, pixels: int
) -> None:
    distance = window_clearance(w, itemsize, pixels)
    worst = worst_order(w, pixels)
    assert survives(w, itemsize, distance, worst)
    assert distance == 0 or not survives(w, itemsize, distance - 1, worst)


@given(windows(), st.integers(1, 5))
def test_groups_of_pixels_keep_the_promise(w: dict[str, int], pixels: int) -> None:
    gathered, spread = window_clearance(w, 1, 0), window_clearance(w, 1, pixels)
    assert survives(w, 1, gathered, grouped_order(w, pixels, gathered=True))
    assert survives(w, 1, spread, grouped_order(w, pixels, gathered=False))
    row = window_clearance(w, 1, w["output_w"])
    assert survives(w, 1, row, grouped_order(w, w["output_w"], gathered=False))


@given(windows(), st.sampled_from([1, 4]))
def test_the_whole_map_at_once_needs_no_overlap(w: dict[str, int], itemsize: int) -> None:
    """A group as large as the map is a kernel without any order: its output must end before the
    first byte it reads."""
    count = w["output_h"] * w["output_w"]
    read = [tap for pixel in range(count) for tap in taps(w, pixel)]
    expected = count * w["output_c"] - min(read) * w["input_c"] if read else 0
    assert window_clearance(w, itemsize, count) == max(0, expected * itemsize)
