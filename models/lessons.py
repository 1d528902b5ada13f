"""The inputs of training: shuffled, augmented pictures and their targets.

lessons = Lessons(recipe, dataset); batches = lessons.epoch(0)

The seed and the number of the epoch decide an epoch's contents, so a training can resume anywhere.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

import msgspec
import numpy as np
from augment import changed
from boardless.data import datasets
from boardless.data.pictures import as_real
from numpy.typing import NDArray
from recipes import Recipe
from teacher import Teacher

Batch = tuple[NDArray[np.float32], NDArray[np.float32]]
# Changed pictures of an epoch that are in memory at once, in bytes; and as many of the next.
MOST = 2 << 30


class Lessons:
    """The training pictures of a recipe, with a teacher where it names one."""

    def __init__(self, recipe: Recipe, dataset: datasets.Dataset) -> None:
        self.recipe = recipe
        self.train = dataset.train
        self.one_hot = np.eye(len(dataset.classes), dtype=np.float32)[dataset.train.labels]
        self.batch_size = min(recipe.training.batch_size, len(self.train))
        self.steps = max(1, len(self.train) // self.batch_size)
        self.teacher: Teacher | None = None
        # what is in the columns behind those of the classes: the loss's weight, and the shape
        self.guesses: list[tuple[float, tuple[int, ...]]] = []
        self.part_steps = self.steps  # batches whose pictures are changed together
        if recipe.distillation:
            how = recipe.distillation
            weights = [weight for weight in (how.features, how.maps) if weight]
            self.teacher = Teacher(
                how.teacher, dataset, features=bool(how.features), maps=bool(how.maps)
            )
            if weights:
                self.guesses = list(zip(weights, self.teacher.shapes, strict=True))
                self._scale_features(self.teacher.opinions(recipe, 0)[:, len(dataset.classes) :])
        else:
            batch = 4 * self.batch_size * math.prod(self.train.images.shape[1:])
            self.part_steps = min(self.steps, max(1, MOST // batch))

    def _scale_features(self, seen: NDArray[np.float32]) -> None:
        """A channel has one mean and one spread at all places of a map."""
        ends = np.cumsum([math.prod(shape) for _, shape in self.guesses])
        centres, spreads = [], []
        for part, (_, shape) in zip(np.split(seen, ends[:-1], axis=1), self.guesses, strict=True):
            channels = part.reshape(-1, shape[-1])
            spread = channels.std(axis=0)
            # a feature that hardly ever changes says little
            spread = spread + 0.1 * spread.mean() + 1e-6
            places = part.shape[1] // shape[-1]
            centres.append(np.tile(channels.mean(axis=0), places))
            spreads.append(np.tile(spread, places))
        self.centre, self.spread = np.concatenate(centres), np.concatenate(spreads)

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield each picture once, in batches, as real values and class probabilities; behind
        these, where the recipe asks for them, the teacher's features."""
        for batches in self.epochs([number]):
            yield from batches

    def epochs(self, numbers: Sequence[int]) -> Iterator[Iterator[Batch]]:
        """Yield the batches of each epoch, which are to be taken before the next epoch; while some
        are trained on, a thread changes the pictures of the next, which takes about as long."""
        starts = range(0, self.steps, self.part_steps)
        parts = iter([(number, start) for number in numbers for start in starts])
        with ThreadPoolExecutor(1) as helper:

            def next_part() -> list[Future[Batch]]:
                return [helper.submit(self._changed, *part) for part in islice(parts, 1)]

            def batches(number: int) -> Iterator[Batch]:
                for start in starts:
                    pixels, targets = ahead.pop().result()
                    ahead.extend(next_part())
                    yield from self._batches(number, start, pixels, targets)
                    del pixels, targets

            ahead = next_part()
            for number in numbers:
                yield batches(number)

    def _recipe(self, number: int) -> Recipe:
        """The recipe of one epoch: the last ones, and those of tuning behind them, may not mix."""
        plan = self.recipe.training
        if number < plan.epochs - plan.unmixed_epochs:
            return self.recipe
        unmixed = msgspec.structs.replace(self.recipe.augmentation, mix=0.0)
        return msgspec.structs.replace(self.recipe, augmentation=unmixed)

    def _order(self, number: int, start: int) -> NDArray[np.int64]:
        """The pictures of a part of an epoch, in the order in which they are trained on."""
        rng = np.random.default_rng([self.recipe.training.seed, number, 1])
        order = rng.permutation(len(self.train))
        steps = min(self.steps - start, self.part_steps)
        return order[start * self.batch_size : (start + steps) * self.batch_size]

    def _changed(self, number: int, start: int) -> Batch:
        """The pictures of the part of an epoch that begins with batch `start`, as stored, and their
        class probabilities: all pictures in file order, or those of a part in the order of its
        batches."""
        recipe = self._recipe(number)
        view = number % recipe.augmentation.views if recipe.augmentation.views else number
        if self.part_steps < self.steps:
            chosen = self._order(number, start)
            return changed(self.train.images[chosen], recipe, view, start), self.one_hot[chosen]
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
            if self.guesses:
                features = (features - self.centre) / self.spread
                targets = np.concatenate([targets, features], axis=1)
        return pixels, targets

    def _batches(
        self, number: int, start: int, pixels: NDArray[np.float32], targets: NDArray[np.float32]
    ) -> Iterator[Batch]:
        order = self._order(number, start)
        if self.part_steps < self.steps:
            order = np.arange(len(order))
        for at in range(0, len(order), self.batch_size):
            chosen = order[at : at + self.batch_size]
            yield as_real(pixels[chosen], self.recipe.input), targets[chosen]
