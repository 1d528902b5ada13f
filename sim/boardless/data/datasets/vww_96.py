"""Visual wake words at 96 x 96 in colour: is there a person in the picture?

From `$BOARDLESS_DATA/vww_96/vww_400.npz` (400 pictures, all of them to test on), else
`$BOARDLESS_DATA/vw_coco2014_96` (MLPerf Tiny's archive, unpacked), else that archive, downloaded.
"""

from __future__ import annotations

import os
import zlib
from pathlib import Path

import numpy as np

from boardless.core.errors import BadInput
from boardless.data import decode, npz
from boardless.data.datasets import Dataset, Split, _network

CLASSES = ("no person", "person")
FOLDERS = ("non_person", "person")
URL = (
    "https://www.silabs.com/public/files/github/machine_learning/benchmarks/datasets/"
    "vw_coco2014_96.tar.gz"
)
SHA256 = "f8746b9e44f8a7a4293f73be9ba6e8da9239fe69798d42364aae62b915cfab58"
FEW = "vww_400.npz, 400 pictures of MLPerf Tiny's test"
ARCHIVE = "vw_coco2014_96 of MLPerf Tiny, split 80/10/10 by file names"


def load() -> Dataset:
    """Pictures uint8 (N, 96, 96, 3), pixels 0..255; label 1 is a person."""
    data = os.environ.get("BOARDLESS_DATA")
    if data:
        few, archive = Path(data, "vww_96", "vww_400.npz"), Path(data, "vw_coco2014_96")
        if few.is_file():
            return _few(few)
        if archive.is_dir():
            return _archive(archive)
    return _archive(_network.unpacked("vw_coco2014_96", "visual wake words", URL, SHA256))


def _few(path: Path) -> Dataset:
    with npz.reading(path, "readable visual wake words") as arrays:
        images, labels = arrays["images"], arrays["labels"].astype(np.int64)
        if images.dtype != np.uint8 or images.shape != (len(labels), 96, 96, 3):
            raise ValueError(f"images are {images.dtype} {images.shape}")
    none = Split(images[:0], labels[:0])
    mixed = np.random.default_rng(0).permutation(len(labels))  # the file has one class first
    return Dataset("vww_96", CLASSES, none, none, Split(images[mixed], labels[mixed]), FEW)


def _archive(folder: Path) -> Dataset:
    parts: dict[str, list[tuple[Path, int]]] = {"train": [], "validation": [], "test": []}
    for label, kind in enumerate(FOLDERS):
        for path in sorted((folder / kind).glob("*.jpg")):
            draw = zlib.crc32(path.name.encode()) % 10
            part = "test" if draw == 0 else "validation" if draw == 1 else "train"
            parts[part].append((path, label))
    if not all(parts.values()):
        raise BadInput("no pictures", where=str(folder), hint="expected such as person/1.jpg")
    splits = {part: _split(files) for part, files in parts.items()}
    return Dataset(name="vww_96", classes=CLASSES, origin=ARCHIVE, **splits)


def _split(files: list[tuple[Path, int]]) -> Split:
    images = np.empty((len(files), 96, 96, 3), np.uint8)
    for index, (path, _) in enumerate(files):
        images[index] = decode.picture(path, gray=False, size=(96, 96))
    return Split(images, np.array([label for _, label in files], np.int64))
