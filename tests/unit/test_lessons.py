"""Sets of pictures that are too large to be changed at once; tests/zoo has the rest of training.

python -m pytest tests/unit/test_lessons.py
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from boardless.data.datasets import Dataset, Split

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import lessons
import recipes
from augment import changed

PICTURES, BATCH = 52, 8


@pytest.fixture
def few() -> Dataset:
    """Each picture has pixels of its own, all of one value, which says its class, too."""
    images = np.arange(PICTURES, dtype=np.uint8)[:, None, None, None].repeat(4, axis=1)
    split = Split(images.repeat(4, axis=2), np.arange(PICTURES) % 3)
    return Dataset("few", ("a", "b", "c"), split, split, split, "made up")


@pytest.fixture
def plan() -> recipes.Recipe:
    """Changes that need no TensorFlow and leave such pictures what they are."""
    recipe = recipes.read_recipe("digits_cnn")
    how = recipes.Augmentation(symmetries=True, shift=0, rotate_degrees=0, zoom=0)
    training = msgspec.structs.replace(recipe.training, batch_size=BATCH)
    return msgspec.structs.replace(recipe, augmentation=how, training=training)


@pytest.mark.parametrize("most", [1 << 20, 4 * 4 * 4 * BATCH * 2, 1])
def test_an_epoch_has_each_picture_once_with_its_class(
    most: int, few: Dataset, plan: recipes.Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = []

    def noted(images: Any, *arguments: Any) -> Any:
        sizes.append(len(images))
        return changed(images, *arguments)

    monkeypatch.setattr(lessons, "MOST", most)
    monkeypatch.setattr(lessons, "changed", noted)
    orders = []
    for batches in lessons.Lessons(plan, few).epochs(range(2)):
        known = []
        for real, targets in batches:
            assert real.shape == (BATCH, 4, 4, 1)
            numbers = np.rint(real[:, 0, 0, 0] / plan.input.scale).astype(int)
            assert np.array_equal(targets.argmax(axis=1), numbers % 3)
            known += numbers.tolist()
        orders.append(known)
        assert len(known) == len({*known}) == PICTURES // BATCH * BATCH
    assert orders[0] != orders[1]
    expected = {1 << 20: 2 * [PICTURES], 1: 12 * [BATCH]}
    assert sizes == expected.get(most, 6 * [2 * BATCH])


def test_parts_change_the_order_of_no_pictures(
    few: Dataset, plan: recipes.Recipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    for most in (1 << 20, 1):
        monkeypatch.setattr(lessons, "MOST", most)
        batches = [real.mean(axis=(1, 2, 3)) for real, _ in lessons.Lessons(plan, few).epoch(3)]
        seen.append(np.concatenate(batches))
    whole, parts = seen
    np.testing.assert_allclose(whole, parts, rtol=1e-6)
