"""The runners catch what they are there for: kernels that stray, overflow, or crash the core."""

from __future__ import annotations

import re
import struct

import pytest
from boardless.core import paths
from properties import machines, records, runners
from properties.records import Block, record


def stray(machine: str, read_at: int = 0, write_at: int = 0, add_to_max: int = 0) -> bytes:
    params = {"read_at": read_at, "write_at": write_at, "add_to_max": add_to_max}
    runner = runners.load(machine)
    return runner.probe("bl_probe_stray_access", params, bytes(8), 8, None, "bl_probe_stray")[1]


@runners.machines
def test_a_kernel_that_behaves(machine: str) -> None:
    assert stray(machine, 7, 7) == bytes([records.PATTERN] * 7 + [1])


@pytest.mark.parametrize("place", [-1, 8, -200, 200])
def test_address_sanitizer_sees_stray_reads_and_writes(place: int) -> None:
    with pytest.raises(machines.KernelCrash, match=r"use-after-poison[\s\S]*READ of size 1"):
        stray("host", read_at=place)
    with pytest.raises(machines.KernelCrash, match=r"use-after-poison[\s\S]*WRITE of size 1"):
        stray("host", write_at=place)
    assert stray("host", 7, 7)[7] == 1, "the runner starts again after a crash"


def test_a_write_beside_an_output_that_shares_memory_with_an_input_is_seen() -> None:
    runners._unchanged(b"abcd", b"axyd", [(9, 11)], 8, "kernel")
    with pytest.raises(AssertionError, match="kernel wrote byte 3 of its input"):
        runners._unchanged(b"abcd", b"axyz", [(9, 11)], 8, "kernel")


def test_undefined_behaviour_sanitizer_sees_overflow() -> None:
    with pytest.raises(machines.KernelCrash, match="signed integer overflow"):
        stray("host", add_to_max=1)


@pytest.mark.emulated
@pytest.mark.parametrize("place", [-1, -200, 8, 200])
def test_guard_bytes_see_stray_writes_on_the_core(place: int) -> None:
    with pytest.raises(AssertionError, match="wrote 1 guard bytes"):
        stray("core", write_at=place)


@pytest.mark.emulated
def test_a_crash_of_the_core_is_reported_and_survived() -> None:
    with pytest.raises(machines.KernelCrash, match="the firmware crashed"):
        stray("core", read_at=1 << 30)
    assert stray("core", 7, 7)[7] == 1


def test_a_changed_constant_is_seen() -> None:
    """The host's sanitizer allows the write, so the comparison has to find it."""
    made = record(0, [Block(b"\1\2\3\4"), Block(b"\5", writable=True)], [(0, 0), (1, 0)])
    after = bytearray(made.data)
    after[made.offsets[1]] = 9
    assert made.result(bytes(after))[1] == [b"\1\2\3\4", b"\x09"]
    after[made.offsets[0] + 2] = 9
    with pytest.raises(AssertionError, match="changed its read-only buffer 0 at byte 2"):
        made.result(bytes(after))


def test_overlapping_ranges_become_one_buffer() -> None:
    assert runners.merged([(8, 9), (2, 6), (0, 4), (6, 8)]) == [(0, 6), (6, 8), (8, 9)]


def test_params_are_packed_as_c_lays_them_out() -> None:
    params = {"window": {"input_w": 7, "pad_left": 3}, "activation_min": -1.5}
    packed = runners.load("host").machine.kernels.pack("bl_conv_2d_f32", params)
    assert packed == struct.pack("<14i2f", 0, 7, *[0] * 11, 3, -1.5, 0.0)
    with pytest.raises(AssertionError, match="bl_conv_2d_f32 has no field zoom"):
        runners.load("host").machine.kernels.pack("bl_conv_2d_f32", {"zoom": 1})


@runners.machines
def test_every_prototype_can_be_called(machine: str) -> None:
    """A kernel whose prototype the parser misses would silently stay untested."""
    known = {f.name for f in runners.load(machine).machine.kernels.functions}
    for source in paths.KERNELS.glob("*/*_ref.c"):
        if source.parent.name != "layers":
            defined = re.findall(r"^bl_status (bl_\w+)\(", source.read_text(), re.MULTILINE)
            assert defined
            assert set(defined) <= known
