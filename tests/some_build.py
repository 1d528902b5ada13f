"""A build that was never made, for tests that look at one field or two."""

from __future__ import annotations

from pathlib import Path

from boardless.device import boards
from boardless.device.records import Build

BUILD = Build(
    model="any",
    board=boards.load("mps2-an386"),
    elf=Path("none"),
    build_id="0" * 16,
    toolchain="none",
    layers=(),
    input_bytes=1,
    output_dtype="int8",
    output_count=1,
    arena_bytes=1,
    weights_bytes=1,
    code_bytes=1,
    flash_bytes=1,
    static_ram_bytes=1,
    seconds=0.0,
)
