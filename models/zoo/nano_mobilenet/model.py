"""Nano of the MicroMobileNet family: four blocks, 1,386 + 25 parameters per class.

python models/train.py nano_mobilenet
"""

from __future__ import annotations

import keras
from architectures import micromobilenet

fold = micromobilenet.fold
BLOCKS = ((6, 2), (12, 2), (24, 2), (24, 2))  # output channels, stride


def build(input_shape: tuple[int, int, int], classes: int, scaled: bool = False) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    return micromobilenet.build(input_shape, classes, 2, BLOCKS, scaled)
