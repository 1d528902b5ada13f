"""The file of a counted run and what is made of it, by hand-made recordings."""

from __future__ import annotations

import zlib
from collections.abc import Mapping

import hypothesis.strategies as st
import numpy as np
import pytest
from boardless.core.errors import BadInput, ToolFailed
from boardless.cycles import recording as files
from boardless.cycles.counts import OUTSIDE, Counted
from boardless.cycles.recording import Change, Recording, Segment
from hypothesis import given

# Three segments: 0x100 (2, 4 bytes), 0x106 (2), and 0x102 (4), where a jump goes into the first.
SEGMENTS = (
    Segment(0x100, bytes([2, 4]), b"abCDEF"),
    Segment(0x106, bytes([2]), b"gh"),
    Segment(0x102, bytes([4]), b"CDEF"),
)


def change(region: int, entries: Mapping[int, tuple[int, ...]], width: int = 2) -> Change:
    numbers = np.array(sorted(entries), np.int64)
    rows = [entries[int(n)] for n in numbers]
    return Change(region, 0, 0, numbers, np.array(rows, np.int64).reshape(-1, width))


def recording(*passes: tuple[tuple[Change, ...], int], outside: Change | None = None) -> Recording:
    return Recording(
        ("executed", "fallthrough"), SEGMENTS, passes, outside or change(OUTSIDE, {}), 0
    )


TWO = recording(
    ((change(0, {0: (10, 1), 1: (9, 9)}), change(1, {2: (5, 0)})), 2),
    ((change(0, {0: (-3, 0)}),), 1),
    outside=change(OUTSIDE, {1: (100, 40)}),
)


def test_segments_become_instructions() -> None:
    counted = Counted.of(TWO)
    assert counted.code.address.tolist() == [0x100, 0x102, 0x106]
    assert counted.code.size.tolist() == [2, 4, 2]
    assert counted.code.content == (b"ab", b"CDEF", b"gh")
    assert counted.regions == (OUTSIDE, 0, 1)
    assert counted.passes == 3
    first = counted.tally(0, 0)
    assert first.executed.tolist() == [10, 10, 9]
    assert first.fallthrough.tolist() == [1, 10, 9]  # inside of a segment there is no other way
    both = counted.tally(None, 0)
    assert both.executed.tolist() == [10, 15, 9]
    assert both.fallthrough.tolist() == [1, 10, 9]


def test_passes_differ_by_what_is_written() -> None:
    counted = Counted.of(TWO)
    assert counted.tally(0, 1).executed.tolist() == [10, 10, 9]
    assert counted.tally(0, 2).executed.tolist() == [7, 7, 9]
    assert counted.tally(1, 2).executed.tolist() == [0, 5, 0]
    assert counted.tally(0, 0).executed.tolist() == [10, 10, 9]  # back again
    assert counted.instructions.tolist() == [34, 34, 28]
    assert [t.instructions for t in counted.each()] == [34, 34, 28]
    assert counted.tally().instructions == 96
    assert counted.tally(0).instructions + counted.tally(1).instructions == 96


def test_what_is_outside_belongs_to_no_pass() -> None:
    counted = Counted.of(TWO)
    assert counted.tally(OUTSIDE).executed.tolist() == [0, 0, 100]
    with pytest.raises(BadInput, match="belongs to none of them"):
        counted.tally(OUTSIDE, 0)
    with pytest.raises(BadInput, match="region 7 did not occur; these did: -1, 0, 1"):
        counted.tally(7)
    with pytest.raises(BadInput, match="pass 3 did not occur; there were 3"):
        counted.tally(0, 3)


def test_devices_are_put_into_order() -> None:
    other = recording(((change(0, {1: (1, 0)}),), 1), ((change(2, {1: (4, 0)}),), 1))
    counted = Counted.of(TWO, other, order=[(1, 0), (0, 2), (1, 1), (0, 0)])
    assert counted.regions == (OUTSIDE, 0, 1, 2)
    assert counted.instructions.tolist() == [1, 28, 5, 34]
    assert [t.instructions for t in counted.each()] == [1, 28, 5, 34]
    assert [t.instructions for t in counted.each(1)] == [0, 5, 0, 5]
    assert counted.tally().instructions == 68
    assert counted.tally(2).instructions == 4


def test_tallies_add_up() -> None:
    counted = Counted.of(TWO)
    total = counted.tally(0, 0) + counted.tally(1, 0)
    assert total.executed.tolist() == counted.tally(None, 0).executed.tolist()
    assert total.fallthrough.tolist() == counted.tally(None, 0).fallthrough.tolist()


def test_large_counts_stay_exact() -> None:
    large = recording(
        ((change(0, {0: (2**62, 2**40), 1: (-(2**31), 2**31)}),), 1),
        outside=change(OUTSIDE, {2: (2**31 - 1, -(2**31) - 1)}),
    )
    again = files.read(files.write(large), "x")
    assert again.passes[0][0][0].difference.tolist() == [[2**62, 2**40], [-(2**31), 2**31]]
    assert again.outside.difference.tolist() == [[2**31 - 1, -(2**31) - 1]]
    assert Counted.of(again).tally(0).executed[0] == 2**62


