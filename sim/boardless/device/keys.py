"""Finds all that a firmware depends on: its key, and whether a source changed meanwhile.

found = files(board)
before = state(found)
key = build_key(sources, board, build.toolchain(board), found)
... build ...
if state(files(board)) == before: the firmware is of the sources that `key` stands for
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path, PurePath

from boardless.core import paths
from boardless.core.files import state as file_state
from boardless.device import compilers
from boardless.device.records import Board, Sources
from boardless.model import profiles

SUFFIXES = (".c", ".h", ".S", ".ld", ".toml", ".ini")
BUILDER = ("platform/builder/main.py", "platform/platform.py", "platform/platform.json")


Files = Sequence[tuple[str, Path]]  # (name, path)


def files(board: Board) -> Files:
    """Returns all files that go into the firmware, in the order of their names."""
    found = [("platformio.ini", paths.ROOT / "platformio.ini")]
    for name, path in _walk(paths.FIRMWARE):
        if _matters(PurePath(name), board):
            found.append((name, path))
    if not board.folder.is_relative_to(paths.BOARDS):
        found += [(f"board/{name}", path) for name, path in _walk(board.folder)]
    return found


def state(found: Files) -> list[tuple[object, ...]]:
    """Returns what differs once any of the files was written, replaced, added or removed, even if
    all is then as before."""
    return file_state(path for _, path in found)


def build_key(
    sources: Sources, board: Board, compiler_version: str, found: Files | None = None
) -> str:
    """Returns 16 hex digits over generated and firmware sources, settings and compiler."""
    digest = hashlib.sha256(f"{compiler_version}\0{_settings(board)}\0".encode())
    if sources.profile != profiles.DEFAULT:  # two may differ in nothing but what they are to give
        digest.update(f"{sources.profile}\0".encode())
    for name, content in sorted(sources.files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    for name, path in files(board) if found is None else found:
        content = path.read_bytes()
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def _settings(board: Board) -> str:
    """Returns what a board's table and the environment say, defaults included."""
    toolchain = board.toolchain
    parts = (board.name, board.hal, board.variants, toolchain.prefix, toolchain.flags)
    return f"{parts}{board.memory_symbols()}{compilers.variables(os.environ)}"


def _walk(root: Path) -> list[tuple[str, Path]]:
    """Returns (relative path, path) of all files in a folder, sorted."""
    found = []
    for folder, _, names in os.walk(root):
        inner = os.path.relpath(folder, root)
        found += [(os.path.normpath(f"{inner}/{name}"), Path(folder, name)) for name in names]
    return sorted(found)


def _matters(path: PurePath, board: Board) -> bool:
    """Other boards and what does not end up in the ELF leave the key alone."""
    folder, *inner = path.parts
    if folder in ("app_kernels", "examples"):
        return False
    if folder == "boards" and inner[0:1] != [board.name]:
        return False
    if folder == "hal" and len(inner) > 1 and inner[0] != board.hal:
        return False
    if folder == "kernels" and path.suffix == ".c":
        return path.stem.rpartition("_")[2] in ("ref", *board.variants)
    return path.suffix in SUFFIXES or path.as_posix() in BUILDER
