"""MobileNet of the MicroMobileNet family: twelve blocks, 29,070 + 97 parameters per class.

python models/train.py mobilenet
"""

from __future__ import annotations

import keras
from architectures import micromobilenet

fold = micromobilenet.fold
BLOCKS = (  # output channels, stride
    (6, 1), (12, 2), (12, 1), (24, 2), (24, 1), (48, 2), (48, 1), (48, 1),
    (48, 1), (48, 1), (96, 2), (96, 1),
)  # fmt: skip


def build(input_shape: tuple[int, int, int], classes: int, scaled: bool = False) -> keras.Model:
    """input_shape (H, W, C), usually (96, 96, 1) -> probabilities (N, classes)."""
    return micromobilenet.build(input_shape, classes, 2, BLOCKS, scaled)
