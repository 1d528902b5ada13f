"""Changed copies of pictures to train on; the generator's seed alone decides how.

copies = augment(images, recipe.augmentation, np.random.default_rng(0))
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from recipes import Augmentation


def augment(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return changed copies of images (N, H, W, C), each changed in its own way."""
    if how.symmetries:
        kinds = rng.integers(8, size=len(images))
        images = images.copy()
        for kind in range(8):
            turned = np.rot90(images[kinds == kind], kind % 4, axes=(1, 2))
            images[kinds == kind] = turned[:, :, ::-1] if kind >= 4 else turned
    if how.shift_pixels or how.rotate_degrees or how.zoom:
        images = _warp(images, how, rng)
    return images


def _warp(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Shift, turn and zoom about the centre, bilinear, zeros from outside."""
    n, height, width, _ = images.shape
    angle = np.deg2rad(rng.uniform(-how.rotate_degrees, how.rotate_degrees, (n, 1, 1)))
    zoom = 1 + rng.uniform(-how.zoom, how.zoom, (n, 1, 1))
    shift = rng.uniform(-how.shift_pixels, how.shift_pixels, (2, n, 1, 1))
    y, x = np.mgrid[:height, :width] - np.array([height - 1, width - 1])[:, None, None] / 2
    source_y = (np.cos(angle) * y - np.sin(angle) * x) / zoom + shift[0] + (height - 1) / 2
    source_x = (np.sin(angle) * y + np.cos(angle) * x) / zoom + shift[1] + (width - 1) / 2
    # A border of zeros two wide, so that every corner that is read exists.
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)))
    source_y = np.clip(source_y, -1, height) + 2
    source_x = np.clip(source_x, -1, width) + 2
    top, left = np.floor(source_y).astype(int), np.floor(source_x).astype(int)
    down, right = (source_y - top)[..., None], (source_x - left)[..., None]
    which = np.arange(n)[:, None, None]
    upper = padded[which, top, left] * (1 - right) + padded[which, top, left + 1] * right
    lower = padded[which, top + 1, left] * (1 - right) + padded[which, top + 1, left + 1] * right
    warped: NDArray[np.float32] = (upper * (1 - down) + lower * down).astype(np.float32)
    return warped
