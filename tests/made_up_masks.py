"""Pictures as of faces with and without a mask, made up: two folders of 30.

masks = pictures(tmp_path / "masks", height=12)
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CLASSES = ("with_mask", "without_mask")


def pictures(folder: Path, height: int) -> Path:
    """Returns the folder, which gets pictures of (height, 20): those with a mask are bright in
    their lower half. Bitmaps, whose bytes do not depend on the version of a library."""
    rng = np.random.default_rng(3)
    for kind in CLASSES:
        (folder / kind).mkdir(parents=True)
        for number in range(30):
            pixels = rng.integers(0, 90, (height, 20, 3)).astype(np.uint8)
            pixels[height // 2 :] += 150 if kind == CLASSES[0] else 0
            Image.fromarray(pixels).save(folder / kind / f"{number}.bmp")
    return folder
