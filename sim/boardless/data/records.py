"""The inputs of a model, and their labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model.zoo import Scaling


@dataclass(frozen=True)
class Pictures:
    """Inputs of a model: `inputs` (N, ...) in the model's own type, labels (N,) or None."""

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None
    origin: str  # one phrase: which pictures
    classes: tuple[str, ...] = ()
    groups: tuple[str, ...] | None = None  # (N,): what fairness is measured across
    files: tuple[str, ...] = ()  # (N,): of a folder, paths within it
    scaling: Scaling | None = None  # of the pixels that inputs were made of; None: of no pixels
    # Of pictures that a user names: how they were mapped to classes and inputs, what is doubtful.
    mapping: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    pixels: str = ""  # what pixels mean to the model, such as 0..1, where that can be chosen

    def __len__(self) -> int:
        return len(self.inputs)
