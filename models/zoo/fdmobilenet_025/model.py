"""FD-MobileNet 0.25: 127,528 + 257 parameters per class.

python models/train.py fdmobilenet_025
"""

from __future__ import annotations

import keras
from architectures import fdmobilenet

equalise = fdmobilenet.equalise
start_from = fdmobilenet.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (128, 128, 3) -> probabilities (N, classes)."""
    return fdmobilenet.build(input_shape, classes, alphas=12 * (0.25,))
