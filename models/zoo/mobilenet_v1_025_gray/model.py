"""MobileNetV1 0.25 for gray pictures; its first layer begins with ImageNet's, summed over colours.

python models/train.py mobilenet_v1_025_gray
"""

from __future__ import annotations

import keras
from architectures import mobilenet_v1

start_from = mobilenet_v1.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    return mobilenet_v1.build(input_shape, classes, alpha=0.25)
