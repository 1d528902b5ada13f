"""ST's FdMobileNet v1, wider where maps are large: 144,080 + 257 parameters per class.

python models/train.py st_fdmobilenet_v1
"""

from __future__ import annotations

import keras
from architectures import fdmobilenet

equalise = fdmobilenet.equalise
start_from = fdmobilenet.start_from


def build(input_shape: tuple[int, int, int], classes: int) -> keras.Model:
    """input_shape (H, W, C), usually (128, 128, 3) -> probabilities (N, classes)."""
    return fdmobilenet.build(input_shape, classes, alphas=fdmobilenet.ST_V1)
