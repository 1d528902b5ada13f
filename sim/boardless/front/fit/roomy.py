"""Boards with more memory than real ones of their core have, so that large models can be measured.

    with roomy.boards():
        roomy.of("cortex-m0")      # the name of such a board, or ""

The firmware is compiled for the small core and runs on a larger core of the same architecture,
which counts the same instructions.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from boardless.core import files, paths
from boardless.core.errors import BadInput
from boardless.device import boards as known

# core -> the board of a core that also runs what is compiled for it
LARGER = {"cortex-m0": "mps2-an385", "cortex-m0plus": "mps2-an385"}


def of(core: str) -> str:
    """Returns the name of the board on which programs of a core are measured, "" where its own
    boards are large enough."""
    return f"roomy-{core}" if core in LARGER else ""


@contextlib.contextmanager
def boards() -> Iterator[None]:
    """Makes these boards known to this process, and to those that it starts meanwhile."""
    folder = paths.build_root() / "roomy"
    for core, larger in LARGER.items():
        _write(folder / of(core), core, paths.BOARDS / larger)
    before = os.environ.get("BOARDLESS_BOARDS")
    os.environ["BOARDLESS_BOARDS"] = os.pathsep.join(filter(None, [before, str(folder)]))
    try:
        yield
    finally:
        if before is None:
            del os.environ["BOARDLESS_BOARDS"]
        else:
            os.environ["BOARDLESS_BOARDS"] = before


def _write(folder: Path, core: str, larger: Path) -> None:
    """Writes the board of a core: the larger one's, compiled for this core. BadInput where that is
    not possible."""
    import tomlkit

    table = tomlkit.parse((larger / "board.toml").read_text(encoding="utf8"))
    flags = known.read(larger / "board.toml").toolchain.flags
    flags = tuple(f"-mcpu={core}" if flag.startswith("-mcpu=") else flag for flag in flags)
    table["description"] = f"{core} with the memory of {larger.name}"
    table["core"] = core
    table["toolchain"]["flags"] = list(flags)
    content = tomlkit.dumps(table).encode()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = folder / "board.toml"
        if not file.is_file() or file.read_bytes() != content:
            files.write(file, content)
        for source in larger.glob("*.c"):
            copy = folder / source.name
            if not copy.is_file() or copy.read_bytes() != source.read_bytes():
                shutil.copyfile(source, copy)
    except OSError as error:
        raise BadInput(f"cannot write here ({error.strerror})", where=str(folder)) from error
