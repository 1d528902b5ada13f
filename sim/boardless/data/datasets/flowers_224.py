"""flower_photos at 224 x 224, RGB: see _flower_photos.py."""

from __future__ import annotations

from boardless.data.datasets import Dataset, _flower_photos


def load() -> Dataset:
    """3,670 pictures uint8 (N, 224, 224, 3), pixels 0..255, split 72/8/20 %."""
    return _flower_photos.load("flowers_224", size=224)
