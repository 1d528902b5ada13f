"""Pictures that a user brings to a recipe, in a folder for each class.

python -m pytest tests/unit/test_brought.py
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import brought
import made_up_masks
import recipes
from boardless.core.errors import BadInput


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    return made_up_masks.pictures(tmp_path / "masks", height=12)


def test_every_picture_is_in_one_part_with_its_class(masks: Path) -> None:
    found = brought.load(masks, size=(8, 10), gray=False)
    parts = (found.train, found.validation, found.test)
    assert found.classes == ("with_mask", "without_mask")
    assert sum(map(len, parts)) == 60
    assert len(found.train) > len(found.test) > len(found.validation) > 0
    for part in parts:
        assert part.images.shape[1:] == (8, 10, 3)
        bright = part.images[:, 5:].mean(axis=(1, 2, 3)) > 120
        assert np.array_equal(bright, part.labels == 0)
    pictures = {image.tobytes() for part in parts for image in part.images}
    assert len(pictures) == 60
    gray = brought.load(masks, size=(8, 10), gray=True)
    assert gray.train.images.shape == (len(found.train), 8, 10, 1)


def test_the_content_of_a_picture_decides_its_part(masks: Path) -> None:
    """Copies and other names move nothing from one part into another."""
    before = brought.load(masks, size=(8, 8), gray=True)
    for file in sorted(masks.glob("*/1*.bmp")):
        shutil.copy(file, file.with_name(f"copy_of_{file.name}"))
        file.rename(file.with_name(f"z{file.name}"))
    after = brought.load(masks, size=(8, 8), gray=True)
    for name in brought.PARTS:
        one, other = getattr(before, name), getattr(after, name)
        assert len(other) >= len(one)
        assert {i.tobytes() for i in one.images} == {i.tobytes() for i in other.images}


def test_the_digests_say_which_pictures_are_held_out(masks: Path) -> None:
    first = brought.load(masks, size=(8, 8), gray=True).origin
    held_out = sorted(
        f"{label} {digest}"
        for label, kind in enumerate(("with_mask", "without_mask"))
        for file in (masks / kind).iterdir()
        if brought.part(digest := hashlib.sha256(file.read_bytes()).hexdigest()) == "test"
    )
    expected = hashlib.sha256("\n".join(held_out).encode()).hexdigest()[:16]
    assert f"test {expected})" in first
    _, digest = held_out[0].split()
    for file in masks.glob("*/*.bmp"):
        if hashlib.sha256(file.read_bytes()).hexdigest() == digest:
            file.unlink()
    second = brought.load(masks, size=(8, 8), gray=True).origin
    assert (
        second.split("train ")[1].split(", test")[0] == first.split("train ")[1].split(", test")[0]
    )
    assert f"test {expected})" not in second


def test_a_class_with_too_few_pictures_is_named(masks: Path) -> None:
    for file in (masks / "without_mask").glob("?.bmp"):
        shutil.copy(file, masks / "with_mask" / f"more_{file.name}")
    shutil.rmtree(masks / "without_mask")
    (masks / "without_mask").mkdir()
    Image.new("L", (9, 9)).save(masks / "without_mask" / "only.bmp")
    with pytest.raises(BadInput, match="no picture of without_mask falls into the part for"):
        brought.load(masks, size=(8, 8), gray=True)
    with pytest.raises(BadInput, match="no such folder; it has a folder for each class"):
        brought.load(masks / "nowhere", size=(8, 8), gray=True)


def test_a_file_that_is_no_picture_is_named(masks: Path) -> None:
    (masks / "with_mask" / "broken.bmp").write_bytes(b"not a picture")
    with pytest.raises(BadInput, match=r"broken\.bmp: not a readable picture"):
        brought.load(masks, size=(8, 8), gray=False)


@pytest.mark.parametrize("name", recipes.own_names())
def test_recipes_for_own_pictures_say_their_size(name: str) -> None:
    recipe = recipes.read_recipe(name)
    assert recipe.data.set == recipes.FOLDER
    assert recipe.data.size == (96, 96)
    assert name not in recipes.names()
    assert (recipes.OWN / name / "model.py").is_file()