def test_cache_events_lie_at_the_ends_of_segments() -> None:
    columns = ("executed", "fallthrough", "i_jump_miss", "d_read_miss")
    source = Recording(
        columns, SEGMENTS, (((change(0, {0: (10, 1, 3, 7)}, 4),), 1),), change(OUTSIDE, {}, 4), 0
    )
    tally = Counted.of(source).tally(0)
    assert tally.events["i_jump_miss"].tolist() == [3, 0]
    assert tally.events["d_read_miss"].tolist() == [0, 7]


def test_code_that_changes_is_refused() -> None:
    segments = (*SEGMENTS, Segment(0x100, bytes([2]), b"xy"))
    source = Recording(
        ("executed", "fallthrough"), segments, (), change(OUTSIDE, {0: (1, 0), 3: (1, 0)}), 0
    )
    with pytest.raises(BadInput, match="the code at 0x100 changed while it ran"):
        Counted.of(source)


def test_code_that_was_only_translated_is_left_out() -> None:
    counted = Counted.of(recording(outside=change(OUTSIDE, {1: (1, 0)})))
    assert counted.code.address.tolist() == [0x106]
    assert counted.tally(OUTSIDE).executed.tolist() == [1]
    assert counted.tally().instructions == 0


def test_a_block_that_reaches_too_far_is_cut() -> None:
    """QEMU 7 hands out bytes of the next instruction with the last one of some blocks."""
    segments = (Segment(0x7FC, bytes([4]), b"abcd"), Segment(0x7FE, bytes([4]), b"cdef"))
    source = Recording(
        ("executed", "fallthrough"), segments, (), change(OUTSIDE, {0: (2, 0), 1: (2, 2)}), 0
    )
    assert Counted.of(source).code.content == (b"ab", b"cdef")


# ---- the file ----

changes = st.dictionaries(
    st.integers(0, 2), st.tuples(st.integers(-(2**62), 2**62), st.integers(-(2**62), 2**62))
)
records = st.builds(
    lambda passes, outside, signal: Recording(
        ("executed", "fallthrough"),
        SEGMENTS,
        tuple((tuple(change(r, e) for r, e in regions), n) for regions, n in passes),
        change(OUTSIDE, outside),
        signal,
    ),
    st.lists(
        st.tuples(st.lists(st.tuples(st.integers(0, 5), changes), max_size=3), st.integers(1, 9)),
        max_size=4,
    ),
    changes,
    st.integers(0, 31),
)


def plain(source: Recording) -> object:
    """Comparable, whatever order narrow and wide entries have."""

    def entries(c: Change) -> object:
        return c.region, sorted(zip(c.segments.tolist(), c.difference.tolist(), strict=True))

    passes = [([entries(c) for c in changes], n) for changes, n in source.passes]
    return source.columns, source.segments, passes, entries(source.outside), source.signal


@given(records)
def test_a_file_comes_back_as_it_was(source: Recording) -> None:
    assert plain(files.read(files.write(source), "x")) == plain(source)


@given(records, st.data())
def test_a_cut_file_is_noticed(source: Recording, data: st.DataObject) -> None:
    content = files.write(source)
    cut = content[: data.draw(st.integers(0, len(content) - 1))]
    with pytest.raises(ToolFailed, match="the counts are not whole"):
        files.read(cut, "x")


@pytest.mark.slow
@given(records, st.data())
def test_a_damaged_file_is_noticed(source: Recording, data: st.DataObject) -> None:
    content = bytearray(files.write(source))
    at = data.draw(st.integers(0, len(content) - 1))
    content[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(ToolFailed, match=r"the counts are not whole: .*; run it again"):
        files.read(bytes(content), "x")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "they do not begin as counts do"),
        (b"BLCOUNTS\x02\0\0\0\x02\0\0\0", "version 2 is not 1"),
        (b"BLCOUNTS\x01\0\0\0\x02\0\0\0WHAT\0\0\0\0", "a record of the unknown kind b'WHAT'"),
        (b"BLCOUNTS\x01\0\0\0\x02\0\0\0NAME\x02\0\0\0a\0", "its columns do not fit"),
        (b"BLCOUNTS\x01\0\0\0\x02\0\0\0SEGM\xff", "it ends in the middle of a record"),
    ],
)
def test_what_is_wrong_is_said(content: bytes, why: str) -> None:
    with pytest.raises(ToolFailed) as caught:
        files.read(content, "counts of a.elf")
    assert str(caught.value).startswith(f"counts of a.elf: the counts are not whole: {why}")


def test_a_wrong_checksum_is_said() -> None:
    content = bytearray(files.write(TWO))
    content[-4:] = (zlib.crc32(b"") ^ 1).to_bytes(4, "little")
    with pytest.raises(ToolFailed, match="its checksum is wrong"):
        files.read(bytes(content), "x")
