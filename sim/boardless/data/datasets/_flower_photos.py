"""flower_photos: 3,670 photographs of five kinds of flowers, for the modules flowers_*.py.

flowers = Flowers("flowers_96_gray", size=96, gray=True)
dataset = flowers.load()

Taken from the first that is there: `$BOARDLESS_DATA/flower_photos` (the archive unpacked), then
`$BOARDLESS_DATA/flowers_128` (already stretched to 128 x 128), then the archive, downloaded once.
A photograph's number decides its part of the split, so every source gives the same split.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from boardless.core.errors import BadInput
from boardless.core.files import state
from boardless.data import decode
from boardless.data.datasets import Dataset, Split, _network

CLASSES = ("daisy", "dandelion", "roses", "sunflowers", "tulips")
URL = "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"
SHA256 = "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c"
STRETCHED = "flower_photos at 128 x 128"
ORIGINAL = "flower_photos.tgz of TensorFlow's tutorials"


@dataclass(frozen=True)
class Flowers:
    """The pictures stretched to a square, whatever their aspect ratio: uint8 (N, size, size, 3), or
    1 channel if gray; about 72 / 8 / 20 % of them."""

    name: str
    size: int
    gray: bool = False

    def load(self) -> Dataset:
        """Returns all pictures."""
        return self._read({"train": None, "validation": None, "test": None})

    def held_out(self, limit: int | None) -> Dataset:
        """Returns the first `limit` pictures of the test part."""
        return self._read({"train": 0, "validation": 0, "test": limit})

    def _read(self, limits: dict[str, int | None]) -> Dataset:
        files, origin = _files()
        parts: dict[str, list[tuple[str, int]]] = {name: [] for name in limits}
        for path, label in files:
            parts[part(os.path.basename(path))].append((path, label))
        splits = {
            name: _split(chosen[: limits[name]], self.size, self.gray)
            for name, chosen in parts.items()
        }
        about = f"resized to {self.size} x {self.size}, split 72/8/20 by the photographs' numbers"
        return Dataset(name=self.name, classes=CLASSES, origin=f"{origin}, {about}", **splits)


def part(name: str) -> str:
    """Returns the part of the split that a file belongs to, by the photograph's number.

    >>> part("100080576_f52e8ee070_n.jpg")
    'train'
    """
    draw = zlib.crc32(name.split("_")[0].encode()) % 25
    return "test" if draw < 5 else "validation" if draw < 7 else "train"


def _files() -> tuple[list[tuple[str, int]], str]:
    """Returns (path, class) of every picture, in an order that the file names alone decide, and
    where they are from. Paths are strings: thousands of Path objects would take longest here."""
    data = os.environ.get("BOARDLESS_DATA")
    if data:
        for folder, origin in (("flower_photos", ORIGINAL), ("flowers_128", STRETCHED)):
            if (Path(data) / folder).is_dir():
                return _listed(Path(data) / folder), origin
    return _listed(_network.unpacked("flower_photos", "flower_photos", URL, SHA256)), ORIGINAL


def _listed(folder: Path) -> list[tuple[str, int]]:
    # flowers_128 has train/ and val/ above the classes; here they are one.
    above = [folder, *(path for path in folder.iterdir() if path.is_dir())]
    named = [path / kind for path in above for kind in CLASSES]
    kinds = sorted(path for path in named if path.is_dir())
    return list(_pictures(folder, tuple(zip(kinds, state(kinds), strict=True))))


@lru_cache
def _pictures(
    folder: Path, kinds: tuple[tuple[Path, tuple[object, ...]], ...]
) -> tuple[tuple[str, int], ...]:
    """Returns the pictures in folders that are named as their class, each with its state, which
    changes with the names of its files."""
    labels = {kind: label for label, kind in enumerate(CLASSES)}
    found = [
        (zlib.crc32(name.encode()), name, os.path.join(path, name), labels[path.name])
        for path, _ in kinds
        for name in os.listdir(path)
        if name.endswith(".jpg")
    ]
    there = {label for *_, label in found}
    missing = [kind for kind, label in labels.items() if label not in there]
    if missing:
        raise BadInput(
            f"no pictures of {', '.join(missing)}",
            where=str(folder),
            hint="expected such as daisy/1.jpg",
        )
    # By a hash, so that the first so many pictures hold every class.
    return tuple((path, label) for _, _, path, label in sorted(found))


def _split(files: list[tuple[str, int]], size: int, gray: bool) -> Split:
    images = np.empty((len(files), size, size, 1 if gray else 3), np.uint8)
    for index, (path, _) in enumerate(files):
        images[index] = decode.picture(
            Path(path), gray=gray, resize=(size, size), hint="download it anew"
        )
    return Split(images, np.array([label for _, label in files], np.int64))
