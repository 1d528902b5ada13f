"""flower_photos at 128 x 128, RGB: see _flower_photos.py."""

from __future__ import annotations

from boardless.data.datasets._flower_photos import Flowers

_flowers = Flowers("flowers_128", size=128)
load, held_out = _flowers.load, _flowers.held_out
