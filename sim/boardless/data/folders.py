"""Folders of pictures: a folder for each class, or pictures without classes.

found = classes(Path("flowers/val"), count=5, limit=64, names=None)
pixels = images(found.files, (96, 96, 1))
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.data import class_names, decode

SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".webp"}


@dataclass(frozen=True)
class Classes:
    """Pictures of a folder of class folders, and how these were numbered."""

    files: tuple[Path, ...]
    labels: tuple[int, ...]
    names: tuple[str, ...]  # of all classes
    described: str  # a line that says which folder is which class
    doubts: tuple[str, ...]


def classes(path: Path, count: int, limit: int | None, names: Path | None) -> Classes:
    """path/<class>/*.jpg; classes in alphabetical order are 0, 1, ..., or as the file `names` says.
    Interleaved by class, so that a limit takes some of each. `count` is the model's number of
    classes."""
    folders = sorted(p.name for p in path.iterdir() if p.is_dir())
    by_class = [_pictures(path / folder) for folder in folders]
    known = class_names.read(names, count) if names else tuple(folders)
    numbers = class_names.numbers(folders, known, names)
    found = [
        (files[i], label)
        for i in range(max(map(len, by_class), default=0))
        for label, files in zip(numbers, by_class, strict=True)
        if i < len(files)
    ][:limit]
    if not found:
        raise BadInput(
            "no pictures in class folders",
            where=str(path),
            hint="expected such as daisy/1.jpg, tulips/7.jpg",
        )
    return Classes(
        tuple(file for file, _ in found),
        tuple(label for _, label in found),
        known,
        class_names.described(folders, numbers, names),
        tuple(class_names.doubts(folders, count, names)),
    )


def unlabelled(path: Path) -> list[Path]:
    """Returns the pictures that lie in a folder itself, by name; none where folders in it have
    some."""
    if any(_pictures(p) for p in path.iterdir() if p.is_dir()):
        return []
    return [p for p in _pictures(path) if p.is_file()]


def images(files: Sequence[Path], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """Returns the pixels (N, H, W, C) of pictures in the model's shape (H, W, C)."""
    return np.stack([_image(file, shape) for file in files])


def by(shape: tuple[int, ...]) -> str:
    """Returns a shape in words, such as 96 x 96 x 3."""
    return " x ".join(map(str, shape))


def _pictures(path: Path) -> list[Path]:
    return sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)


def _image(path: Path, shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    if len(shape) != 3 or shape[2] not in (1, 3):
        raise BadInput(
            f"the model takes {by(shape)}, not a gray or RGB picture",
            where=str(path),
            hint="give its inputs as a .npz",
        )
    height, width, channels = shape
    return decode.picture(
        path,
        gray=channels == 1,
        size=(width, height),
        hint="resize the pictures first, as the model's training did",
    )
