"""BloodMNIST: blood cells 28x28 in colour, 8 classes, from a local folder or from Zenodo.

    >>> from boardless.data import datasets
    >>> pictures = datasets.load('bloodmnist').test  # BOARDLESS_DATA=~/data

The folder `$BOARDLESS_DATA/bloodmnist` may hold `bloodmnist_rebuilt_28.npz` (cut from the source
pictures, with a split of its own) or the official `bloodmnist.npz`; the first found is taken.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import numpy as np

from boardless.core.errors import BadInput
from boardless.data import npz
from boardless.data.datasets import Dataset, Split, _network

CLASSES = (
    "basophil",
    "eosinophil",
    "erythroblast",
    "immature granulocytes",
    "lymphocyte",
    "monocyte",
    "neutrophil",
    "platelet",
)
# The file that the `medmnist` package downloads. The package itself is no dependency, because it
# pulls in PyTorch to do so.
URL = "https://zenodo.org/records/10519652/files/bloodmnist.npz?download=1"
MD5 = "7053d0359d879ad8a5505303e11de1dc"
REBUILT = "bloodmnist_rebuilt_28.npz, rebuilt from source, not the official split"
OFFICIAL = "bloodmnist.npz of MedMNIST v2, official split"


def load() -> Dataset:
    """Returns about 17,000 pictures uint8 (N, 28, 28, 3), pixels 0..255, split about 7:1:2."""
    path, origin = _file()
    with npz.reading(path, "a readable BloodMNIST file", "download it anew") as arrays:
        train, validation, test = (_split(arrays, part) for part in ("train", "val", "test"))
    return Dataset("bloodmnist", CLASSES, train, validation, test, origin)


def held_out(limit: int | None) -> Dataset:
    """Returns the first `limit` pictures of the test part."""
    path, origin = _file()
    with npz.reading(path, "a readable BloodMNIST file", "download it anew") as arrays:
        test = _split(arrays, "test")
    none = Split(test.images[:0], test.labels[:0])
    few = Split(test.images[:limit], test.labels[:limit])
    return Dataset("bloodmnist", CLASSES, none, none, few, origin)


def _file() -> tuple[Path, str]:
    """Returns (the file, where it is from)."""
    folder = os.environ.get("BOARDLESS_DATA")
    if folder:
        rebuilt = Path(folder, "bloodmnist", "bloodmnist_rebuilt_28.npz")
        official = Path(folder, "bloodmnist", "bloodmnist.npz")
        if rebuilt.is_file():
            return rebuilt, REBUILT
        if official.is_file():
            _check_official(official)
            return official, OFFICIAL
    return _download(), OFFICIAL


def _check_official(path: Path) -> None:
    """Checks that the file is what its name says, since the figures will say "official"."""
    md5 = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
    if md5 != MD5:
        raise BadInput(f"MD5 is {md5}, not {MD5}", where=str(path), hint="download it anew")


def _download() -> Path:
    return Path(_network.file("bloodmnist", "BloodMNIST", URL, f"md5:{MD5}", "bloodmnist.npz"))


def _split(arrays: npz.Arrays, part: str) -> Split:
    images, labels = arrays[f"{part}_images"], arrays[f"{part}_labels"].reshape(-1)
    if images.dtype != np.uint8 or images.shape != (len(labels), 28, 28, 3):
        raise ValueError(f"{part}_images are {images.dtype} {images.shape}")
    if labels.min(initial=0) < 0 or labels.max(initial=0) >= len(CLASSES):
        raise ValueError(f"{part}_labels leave 0..{len(CLASSES) - 1}")
    return Split(images, labels.astype(np.int64))
