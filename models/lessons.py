"""The inputs of training: shuffled, augmented pictures and their targets.

lessons = Lessons(recipe, dataset); batches = lessons.epoch(0)

The seed and the number of the epoch decide an epoch's contents, so a training can resume anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import msgspec
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
        self.features = 0  # columns behind those of the classes
        if recipe.distillation:
            how = recipe.distillation
            self.teacher = Teacher(how.teacher, dataset, features=bool(how.features))
            if how.features:
                self._scale_features(self.teacher.opinions(recipe, 0)[:, len(dataset.classes) :])

    def _scale_features(self, seen: NDArray[np.float32]) -> None:
        self.features = seen.shape[1]
        spread = seen.std(axis=0)
        # a feature that hardly ever changes says little
        self.centre, self.spread = seen.mean(axis=0), spread + 0.1 * spread.mean() + 1e-6

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield each picture once, in batches, as real values and class probabilities; behind
        these, where the recipe asks for them, the teacher's features."""
        return self._batches(number, *self._changed(number))

    def epochs(self, numbers: Sequence[int]) -> Iterator[Iterator[Batch]]:
        """Yield the batches of each epoch; while one is trained on, a thread changes the pictures
        of the next, which takes about as long."""
        with ThreadPoolExecutor(1) as helper:
            ahead = [helper.submit(self._changed, number) for number in numbers[:1]]
            for at, number in enumerate(numbers):
                pixels, targets = ahead.pop().result()
                ahead = [helper.submit(self._changed, n) for n in numbers[at + 1 : at + 2]]
                yield self._batches(number, pixels, targets)

    def _recipe(self, number: int) -> Recipe:
        """The recipe of one epoch: the last ones, and those of tuning behind them, may not mix."""
        plan = self.recipe.training
        if number < plan.epochs - plan.unmixed_epochs:
            return self.recipe
        unmixed = msgspec.structs.replace(self.recipe.augmentation, mix=0.0)
        return msgspec.structs.replace(self.recipe, augmentation=unmixed)

    def _changed(self, number: int) -> Batch:
        """All pictures of an epoch in file order, as stored, and their class probabilities."""
        recipe = self._recipe(number)
        view = number % recipe.augmentation.views if recipe.augmentation.views else number
        pixels = changed(self.train.images, recipe, view)
        targets = self.one_hot
        if self.teacher and recipe.distillation:
            how = recipe.distillation
            same = self.teacher.images.shape == pixels.shape  # and so they are the same pictures
            said = self.teacher.opinions(recipe, view, pixels if same else None)
            opinions, features = np.split(said, [targets.shape[1]], axis=1)
            opinions = opinions ** (1 / how.temperature)
            opinions /= opinions.sum(axis=1, keepdims=True)
            targets = targets + how.weight * (opinions - targets)
            if self.features:
                features = (features - self.centre) / self.spread
                targets = np.concatenate([targets, features], axis=1)
        return pixels, targets

    def _batches(
        self, number: int, pixels: NDArray[np.float32], targets: NDArray[np.float32]
    ) -> Iterator[Batch]:
        seed = self.recipe.training.seed
        order = np.random.default_rng([seed, number, 1]).permutation(len(self.train))
        for step in range(self.steps):
            chosen = order[step * self.batch_size : (step + 1) * self.batch_size]
            yield as_real(pixels[chosen], self.recipe.input), targets[chosen]
