"""flower_photos at 96 x 96, grayscale: see _flower_photos.py."""

from __future__ import annotations

from boardless.data.datasets._flower_photos import Flowers

_flowers = Flowers("flowers_96_gray", size=96, gray=True)
load, held_out = _flowers.load, _flowers.held_out
