"""The key of a case: a digest of all that its outputs, counts and figures depend on.

key(request, model, sets)

Two cases of the same key have the same results, because outputs and counts are deterministic. The
key holds the model, the inputs, the firmware's sources, the compiler, the emulator, boardless's own
code, the packages that it uses and the interpreter.
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np

from boardless import runtimes
from boardless.core import paths
from boardless.core.files import state
from boardless.core.programs import identity
from boardless.data.records import Pictures
from boardless.device import boards, build, compilers, emulators
from boardless.device.records import Sources
from boardless.model import profiles
from boardless.model.zoo import Model
from boardless.path.request import Request

# The code that results depend on; the rest shows them, or asks for them.
WINGS = ("core", "model", "data", "cycles", "device", "runtimes", "judge", "path")
NO_MODEL = Sources("", {}, (), 0, "", 0, 0, 0)


def firmware(board: str) -> str:
    """Returns a digest of what the firmwares of a board have in common."""
    found = boards.load(board)
    return build.build_key(NO_MODEL, found, build.toolchain(found))


def key(
    request: Request,
    model: Model,
    sets: Mapping[str, Pictures],
    common: Callable[[str], str] = firmware,
) -> str:
    """Returns 64 hex digits. `sets` are the inputs by the name of their set, as in the request;
    `common` may know what `firmware` returns, which takes longest here."""
    board = boards.load(request.board)
    emulator = emulators.choose(board, request.emulator)
    settings = board.emulators[emulator]
    # Its pictures are in `sets`, in the form in which the device gets them.
    asked = dataclasses.replace(
        request, images=None, groups=None, limit=None, pixels=None, labels=None, pictures=None
    )
    digest = hashlib.sha256()
    for part in (
        code()[0],
        asked,
        runtimes.load(request.runtime).identity,
        model.name,
        *(profiles.load(name).named for name in profiles.names()),
        hashlib.sha256(model.content).hexdigest(),
        hashlib.sha256(request.elf.read_bytes() if request.elf else b"").hexdigest(),
        common(board.name),
        compilers.state(board),
        emulator,
        emulators.load(emulator).version(board),
        identity(getattr(settings, "program", "")),
        settings,
    ):
        digest.update(f"{part}\0".encode())
    for name, fed in sets.items():
        digest.update(f"{name} {fed.origin} {fed.classes} {fed.groups} ".encode())
        for array in (fed.inputs, fed.labels):
            if array is not None:
                digest.update(f"{array.dtype} {array.shape}\0".encode())
                digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()


@cache
def code() -> tuple[str, list[tuple[object, ...]]]:
    """Returns a digest of boardless's code and data, of its packages and the interpreter, and the
    state of the files that it was made of."""
    read = files()
    before = state(read)
    digest = hashlib.sha256(f"{sys.version} {sys.executable} {paths.ROOT}\0".encode())
    for requirement in importlib.metadata.requires("boardless") or []:
        if "extra ==" in requirement:
            continue
        name = re.split("[^A-Za-z0-9_.-]", requirement)[0]
        digest.update(f"{name} {importlib.metadata.version(name)}\0".encode())
    for path in read:
        content = path.read_bytes()
        relative = path.relative_to(paths.PACKAGE).as_posix()
        digest.update(f"{relative}\0{len(content)}\0".encode() + content)
    return digest.hexdigest(), before


def unchanged() -> bool:
    """Checks that boardless's code is still the one that keys hold."""
    return state(files()) == code()[1]


def files() -> list[Path]:
    """Returns the files of `code`, without the figures that earlier runs have left."""
    found = [path for wing in WINGS for path in (paths.PACKAGE / wing).rglob("*")]
    found = [path for path in found if path.name != runtimes.RECORDED]
    return sorted(path for path in found if path.is_file() and path.suffix != ".pyc")
