"""MobileNetV1 0.25 that tells pictures with a person from others, from ImageNet weights.

python models/train.py person --pictures FOLDER --out FOLDER

FOLDER has the folders non_person and person, such as MLPerf Tiny's vw_coco2014_96 has (visual wake
words).
"""

from __future__ import annotations

import keras
from architectures import mobilenet_v1

start_from = mobilenet_v1.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), (96, 96, 3) in the recipe -> probabilities (N, classes)."""
    return mobilenet_v1.build(input_shape, classes, alpha=0.25)
