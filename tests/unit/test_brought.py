"""Pictures that a user brings to a recipe, in a folder for each class.

python -m pytest tests/unit/test_brought.py
"""

from __future__ import annotations

import hashlib
import shutil
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import brought
import made_up_masks
import recipes
import train
from boardless.core.errors import BadInput
from boardless.data.datasets import Dataset
from model_card import card
from training import Trained


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


def test_folders_and_files_are_called_as_in_archives_of_leaves(tmp_path: Path) -> None:
    """No folder of the 39 kinds of leaves has to be renamed, and none of Food-101."""
    rng = np.random.default_rng(0)
    kinds = ("Apple___Cedar_apple_rust", "Background_without_leaves", "Corn___healthy")
    for kind in kinds:
        (tmp_path / "leaves" / kind).mkdir(parents=True)
        for number in range(30):
            pixels = rng.integers(0, 256, (9, 12, 3)).astype(np.uint8)
            path = tmp_path / "leaves" / kind / f"image ({number}).JPG"
            Image.fromarray(pixels).save(path, format="JPEG")
    found = brought.load(tmp_path / "leaves", size=(8, 8), gray=False)
    assert found.classes == kinds
    assert len(found.train) + len(found.validation) + len(found.test) == 90


@pytest.mark.parametrize("name", recipes.own_names())
def test_recipes_for_own_pictures_say_their_size(name: str) -> None:
    recipe = recipes.read_recipe(name)
    assert recipe.data.set == recipes.FOLDER
    side = 128 if "fdmobilenet" in name else 96
    assert recipe.data.size == (side, side)
    assert name not in recipes.names()
    assert (recipes.OWN / name / "model.py").is_file()


def test_another_size_is_that_of_pictures_and_card(
    masks: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of the command but the training, which needs TensorFlow: tests/zoo/test_own.py."""

    def untrained(name: str, recipe: recipes.Recipe, data: Dataset, epochs: int) -> Trained:
        seen.append((name, epochs, data.train.images.shape[1:], data.classes))
        return Trained(parameters=0, history={}, float32=b"", int8=b"", unfolded={})

    def written(folder: Path, name: str, recipe: recipes.Recipe, *_: object) -> recipes.Results:
        results = recipes.read_results(recipes.ZOO / "fdmobilenet_025")
        results = msgspec.structs.replace(results, name=name)
        (folder / "card.md").write_text(card(results, recipe), encoding="utf-8")
        return results

    seen: list[object] = []
    monkeypatch.setattr(train, "train", untrained)
    monkeypatch.setattr(train, "write", written)
    for name in ("fdmobilenet", "st_fdmobilenet"):
        arguments = [name, "--pictures", str(masks), "--out", str(tmp_path / "out")]
        for size, line in (([], ""), (["--size", "224"], "--size 224 ")):
            assert train.main([*arguments, *size]) == 0
            text = (tmp_path / "out" / name / "card.md").read_text(encoding="utf-8")
            assert f"    python models/train.py {name} --pictures DIR {line}--out DIR\n" in text
            side = 224 if size else 128
            assert seen.pop() == (name, 100, (side, side, 3), ("with_mask", "without_mask"))


@pytest.mark.parametrize(
    "arguments", [["digits_cnn", "--size", "224"], ["masks", "--pictures", "x", "--size", "0"]]
)
def test_a_size_is_for_pictures_that_are_brought(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        train.main([*arguments, "--out", "nowhere"])
    assert end.value.code == 2
    assert "--size takes 1 or more, and --pictures" in capsys.readouterr().err
