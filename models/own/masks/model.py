"""MobileNetV1 0.25 that tells faces with a mask from faces without, from ImageNet weights.

python models/train.py masks --pictures FOLDER --out FOLDER

FOLDER has a folder of pictures for each class, such as with_mask and without_mask; two classes or
more will do.
"""

from __future__ import annotations

import keras
from architectures import mobilenet_v1

start_from = mobilenet_v1.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), (96, 96, 3) in the recipe -> probabilities (N, classes)."""
    return mobilenet_v1.build(input_shape, classes, alpha=0.25)
