"""Pictures that a user brings, in a folder for each class, as a data set.

dataset = load(Path("masks"), size=(96, 96), gray=False)

A picture's content decides its part of the split, about 70 % for training, 10 % for validation and
20 % held out, so that copies of it lie in one part, and more pictures move none that are there.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from boardless.core.errors import BadInput
from boardless.data import decode, folders
from boardless.data.datasets import Dataset, Split

PARTS = ("train", "validation", "test")


def load(folder: Path, size: tuple[int, int], gray: bool) -> Dataset:
    """Pictures stretched to size (H, W): uint8 (N, H, W, 3), or 1 channel if gray. The classes are
    the folders' names in alphabetical order. BadInput where a part has no picture of a class."""
    if not folder.is_dir():
        raise BadInput("no such folder", where=str(folder), hint="it has a folder for each class")
    classes = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    found = folders.classes(folder, len(classes), limit=None, names=None)
    chosen: dict[str, list[tuple[str, Path, int]]] = {part: [] for part in PARTS}
    for file, label in zip(found.files, found.labels, strict=True):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        chosen[part(digest)].append((digest, file, label))
    for name, files in chosen.items():
        seen = {label for *_, label in files}
        missing = [kind for label, kind in enumerate(classes) if label not in seen]
        if missing:
            raise BadInput(
                f"no picture of {', '.join(missing)} falls into the part for {name}",
                where=str(folder),
                hint="bring some 50 pictures of each class, or more",
            )
    digests = ", ".join(f"{name} {_digest(files)}" for name, files in chosen.items())
    counts = " + ".join(str(len(files)) for files in chosen.values())
    shape = f"{size[0]} x {size[1]}, {'gray' if gray else 'RGB'}"
    return Dataset(
        name=folder.resolve().name,
        classes=classes,
        origin=f"{counts} pictures, stretched to {shape}, split by their content ({digests})",
        **{name: _split(files, size, gray) for name, files in chosen.items()},
    )


def part(digest: str) -> str:
    """Returns the part of the split of a picture whose content has this SHA-256.

    >>> part("00" * 32)
    'test'
    """
    draw = int(digest[:8], 16) % 10
    return "test" if draw < 2 else "validation" if draw < 3 else "train"


def _digest(files: list[tuple[str, Path, int]]) -> str:
    """Returns a digest of the pictures and classes of a part, whatever the files' names are."""
    lines = sorted(f"{label} {digest}" for digest, _, label in files)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def _split(files: list[tuple[str, Path, int]], size: tuple[int, int], gray: bool) -> Split:
    files = sorted(files)  # by content: classes are mixed, and names do not matter
    images = np.empty((len(files), *size, 1 if gray else 3), np.uint8)
    for index, (_, path, _) in enumerate(files):
        images[index] = decode.picture(path, gray=gray, resize=size[::-1])
    return Split(images, np.array([label for *_, label in files], np.int64))
