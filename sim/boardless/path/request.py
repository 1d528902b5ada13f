"""A request to the main path, and the progress that it reports."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from pathlib import Path

from boardless import runtimes
from boardless.data.records import Pictures
from boardless.device.link.faults import Faults
from boardless.judge.budgets import NO_BUDGETS, Budgets
from boardless.model import profiles

# Sets of pictures that one boot of a device infers one after another.
PICTURES = "pictures"  # those that the request names
GATE = "gate"  # the inputs that baselines are made of
FIRST = "first"  # the first of these alone, which an older revision's JSON has cycles of


@dataclass(frozen=True)
class Request:
    """One model on one board, and what to measure there."""

    model: str  # MODEL as on the command line
    board: str
    _: KW_ONLY
    runtime: str = runtimes.OURS  # NAME or NAME:VARIANT
    reference: str = profiles.DEFAULT  # whose bits the model has to give
    other_references: bool = False  # say what those that are installed give, too
    elf: Path | None = None  # firmware that boardless has not built, instead of a runtime's
    region: str | None = None  # BEGIN:END, where its inference begins and ends
    uint8: bool = False  # it takes pixels 0..255 for an int8 model
    sets: tuple[str, ...] = (PICTURES,)
    images: Path | None = None
    limit: int | None = None
    pixels: str | None = None
    groups: Path | None = None  # a CSV: what fairness is measured across
    metrics: tuple[str, ...] = ()  # of judge.metrics.NAMES, or all that the pictures allow
    labels: Path | None = None  # a file with the names of the model's classes
    pictures: Pictures | None = None  # already in the model's own type: instead of these four
    emulator: str | None = None
    link: str | None = None
    port: str | None = None  # of a real board, instead of an emulator
    baud: int | None = None
    flash: bool = False  # put the firmware onto the real board first
    clock: int | None = None  # Hz of the core: of parts that are estimated, of a real board
    jobs: int | None = None  # devices at a time; None: one per processor
    bad_line: Faults | None = None
    fold: bool = True  # channels that carry no information are taken out
    keep_state: bool = False  # variables live from one picture to the next
    keep_input: bool = False  # the server then needs no copy of the picture
    cycles: bool = True  # count what cycles are computed of
    cores: tuple[str, ...] = ()  # to estimate for; none and no parts: the board's own
    parts: tuple[str, ...] = ()
    budgets: Budgets = NO_BUDGETS  # what it may use at most

    @property
    def names(self) -> str:
        """Names the request as at the start of every line about it."""
        return f"{self.model} {self.board}"

    @property
    def firmware(self) -> tuple[object, ...]:
        """Returns what its firmware depends on besides sources, the model last."""
        how = self.runtime, self.reference, self.fold, self.keep_input
        return self.board, self.emulator, *how, self.model


Progress = Callable[[str, int, int], None]  # what is being done, steps done, steps in all


def quiet(what: str, done: int, total: int) -> None:
    """Tells no progress."""


def named(progress: Progress, names: str) -> Progress:
    """Returns a progress that says which of several it is about."""
    return lambda what, done, total: progress(f"{names} {what}", done, total)
