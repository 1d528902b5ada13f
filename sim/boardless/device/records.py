"""Records of a device, its firmware and its answers: frozen, with units in the names.

A runtime makes Sources of a model, which are built for a Board. The Build runs on a set of
pictures; the Run holds its outputs and Counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import numpy.typing as npt

from boardless.core import paths
from boardless.cycles.counts import Counted
from boardless.cycles.estimate import Cycles
from boardless.data.records import Pictures
from boardless.model import profiles


class Toolchain(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A GCC: `prefix` before gcc, machine `flags`, the `debian` packages that bring it."""

    prefix: str
    flags: tuple[str, ...]
    debian: tuple[str, ...]


class BoardMemory(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sizes in bytes, origins as addresses; `shared_bytes` is what the memory link can use."""

    flash_bytes: int
    ram_bytes: int
    flash_origin: int = 0
    ram_origin: int = 0
    stack_bytes: int = 0
    shared_bytes: int = 0

    @property
    def flash(self) -> tuple[int, int]:
        """First address, and the one behind the last."""
        return self.flash_origin, self.flash_origin + self.flash_bytes

    @property
    def ram(self) -> tuple[int, int]:
        """First address, and the one behind the last; none where the origin is not known."""
        if not self.ram_origin:
            return 0, 0
        return self.ram_origin, self.ram_origin + self.ram_bytes


@dataclass(frozen=True)
class Board:
    """One folder under firmware/boards, by its name."""

    name: str
    folder: Path
    description: str
    core: str
    hal: str  # folder under firmware/hal, where there is one of this name
    variants: tuple[str, ...]  # optimised kernels the core can run, best first
    default: bool  # part of `nox -s sim`
    toolchain: Toolchain
    memory: BoardMemory
    emulators: dict[str, Any]  # name -> the emulator's own settings record
    part: str = ""  # that it carries; cycles and milliseconds are estimated for it, too
    clock_hz: int = 0  # of the core, where it carries no part with a table of prices

    @property
    def linker_script(self) -> Path | None:
        """Returns the board's own link.ld, else the one of its hal; None where there is neither."""
        hal = paths.FIRMWARE / "hal" / self.hal / f"{self.hal}.ld"
        return next((p for p in (self.folder / "link.ld", hal) if p.is_file()), None)

    def memory_symbols(self) -> dict[str, int]:
        """Symbols for the linker script."""
        return {k: v for k, v in msgspec.structs.asdict(self.memory).items() if k != "shared_bytes"}


@dataclass(frozen=True)
class MarkedLayer:
    """A kernel call as reports show it."""

    index: int
    op: str
    name: str
    macs: int
    weights_bytes: int = 0  # of its constants; what another layer has, too, is there once


OURS = "boardless"  # the runtime that is our own compiler
BUILD_ID = "@BUILD_ID@"  # stands in generated C and headers where the build's id belongs


@dataclass(frozen=True)
class Sources:
    """A runtime's translation of a model: the files to build, and what they compute."""

    model: str  # such as digits_cnn:int8
    files: Mapping[str, bytes]  # name -> content, with BUILD_ID in it
    layers: tuple[MarkedLayer, ...]
    input_bytes: int
    output_dtype: str
    output_count: int
    arena_bytes: int
    weights_bytes: int
    nominal_macs: int = 0  # of the model as it was made; layers hold those executed
    arena_plan: tuple[dict[str, Any], ...] = ()  # compiler.plan.Plan.picture()
    profile: str = profiles.DEFAULT  # whose bits it gives
    runtime: str = OURS  # and its variant, such as bakenn:cmsis_nn
    runtime_version: str = ""
    notes: tuple[str, ...] = ()  # what the runtime has changed in the model, in whole sentences


@dataclass(frozen=True)
class Foreign:
    """A firmware that boardless has not built: what the model says of its input and output, and
    where its inference begins and ends."""

    input: str  # such as "int8 1x28x28x3", in the type of the model's file
    output: str
    output_dtype: str  # of what the device answers, uint8 as int8
    output_count: int
    scale: float  # real = (raw - zero_point) * scale, of the output
    zero_point: int
    unsigned_input: bool = False  # it takes 128 more than the kernels of ours would
    unsigned_output: bool = False
    region: tuple[int, int] | None = None  # addresses: from one instruction to another

    @property
    def output_bytes(self) -> int:
        return self.output_count * np.dtype(self.output_dtype).itemsize


@dataclass(frozen=True)
class Build:
    """A firmware: one model on one board."""

    model: str  # such as digits_cnn:int8
    board: Board
    elf: Path
    build_id: str  # 16 hex digits
    toolchain: str  # such as "arm-none-eabi-gcc 12.2.1"
    layers: tuple[MarkedLayer, ...]
    input_bytes: int
    output_dtype: str
    output_count: int
    arena_bytes: int
    weights_bytes: int
    code_bytes: int  # flash without weights and initial data
    flash_bytes: int
    static_ram_bytes: int  # .data and .bss, arena included, stack not
    seconds: float  # 0 where nothing had to be built
    nominal_macs: int = 0  # of the model as it was made; layers hold those executed
    arena_plan: tuple[dict[str, Any], ...] = ()  # compiler.plan.Plan.picture()
    profile: str = profiles.DEFAULT  # whose bits it gives
    foreign: Foreign | None = None  # boardless has not built it
    runtime: str = OURS  # and its variant, such as bakenn:cmsis_nn; "": unknown, as of an ELF
    runtime_version: str = ""
    notes: tuple[str, ...] = ()  # what the runtime has changed in the model, in whole sentences

    @property
    def macs(self) -> int:
        """Multiply-accumulates of an inference; those of the model where the layers are not
        known."""
        return sum(layer.macs for layer in self.layers) or self.nominal_macs

    def per_mac(self, figure: float) -> float | None:
        """Returns a figure per MAC of the model as it was made; None where that has none."""
        return figure / self.nominal_macs if self.nominal_macs else None


@dataclass(frozen=True)
class HardwareCycles:
    """The cycles that a real core's own counter has counted."""

    counter: str  # dwt, ccount, mcycle, ...
    cycles: tuple[int, ...]  # per inference
    layers: tuple[int, ...]  # cycles per layer, of the first picture; empty without a timer
    clock_hz: int  # cycles in a second of the board's timer; 0 where it has none


@dataclass(frozen=True)
class Counts:
    """The counts of the emulator. Without a counter the lists are empty and `missing` says why.
    `counted` holds the counts of the plugin: pass i is picture i."""

    instructions: tuple[int, ...] = ()  # per inference
    layers: tuple[int, ...] = ()  # instructions per layer, of the first picture
    missing: str = ""
    counted: Counted | None = field(default=None, compare=False, repr=False)
    cycles_missing: str = ""  # why there is nothing in `counted`
    hardware: HardwareCycles | None = None  # on a real board


@dataclass(frozen=True)
class Disagreement:
    """Another reference that gives other outputs than the one that the device is held against."""

    by: str  # such as "TensorFlow Lite Micro 0.dev20261023182759"
    profile: str
    pictures: int  # how many of the pictures differ
    values: int  # how many of all outputs do
    largest: float  # difference of a raw output: units of the last place in int8


@dataclass(frozen=True)
class Run:
    """Predictions of one build on a set of pictures, and those of the reference."""

    build: Build
    model_digest: str  # of operators and constants
    emulator: str
    emulator_version: str
    link: str
    pictures: Pictures
    outputs: npt.NDArray[Any]  # (N, classes) raw, in the order of the pictures
    reference: npt.NDArray[Any]
    counts: Counts
    stack_bytes: int  # deepest use, 0 where not known
    classes: int = 0  # that the model tells apart; 0 with several outputs
    output_scale: tuple[float, int] = (1.0, 0)  # real = (raw - second) * first
    cycles: tuple[Cycles, ...] = ()  # one per core or part that was asked for
    notes: tuple[str, ...] = ()  # what could not be found out, and why
    seconds: dict[str, float] = field(default_factory=dict)  # build, boot, infer, total
    answered_by: str = ""  # who has computed `reference`, such as "LiteRT 2.3.0, reference kernels"
    instead: bool = False  # that is not the first interpreter of the profile
    disagreements: tuple[Disagreement, ...] = ()  # of the references that were asked, too
    rounding: npt.NDArray[Any] | None = None  # by how much outputs may differ; None: not known

    @property
    def held_against(self) -> str:
        """Returns the profile of the reference and its version, such as "litert 2.3.0"."""
        return profiles.load(self.build.profile).named
