"""ST's FdMobileNet v1 for pictures of any classes, from ImageNet weights.

python models/train.py st_fdmobilenet --pictures FOLDER --size 224 --out FOLDER

FOLDER has a folder of pictures for each class, as the archives of flower_photos, of plant leaves
and of Food-101 have.
"""

from __future__ import annotations

import keras
from architectures import fdmobilenet

equalise = fdmobilenet.equalise
start_from = fdmobilenet.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), (128, 128, 3) in the recipe -> probabilities (N, classes)."""
    return fdmobilenet.build(input_shape, classes, alphas=fdmobilenet.ST_V1)
