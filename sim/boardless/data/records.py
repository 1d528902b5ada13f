"""What is fed to a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Pictures:
    """What is fed to the model: `inputs` (N, ...) in the model's own type, labels (N,) or None."""

    inputs: npt.NDArray[Any]
    labels: npt.NDArray[np.int64] | None
    origin: str  # one phrase: which pictures
    classes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)
