"""Some pictures of a case, run on a worker: the same path as `boardless run`.

answer = run(Task(...))     # Done, or Failed: a worker raises nothing
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless import __version__
from boardless.core import paths, scratch
from boardless.core.errors import BoardlessError
from boardless.cycles import cores
from boardless.data.records import Pictures
from boardless.device import boards, build, emulators
from boardless.front.sweep.cases import Identity, Made, identity
from boardless.judge import predictions, toolchain
from boardless.judge.records import Outcome
from boardless.model import profiles
from boardless.path import Request, follow


@dataclass(frozen=True)
class Task:
    """All that a worker, maybe on another machine, needs in addition to its own checkout."""

    model: str  # of the tree, or a file's stem with its `content`
    content: bytes | None
    board: str
    emulator: str
    cycles: bool
    reference: str  # whose bits the model has to give
    runtime: str  # what makes its firmware
    identity: Identity  # what the worker must come to, too
    indices: tuple[int, ...]  # numbers of the pictures in their data set
    inputs: npt.NDArray[Any]  # (N, ...) in the model's own type
    labels: npt.NDArray[np.int64] | None  # (N,)


@dataclass(frozen=True)
class Inference:
    """One picture; prediction and reference are top-1 classes."""

    prediction: int
    reference: int
    ok: bool  # int8 equal, float32 within its tolerance
    bit_exact: bool
    error: float  # largest difference of raw outputs, see judge/predictions.py
    instructions: int | None
    cycles: float | None  # estimated


@dataclass(frozen=True)
class Done:
    """Results in the order of the task's indices; `notes` say what is unknown."""

    inferences: tuple[Inference, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Failed:
    """Why, in one line, and the exit status that goes with it."""

    reason: str
    status: int = 3

    @classmethod
    def of(cls, error: BaseException) -> Failed:
        if isinstance(error, BoardlessError):
            return cls(" ".join(str(error).split()), error.exit_status)
        words = " ".join(str(error).split())
        return cls(f"bug: {type(error).__name__}: {words}, please report it")


def run(task: Task) -> Done | Failed:
    try:
        return _run(task)
    except Exception as error:
        return Failed.of(error)


def _run(task: Task) -> Done | Failed:
    pictures = Pictures(task.inputs, task.labels, "a sweep")
    with contextlib.ExitStack() as stack:
        model = task.model
        if task.content is not None:
            path = stack.enter_context(scratch.folder("sweep")) / f"{task.model}.tflite"
            path.write_bytes(task.content)
            model = str(path)
        outcome = follow(
            Request(
                model,
                task.board,
                pictures=pictures,
                emulator=task.emulator,
                jobs=1,
                cycles=task.cycles,
                cores=_own_core(task.board),
                reference=task.reference,
                runtime=task.runtime,
            )
        )
    board, made = outcome.run.build.board, outcome.run.build
    firmware = Made(made.build_id, made.toolchain, made.profile)
    here = identity(board, task.emulator, task.cycles, firmware)
    if what := task.identity.difference(here):
        return Failed(
            f"worker on {platform.node()} differs: {what}; give it the same checkout and tools"
        )
    return Done(tuple(_inferences(outcome)), outcome.run.notes)


def _own_core(board: str) -> tuple[str, ...]:
    """Returns the core that a sweep has cycles of; a part's would simulate caches, too."""
    core = boards.load(board).core
    return (core,) if core in cores.names() else ()


def _inferences(outcome: Outcome) -> Sequence[Inference]:
    found, wrong = outcome.run, set(outcome.verdict.mismatches)
    outputs, reference = found.outputs, found.reference
    error = predictions.errors(outputs, reference)
    instructions = found.counts.instructions
    cycles = found.cycles[0].inferences if found.cycles else ()
    return [
        Inference(
            prediction=int(outputs[i].argmax()),
            reference=int(reference[i].argmax()),
            ok=i not in wrong,
            bit_exact=bool(np.array_equal(outputs[i], reference[i])),
            error=float(error[i]),
            instructions=instructions[i] if instructions else None,
            cycles=cycles[i] if cycles else None,
        )
        for i in range(len(outputs))
    ]


def about(pairs: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Returns what two machines must agree on before they share a sweep, for boards and their
    emulators."""
    said = {
        "boardless": __version__,
        "references": ", ".join(profiles.load(name).named for name in profiles.names()),
        "sources": _sources(),
    }
    for name, emulator in pairs:
        try:
            board = boards.load(name)
            said[f"tools of {name}"] = build.toolchain(board)
            tools = toolchain.identity(board)
            said[f"libraries of {name}"] = f"{tools.libraries}, linker {tools.linker}"
            said[f"{emulator} of {name}"] = emulators.load(emulator).version(board)
        except BoardlessError as error:
            said[f"tools of {name}"] = str(error)
    return said


def _sources() -> str:
    """A digest of the checkout's code: this package and the firmware."""
    digest = hashlib.sha256()
    for root, endings in ((paths.PACKAGE, {".py"}), (paths.FIRMWARE, {".c", ".h", ".S", ".py"})):
        for path in sorted(p for p in root.rglob("*.*") if p.suffix in endings):
            digest.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
