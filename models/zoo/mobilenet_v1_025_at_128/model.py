"""MobileNetV1 0.25 for larger pictures, fine-tuned from ImageNet weights; others' teacher.

python models/train.py mobilenet_v1_025_at_128
"""

from __future__ import annotations

import keras
from architectures import mobilenet_v1

start_from = mobilenet_v1.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (128, 128, 3) -> probabilities (N, classes)."""
    return mobilenet_v1.build(input_shape, classes, alpha=0.25)
