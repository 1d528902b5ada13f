"""MobileNetV1 0.1: the strongest channels of 0.25's ImageNet weights, distilled from a teacher.

python models/train.py mobilenet_v1_010
"""

from __future__ import annotations

import keras
from architectures import mobilenet_v1

start_from = mobilenet_v1.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 3) -> probabilities (N, classes)."""
    return mobilenet_v1.build(input_shape, classes, alpha=0.1)
