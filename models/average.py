"""A moving average of a model's weights, which is judged and kept in their place.

average = Average(model, kept=0.995); model.train_on_batch(...); average.follow()

Steps at a high learning rate go to and fro about a good place. Their average is near it long before
the rate is low, and what it says of pictures changes less from epoch to epoch. The averages of
batch normalisation are averaged, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pictures = NDArray[np.float32]


class Average:
    """`kept` is the share of the average that stays in each step; with 0 it is the weights
    themselves. `before`: the average of an interrupted training, or nothing."""

    def __init__(self, model: Any, kept: float, before: Sequence[NDArray[Any]] = ()) -> None:
        self.model = model
        self.share = np.float32(1 - kept)
        self.weights = list(before) or model.get_weights()

    def follow(self) -> None:
        """Take in the weights that the model has after a step."""
        now = self.model.get_weights()
        if self.share < 1:
            now = [a + self.share * (w - a) for a, w in zip(self.weights, now, strict=True)]
        self.weights = now

    def evaluate(self, check: tuple[Pictures, Pictures]) -> dict[str, float]:
        """Loss and accuracy of the averaged model for pictures and targets; the model keeps its
        own weights."""
        own = self.model.get_weights()
        self.model.set_weights(self.weights)
        seen: dict[str, float] = self.model.evaluate(
            *check, batch_size=64, verbose=0, return_dict=True
        )
        self.model.set_weights(own)
        return seen
