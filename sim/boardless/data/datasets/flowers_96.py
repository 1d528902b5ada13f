"""flower_photos at 96 x 96, RGB: see _flower_photos.py."""

from __future__ import annotations

from boardless.data.datasets._flower_photos import Flowers

_flowers = Flowers("flowers_96", size=96)
load, held_out = _flowers.load, _flowers.held_out
