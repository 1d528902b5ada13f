"""Folders of `boardless compile --standalone`, built with nothing of this environment.

library = Library([made("digits_cnn:int8", "host", tmp_path)], tmp_path)
outputs = library.run(zoo.find("digits_cnn:int8").graph, inputs)
"""

from __future__ import annotations

import ctypes
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.device import boards
from boardless.front import standalone
from boardless.front.standalone import api, folder, forms
from boardless.model import ports, zoo
from boardless.model.graph import Graph

EMPTY = {"PATH": "/usr/bin:/bin"}
WARNINGS = ("-Wall", "-Wextra", "-Werror", "-Wpedantic")


def made(model: str, board: str, place: Path, form: str = forms.PLAIN) -> Path:
    """Returns the folder of a model, which has the name of its functions."""
    found = zoo.find(model)
    target = place / api.identifier(found.name)
    folder.write(standalone.files(found, boards.load(board), form=form), target)
    return target


def run(command: Sequence[str | Path], place: Path | None = None) -> str:
    """Returns what a command prints that is run in `place`, where next to nothing is set."""
    words = [*map(str, command)]
    done = subprocess.run(words, cwd=place, env=EMPTY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def sources(place: Path) -> list[Path]:
    """Returns the C files of a folder."""
    return sorted((place / "src").rglob("*.c"))


class Library:
    """The models of several folders, linked together and loaded into this process."""

    def __init__(self, folders: Sequence[Path], place: Path) -> None:
        target = place / "models.so"
        files = [source for path in folders for source in sources(path)]
        flags = ["-std=c11", "-O1", "-fPIC", *WARNINGS, *(f"-I{path}/src" for path in folders)]
        run(["gcc", "-shared", *flags, "-o", target, *files, "-lm"])
        self.loaded = ctypes.CDLL(str(target))

    @classmethod
    def linked(cls, archive: Path, place: Path) -> Library:
        """Returns what a build has made, of objects that can lie anywhere (-fPIC)."""
        target = place / f"{archive.stem}.so"
        run(
            [
                "gcc",
                "-shared",
                "-Wl,--whole-archive",
                archive,
                "-Wl,--no-whole-archive",
                "-lm",
                "-o",
                target,
            ]
        )
        self = cls.__new__(cls)
        self.loaded = ctypes.CDLL(str(target))
        return self

    def call(self, name: str, arena: Any, size: int, *pointers: Any) -> int:
        function = getattr(self.loaded, name)
        addresses = [ctypes.c_void_p(p.ctypes.data if p is not None else None) for p in pointers]
        return int(function(ctypes.c_void_p(arena), ctypes.c_size_t(size), *addresses))

    def run(self, name: str, size: int, graph: Graph, inputs: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Returns what the model answers to inputs (N, ...) as `run` gives them to a device."""
        memory = Arena(size)
        if graph.states:
            assert self.call(f"{name}_reset", memory.address, size) == 0
        sources, targets = (
            [graph.tensors[i] for i in some] for some in (graph.inputs, graph.outputs)
        )
        answers = []
        for fed in inputs:
            raw = np.frombuffer(fed.tobytes(), np.uint8)
            at = ports.offsets(sources)
            given = [
                np.ascontiguousarray(raw[at[i] : at[i + 1]] ^ shift(tensor))
                for i, tensor in enumerate(sources)
            ]
            taken = [np.zeros(tensor.nbytes, np.uint8) for tensor in targets]
            status = self.call(f"{name}_invoke", memory.address, size, *given, *taken)
            assert status == 0
            parts = [part ^ shift(t) for part, t in zip(taken, targets, strict=True)]
            answers.append(np.concatenate(parts))
        found = np.stack(answers)
        return found.view(np.int8) if len(targets) > 1 else found.view(targets[0].dtype)


class Arena:
    """Memory at a multiple of 16, which holds no zeros."""

    def __init__(self, size: int) -> None:
        self.memory = np.full(size + 16, 0xA5, np.uint8)
        self.address = -(-self.memory.ctypes.data // 16) * 16


def shift(tensor: Any) -> np.uint8:
    """Returns what the values of uint8 models differ by from those that a device of ours gets."""
    return np.uint8(0x80 if tensor.own_dtype == "uint8" and tensor.dtype == "int8" else 0)
