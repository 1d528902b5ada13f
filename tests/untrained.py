"""Untrained models for tests that only look at them: to build one takes about a second.

model = untrained.model("digits_cnn", (8, 8, 1), 10)
array = untrained.outputs(model, pictures)
"""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "models"))

import training
from architectures import fdmobilenet, mobilenet_v1

model = functools.cache(training.build)
fdmobilenet_of = functools.cache(fdmobilenet.build)
mobilenet_v1_of = functools.cache(mobilenet_v1.build)


def outputs(model: Any, pictures: Any) -> Any:
    """Returns the array that a model gives for pictures (N, H, W, C), or a list of several. Where
    it is asked once or twice, predict() compiles it for longer than this computes."""
    said = model(pictures, training=False)
    return [np.asarray(each) for each in said] if isinstance(said, list) else np.asarray(said)
