"""flower_photos at 224 x 224, RGB: see _flower_photos.py."""

from __future__ import annotations

from boardless.data.datasets._flower_photos import Flowers

_flowers = Flowers("flowers_224", size=224)
load, held_out = _flowers.load, _flowers.held_out
