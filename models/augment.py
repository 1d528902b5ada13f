"""Changed copies of pictures to train on; the generator's seed alone decides how.

copies = changed(dataset.train.images, recipe, view=0)

Equal generators change pictures of other sizes or other channels in the same way, so that a teacher
sees what its student sees.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from recipes import Augmentation, Recipe

CHUNK = 256  # pictures that are changed at once


def changed(
    images: NDArray[np.uint8], recipe: Recipe, view: int, part: int = 0
) -> NDArray[np.float32]:
    """All pictures (N, H, W, C) of a part of an epoch, augmented; the same change at any size and
    in gray or colour."""
    rng = np.random.default_rng([recipe.training.seed, view, part])
    pixels = np.empty(images.shape, np.float32)
    for at in range(0, len(images), CHUNK):
        chunk = images[at : at + CHUNK].astype(np.float32)
        pixels[at : at + CHUNK] = augment(chunk, recipe.augmentation, rng)
    return pixels


def augment(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Return changed copies of images (N, H, W, C), pixels as stored, each in its own way."""
    n = len(images)
    if how.symmetries:
        kinds = rng.integers(8, size=n)
        images = images.copy()
        for kind in range(8):
            turned = np.rot90(images[kinds == kind], kind % 4, axes=(1, 2))
            images[kinds == kind] = turned[:, :, ::-1] if kind >= 4 else turned
    if how.mirror:
        images = images.copy()
        chosen = rng.random(n) < 0.5
        images[chosen] = images[chosen, :, ::-1]
    if how.shift or how.rotate_degrees or how.zoom:
        images = _warp(images, how, rng)
    if how.light or how.contrast or how.colour:
        images = _relight(images, how, rng)
    if how.mix:
        share = rng.uniform(0, how.mix, (n, 1, 1, 1)).astype(np.float32)
        images = images + share * (images[rng.permutation(n)] - images)
    return images


def _warp(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Shift, turn and zoom about the centre, bilinear, zeros from outside."""
    import tensorflow as tf

    n, height, width, _ = images.shape
    angle = np.deg2rad(rng.uniform(-how.rotate_degrees, how.rotate_degrees, n))
    zoom = 1 + rng.uniform(-how.zoom, how.zoom, n)
    shift = rng.uniform(-how.shift, how.shift, (2, n)) * [[height], [width]]
    sine, cosine = np.sin(angle) / zoom, np.cos(angle) / zoom
    middle_y, middle_x = (height - 1) / 2, (width - 1) / 2
    # source x = row 0 . (x, y, 1), source y = row 1 . (x, y, 1)
    right = shift[1] + middle_x - cosine * middle_x - sine * middle_y
    down = shift[0] + middle_y + sine * middle_x - cosine * middle_y
    zero = np.zeros(n)
    rows = np.stack([cosine, sine, right, -sine, cosine, down, zero, zero], axis=1)
    warped: NDArray[np.float32] = tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=rows.astype(np.float32),
        output_shape=[height, width],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    ).numpy()
    return warped


def _relight(
    images: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Change saturation, contrast and brightness; pixels stay within 0..255."""
    light, contrast, colour = (
        rng.uniform(-most, most, (len(images), 1, 1, 1)).astype(np.float32)
        for most in (how.light, how.contrast, how.colour)
    )
    lit = np.empty_like(images)
    for i, changes in enumerate(zip(light, contrast, colour, strict=True)):  # one fits in a cache
        lit[i] = _relit(images[i : i + 1], *changes)
    return lit


def _relit(
    image: NDArray[np.float32],
    light: NDArray[np.float32],
    contrast: NDArray[np.float32],
    colour: NDArray[np.float32],
) -> NDArray[np.float32]:
    if image.shape[3] == 3:
        gray = image @ np.array([[0.299], [0.587], [0.114]], np.float32)
        image = gray + (image - gray) * (1 + colour)
    mean = image.mean(axis=(1, 2, 3), keepdims=True)
    image = mean + (image - mean) * (1 + contrast) + 255 * light
    return np.clip(image, 0, 255)
