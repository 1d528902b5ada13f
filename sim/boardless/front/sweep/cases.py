"""The cases of a sweep: models x boards x data sets, and what their figures depend on."""

from __future__ import annotations

import threading
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import msgspec

from boardless import runtimes
from boardless.core.errors import BadInput, BoardlessError
from boardless.cycles import cores
from boardless.cycles.calibration.digest import digest
from boardless.data import pictures
from boardless.data.records import Pictures
from boardless.device import boards, build, emulators
from boardless.device.records import Board
from boardless.model import profiles, zoo
from boardless.model.reference import followed
from boardless.path import Request, prepare

CHUNK_MACS = 150_000_000  # a second or two of emulation
FEWEST, MOST = 8, 256  # pictures of a chunk


@dataclass(frozen=True)
class SweepCase:
    """One model on one board, fed with one data set."""

    text: str  # MODEL as it was asked for
    model: zoo.Model
    board: str
    emulator: str
    dataset: str  # its name
    images: Path | None  # None: the model's own test pictures
    runtime: str = runtimes.OURS

    @property
    def names(self) -> str:
        """Names the case as at the start of every line."""
        return f"{self.model.name} {self.board} {self.dataset}"

    @property
    def content(self) -> bytes | None:
        """The .tflite where it is no model of the tree, so that other machines lack it."""
        own = self.model.results is None and self.model.name != self.text
        return self.model.content if own else None


class Identity(msgspec.Struct, frozen=True):
    """The properties that inferences of one case must have in common."""

    toolchain: str
    build_id: str
    emulator_version: str
    reference: str  # the interpreter that predictions are held against, with its version
    cycle_model: str  # core and digest of its tables; "" where cycles are not estimated

    def difference(self, now: Identity) -> str:
        """The first thing that differs, "" where nothing does."""
        for field in self.__struct_fields__:
            old, new = getattr(self, field), getattr(now, field)
            if old != new:
                return f"{field.replace('_', ' ')} {new or 'none'} instead of {old or 'none'}"
        return ""


@dataclass(frozen=True)
class Made:
    """A firmware, or one that is going to be built."""

    build_id: str
    toolchain: str
    profile: str  # whose bits it gives


def identity(board: Board, emulator: str, cycles: bool, made: Made) -> Identity:
    """Returns the identity of a build on this machine."""
    return Identity(
        toolchain=made.toolchain,
        build_id=made.build_id,
        emulator_version=emulators.load(emulator).version(board),
        reference=profiles.load(made.profile).named,
        cycle_model=_cycle_model(board.core) if cycles else "",
    )


@lru_cache
def _cycle_model(core: str) -> str:
    return f"{core} {digest(core, None)}" if core in cores.names() else ""


@dataclass(frozen=True)
class Ready:
    """A case whose pictures are here."""

    case: SweepCase
    identity: Identity
    pictures: Pictures
    chunk: int  # pictures that a worker takes at once

    def checksum(self, i: int) -> int:
        """CRC-32 of picture i, as the model is fed with it."""
        return zlib.crc32(self.pictures.inputs[i].tobytes())

    def label(self, i: int) -> int | None:
        return None if self.pictures.labels is None else int(self.pictures.labels[i])


def choose(
    texts: Sequence[str],
    chosen: Sequence[Board],
    emulator: str | None,
    images: Sequence[tuple[str, Path]],
    reference: str = profiles.DEFAULT,
    runtime: str = runtimes.OURS,
) -> list[SweepCase]:
    """Model by model; every model of the zoo, in all types, where none is named. ToolMissing where
    a board's tools are not installed."""
    profiles.load(reference).need()
    able = {}
    for board in chosen:
        build.toolchain(board)
        able[board.name] = emulators.choose(board, emulator)
        if emulators.hardware(emulators.load(able[board.name])):
            raise BadInput(f"{able[board.name]} is a real board", hint="see `boardless run --port`")
    texts = texts or [f"{name}:{kind}" for name in zoo.names() for kind in zoo.types(name)]
    models: dict[str, tuple[str, zoo.Model]] = {}
    for text in dict.fromkeys(texts):
        model = followed.find(text, reference)
        if model.name in models:
            other = models[model.name][0]
            if other.partition(":")[0] == text.partition(":")[0]:
                continue  # NAME and NAME:int8
            raise BadInput(
                f"{other} and {text} are both called {model.name}", hint="rename one of the files"
            )
        models[model.name] = (text, model)
    return [
        SweepCase(text, model, board, able[board], dataset, path, runtime)
        for text, model in models.values()
        for dataset, path in images or _own(model)
        for board in able
    ]


def _own(model: zoo.Model) -> list[tuple[str, None]]:
    """The model's own test pictures."""
    return [(model.results.dataset if model.results else "generated", None)]


class Preparation:
    """Gets cases ready; several threads may ask it."""

    def __init__(
        self,
        limit: int | None = None,
        pixels: str | None = None,
        cycles: bool = True,
        chunk: int | None = None,
    ) -> None:
        self.limit, self.pixels, self.cycles, self.chunk = limit, pixels, cycles, chunk
        self.lock = threading.Lock()
        self.kept: tuple[tuple[str, str], Pictures] | None = None  # boards take turns with them

    def pictures(self, case: SweepCase) -> Pictures:
        with self.lock:
            key = (case.model.name, case.dataset)
            if self.kept is None or self.kept[0] != key:
                self.kept = None  # first, so that two never lie in memory
                loaded = pictures.load(case.model, case.images, self.limit, self.pixels)
                self.kept = key, loaded
            return self.kept[1]

    def ready(self, case: SweepCase) -> Ready:
        """Prepares a case without building anything."""
        board = boards.load(case.board)
        toolchain = build.toolchain(board)
        sources = runtimes.load(case.runtime).sources(
            case.model.graph, board, content=case.model.content
        )
        key = build.build_key(sources, board, toolchain)
        fit = CHUNK_MACS // max(1, sources.nominal_macs)
        return Ready(
            case,
            identity(board, case.emulator, self.cycles, Made(key, toolchain, sources.profile)),
            self.pictures(case),
            self.chunk or max(FEWEST, min(MOST, fit)),
        )

    def built(self, case: SweepCase) -> Ready:
        """Prepares a case and builds its firmware, so that workers of this machine find it. A build
        that fails is repeated once."""
        ready = self.ready(case)
        profile = case.model.graph.profile
        request = Request(
            case.text,
            case.board,
            emulator=case.emulator,
            reference=profile,
            runtime=case.runtime,
        )
        try:
            prepare(request)
        except BadInput:  # TooSmall, too: the same every time
            raise
        except BoardlessError:
            prepare(request)
        return ready
