"""Corrupts pictures as cameras, weather and transfers do, at five strengths, the same every time.

sets = corruptions.sets(fed, model.graph.input_tensor)
sets["noise 3"].inputs

A model that is right on clean pictures may fail on these: `boardless run --metrics robustness` runs
them on the device, too. To add a corruption, add a function to KINDS.
"""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.data.pictures import as_inputs, as_pixels
from boardless.data.records import Pictures
from boardless.model.graph import Tensor

if TYPE_CHECKING:
    from PIL import Image

Pixels = npt.NDArray[np.uint8]  # (N, H, W, 1 or 3), 0 is black and 255 is white

NOISE = (0.04, 0.08, 0.12, 0.18, 0.26)  # standard deviation, of the range from black to white
BLUR = (0.4, 0.6, 0.8, 1.2, 1.6)  # standard deviation in pixels, for a side of SMALL or less
BRIGHTNESS = (0.1, 0.2, 0.3, 0.4, 0.5)  # added, of the range from black to white
JPEG = (80, 50, 25, 15, 7)  # quality
STRENGTHS = 5
SMALL = 64  # pixels of the shorter side; larger pictures are blurred in proportion
SEED = 0
MOST_BYTES = 1 << 30  # of all corrupted inputs together


def noise(pixels: Pixels, strength: int) -> Pixels:
    """Returns the pictures with Gaussian noise. Every picture has its own seed, so that its noise
    depends neither on the others nor on their number."""
    found = np.empty_like(pixels)
    for number, picture in enumerate(pixels):
        random = np.random.default_rng((SEED, strength, number))
        drawn = random.standard_normal(picture.shape, np.float32)
        found[number] = _rounded(picture + np.float32(255 * NOISE[strength - 1]) * drawn)
    return found


def blur(pixels: Pixels, strength: int) -> Pixels:
    """Returns the pictures out of focus: a Gaussian blur."""
    from PIL import ImageFilter

    side = min(pixels.shape[1:3])
    effect = ImageFilter.GaussianBlur(BLUR[strength - 1] * max(1.0, side / SMALL))
    return _each(pixels, lambda image: image.filter(effect))


def brightness(pixels: Pixels, strength: int) -> Pixels:
    """Returns the pictures brighter, and cut off at white."""
    return _rounded(pixels + np.float32(255 * BRIGHTNESS[strength - 1]))


def jpeg(pixels: Pixels, strength: int) -> Pixels:
    """Returns the pictures as they are after JPEG has compressed them."""

    from PIL import Image

    def compressed(image: Image.Image) -> Image.Image:
        file = io.BytesIO()
        image.save(file, "JPEG", quality=JPEG[strength - 1])
        return Image.open(file, formats=("JPEG",))

    return _each(pixels, compressed)


KINDS: dict[str, Callable[[Pixels, int], Pixels]] = {
    "noise": noise,
    "blur": blur,
    "brightness": brightness,
    "jpeg": jpeg,
}


def name(kind: str, strength: int) -> str:
    """Returns the name of a corrupted set of pictures: such as "noise 3"."""
    return f"{kind} {strength}"


def possible(fed: Pictures) -> bool:
    """Checks that the inputs were made of gray or RGB pictures."""
    return fed.scaling is not None and fed.inputs.ndim == 4 and fed.inputs.shape[3] in (1, 3)


def sets(fed: Pictures, tensor: Tensor) -> dict[str, Pictures]:
    """Returns all corrupted sets of the pictures by name(), for the model's input `tensor`.

    The brightest pixel of all pictures counts as white, since some data sets have 17 levels and
    not 256. BadInput if the inputs are no pictures, or together too large.
    """
    if fed.scaling is None or not possible(fed):
        raise BadInput(
            "only gray or RGB pictures can be corrupted, and these inputs are not",
            where=fed.origin,
            hint="give `images` instead of `inputs`, or leave robustness out of --metrics",
        )
    size = fed.inputs.nbytes * len(KINDS) * STRENGTHS
    if size > MOST_BYTES:
        most = MOST_BYTES * len(fed) // size
        raise BadInput(
            f"{len(fed):,} pictures, each corrupted {len(KINDS) * STRENGTHS} times, are "
            f"{size:,} bytes, more than {MOST_BYTES:,}",
            where=fed.origin,
            hint=f"take fewer: --limit {max(1, most)}",
        )
    own = as_pixels(fed.inputs, tensor, fed.scaling)
    white = max(1, int(own.max()))
    pixels = _rounded(own * np.float32(255 / white))
    found = {}
    for kind, corrupt in KINDS.items():
        for strength in range(1, STRENGTHS + 1):
            corrupted = _rounded(corrupt(pixels, strength) * np.float32(white / 255))
            inputs = as_inputs(corrupted, tensor, fed.scaling)
            origin = f"{fed.origin}, {name(kind, strength)}"
            found[name(kind, strength)] = dataclasses.replace(fed, inputs=inputs, origin=origin)
    return found


def _each(pixels: Pixels, change: Callable[[Image.Image], Image.Image]) -> Pixels:
    from PIL import Image

    images = (Image.fromarray(p.squeeze(2) if p.shape[2] == 1 else p) for p in pixels)
    changed = [np.asarray(change(image), np.uint8) for image in images]
    return np.stack(changed).reshape(pixels.shape)


def _rounded(values: npt.NDArray[np.float32]) -> Pixels:
    found: Pixels = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    return found
