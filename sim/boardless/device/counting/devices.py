"""Counts the devices of one run, and puts their passes into the order of the pictures.

devices = Devices.of(build, emulator)
with devices.counter(0) as counter:
    ...                                      # device 0, from its start to its end
counted = devices.counted([(0, 1), (0, 2)])  # device and number of each picture's inference
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.cycles import image
from boardless.cycles.counts import Counted
from boardless.cycles.recording import Recording
from boardless.device.counting import watch
from boardless.device.emulators import Emulator
from boardless.device.plugin.counter import Counter, Cuts, Plugin, Watch
from boardless.device.records import Board, Build

BUG = "this is a bug of boardless, please report it; --no-cycles runs without the plugin"


NO_REGION = (
    "instructions not available: nobody here knows where an inference of this firmware begins and "
    "ends; --region BEGIN:END says it"
)


@dataclass
class Devices:
    """The counters of all devices of a run. Without a plugin, `missing` says why nothing is
    counted, and counters are None."""

    plugin: Plugin | None = None
    cuts: Cuts = field(default_factory=Cuts)
    watch: Watch = field(default_factory=Watch)
    missing: str = ""
    recordings: dict[int, Recording] = field(default_factory=dict)
    inferences: dict[int, int] = field(default_factory=dict)  # by device, of foreign firmware

    @classmethod
    def of(cls, build: Build, emulator: Emulator, caches: Sequence[str] = ()) -> Devices:
        """Uses the plugin if this emulator takes one: it then has a function `counter`."""
        find = getattr(emulator, "counter", None)
        if find is None:
            return cls(missing="cycles not available: this emulator takes no counting plugin")
        try:
            plugin = find(build.board)
        except ToolMissing as error:
            return cls(missing=str(error))
        elf = image.load(build.elf)
        caches = () if no_caches(emulator) else caches
        if build.foreign:
            if build.foreign.region is None:
                return cls(missing=NO_REGION)
            regions = [build.foreign.region]
            return cls(plugin, watch.cuts(elf), watch.program(elf, build.board, regions, caches))
        return cls(plugin, watch.cuts(elf), watch.firmware(elf, build.board, caches))

    @contextlib.contextmanager
    def counter(self, device: int) -> Iterator[Counter | None]:
        """Yields the counter of one device, from before its start to after its end."""
        if self.plugin is None:
            yield None
            return
        with Counter(self.plugin, self.cuts, self.watch, where=f"device {device}") as counter:
            yield counter
            self.recordings[device] = counter.read()

    def check_passes(self) -> None:
        """Raises BadInput where a region of foreign firmware did not run once per inference."""
        for device, wanted in self.inferences.items():
            found = self.recordings[device].count
            if found != wanted:
                raise BadInput(
                    f"--region was run through {found} times in {wanted} inferences",
                    where=f"device {device}",
                    hint="name instructions that are executed once in each inference",
                )

    def counted(self, order: Sequence[tuple[int, int]]) -> Counted:
        """Pass i is the inference order[i] = (device, its number since the device began)."""
        for device, number in order:
            if number >= self.recordings[device].count:
                raise ToolFailed(
                    f"inference {number + 1} of device {device} was not counted", hint=BUG
                )
        places = {device: k for k, device in enumerate(self.recordings)}
        moved = [(places[device], number) for device, number in order]
        return Counted.of(*self.recordings.values(), order=moved)


def no_caches(emulator: Emulator) -> str:
    """Returns why an emulator simulates no caches; "" where it does."""
    reason: str = getattr(emulator, "NO_CACHES", "")
    return reason


def check(counted: Counted, instructions: Sequence[int], board: Board, slack: int = 0) -> None:
    """Compares the plugin's counts with the board's timer, which count independently of each other.
    `instructions` are those of each pass by the timer. BadInput where they differ by more than
    `slack`."""
    found = counted.instructions.tolist()
    for i, (plugin, timer) in enumerate(zip(found, instructions, strict=True)):
        if abs(plugin - timer) > slack:
            raise disagreement(f"inference {i}", plugin, timer, board)


def of_layers(counted: Counted, layers: int) -> list[int]:
    """Returns the instructions of each layer of pass 0."""
    return [counted.tally(k, pass_=0).instructions for k in range(layers)]


def check_layers(counted: Counted, layers: Sequence[int], board: Board, slack: int = 0) -> None:
    """Compares the counts of the layers of pass 0 likewise. BadInput where they differ."""
    found = of_layers(counted, len(layers))
    for k, (plugin, timer) in enumerate(zip(found, layers, strict=True)):
        if abs(plugin - timer) > slack:
            raise disagreement(f"layer {k}", plugin, timer, board)


def disagreement(what: str, plugin: int, timer: int, board: Board) -> BadInput:
    """Returns the error of two counts that differ. A wrong timer_hz alone makes them differ, so the
    board is the first place to look at."""
    return BadInput(
        f"instruction counts of {what} disagree: plugin {plugin:,}, board timer {timer:,}",
        where=str(board.folder / "board.toml"),
        hint="check timer_hz and icount_shift there against hal_timer_hz in board.c; "
        "--no-cycles runs without the plugin",
    )
