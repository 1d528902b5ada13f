"""Pico of the MicroMobileNet family: three blocks, 594 + 25 parameters per class.

python models/train.py pico_mobilenet
"""

from __future__ import annotations

import keras
from architectures import micromobilenet

fold = micromobilenet.fold
BLOCKS = ((6, 2), (12, 2), (24, 2))  # output channels, stride


def build(input_shape: tuple[int, int, int], classes: int, scaled: bool = False) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    return micromobilenet.build(input_shape, classes, 3, BLOCKS, scaled)
