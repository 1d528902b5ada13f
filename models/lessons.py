"""The inputs of training: shuffled, augmented pictures and their targets.

lessons = Lessons(recipe, dataset); batches = lessons.epoch(0)

The seed and the number of the epoch decide an epoch's contents, so a training can resume anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from augment import changed
from boardless.data import datasets
from boardless.data.pictures import as_real
from numpy.typing import NDArray
from recipes import Recipe
from teacher import Teacher

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]


class Lessons:
    """The training pictures of a recipe, with a teacher where it names one."""

    def __init__(self, recipe: Recipe, dataset: datasets.Dataset) -> None:
        self.recipe = recipe
        self.train = dataset.train
        self.one_hot = np.eye(len(dataset.classes), dtype=np.float32)[dataset.train.labels]
        self.batch_size = min(recipe.training.batch_size, len(self.train))
        self.steps = max(1, len(self.train) // self.batch_size)
        self.teacher: Teacher | None = None
        if recipe.distillation:
            self.teacher = Teacher(recipe.distillation.teacher, dataset)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield each picture once, in batches, as real values and class probabilities."""
        seed = self.recipe.training.seed
        view = number % self.recipe.augmentation.views if self.recipe.augmentation.views else number
        pixels = changed(self.train.images, self.recipe, view)
        targets = self.one_hot
        if self.teacher and self.recipe.distillation:
            how = self.recipe.distillation
            opinions = self.teacher.opinions(self.recipe, view) ** (1 / how.temperature)
            opinions /= opinions.sum(axis=1, keepdims=True)
            targets = targets + how.weight * (opinions - targets)
        order = np.random.default_rng([seed, number, 1]).permutation(len(self.train))
        for step in range(self.steps):
            chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
            yield as_real(pixels[chosen], self.recipe.input), targets[chosen]
