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
    """`kept` is the share of the average that stays in each step; with 0 there is none, and the
    weights are the model's own. `before`: the average of an interrupted training, or nothing."""

    def __init__(self, model: Any, kept: float, before: Sequence[NDArray[Any]] = ()) -> None:
        self.model = model
        self.share = np.float32(1 - kept)
        self.averaged: list[NDArray[Any]] = []
        if kept:
            self.averaged = list(before) or model.get_weights()

    @property
    def weights(self) -> list[NDArray[Any]]:
        """The averaged weights, or the model's."""
        own: list[NDArray[Any]] = self.averaged or self.model.get_weights()
        return own

    def follow(self) -> None:
        """Take in the weights that the model has after a step."""
        if self.averaged:
            pairs = zip(self.averaged, self.model.get_weights(), strict=True)
            self.averaged = [a + self.share * (w - a) for a, w in pairs]

    def evaluate(self, check: tuple[Pictures, Pictures]) -> dict[str, float]:
        """Loss and accuracy of the averaged model for pictures and targets; the model keeps its
        own weights."""
        if not self.averaged:
            return self._evaluate(check)
        own = self.model.get_weights()
        self.model.set_weights(self.averaged)
        seen = self._evaluate(check)
        self.model.set_weights(own)
        return seen

    def _evaluate(self, check: tuple[Pictures, Pictures]) -> dict[str, float]:
        seen: dict[str, float] = self.model.evaluate(
            *check, batch_size=64, verbose=0, return_dict=True
        )
        return seen
