"""Corrupted pictures, and the groups of pictures."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.data import corruptions, groups, meaning, pictures
from boardless.data.records import Pictures
from boardless.model.graph import Quantisation, Tensor
from boardless.model.zoo import Scaling

GRAY = Tensor("t", (1, 16, 16, 1), "int8", Quantisation((1 / 255,), (-128,), 0))
PIXELS = np.arange(3 * 256, dtype=np.int64).reshape(3, 16, 16, 1).astype(np.uint8)
SCALING = meaning.USUAL["0..1"]


def fed(tensor: Tensor = GRAY, pixels: np.ndarray = PIXELS, scaling: Scaling = SCALING) -> Pictures:
    inputs = pictures.as_inputs(pixels, tensor, scaling)
    return Pictures(inputs, np.array([0, 1, 2]), "three", scaling=scaling)


@pytest.mark.parametrize("dtype", ["int8", "float32"])
@pytest.mark.parametrize("usual", list(meaning.USUAL))
def test_inputs_become_the_pixels_that_they_were_made_of(dtype: str, usual: str) -> None:
    scaling = meaning.USUAL[usual]
    zero = round(-128 - scaling.offset / scaling.scale)
    tensor = Tensor("t", (1, 16, 16, 1), dtype, Quantisation((scaling.scale,), (zero,), 0))
    inputs = pictures.as_inputs(PIXELS, tensor, scaling)
    apart = pictures.as_pixels(inputs, tensor, scaling).astype(int) - PIXELS
    # The levels of such an int8 input lie halfway between those of pixels.
    assert np.abs(apart).max() <= (usual == "-1..1" and dtype == "int8")


def test_every_set_is_there_and_the_same_every_time() -> None:
    pixels = np.random.default_rng(2).integers(0, 256, PIXELS.shape).astype(np.uint8)
    first, second = (corruptions.sets(fed(pixels=pixels), GRAY) for _ in range(2))
    assert len(first) == len(corruptions.KINDS) * corruptions.STRENGTHS == 20
    for name, found in first.items():
        assert found.inputs.shape == fed().inputs.shape
        assert found.inputs.dtype == np.int8
        assert found.origin == f"three, {name}"
        assert (found.inputs == second[name].inputs).all()
        assert not (found.inputs == fed(pixels=pixels).inputs).all(), name


def test_noise_does_not_depend_on_how_many_pictures_there_are() -> None:
    assert (corruptions.noise(PIXELS[:1], 2) == corruptions.noise(PIXELS, 2)[:1]).all()
    gray = np.full((1, 200, 200, 1), 128, np.uint8)
    spread = corruptions.noise(gray, 1).std()
    assert spread == pytest.approx(255 * corruptions.NOISE[0], rel=0.02)


def test_brightness_is_added_and_cut_off() -> None:
    pixels = np.array([0, 100, 229, 230, 255], np.uint8).reshape(1, 1, 5, 1)
    found = corruptions.brightness(pixels, 1)  # 25.5 more, rounded to even
    assert found.reshape(-1).tolist() == [26, 126, 254, 255, 255]


def test_blur_spreads_a_point_and_keeps_an_even_picture() -> None:
    point = np.zeros((1, 15, 15, 1), np.uint8)
    point[0, 7, 7, 0] = 255
    peaks = [int(corruptions.blur(point, s).max()) for s in range(1, 6)]
    assert peaks == sorted(peaks, reverse=True)
    assert peaks[0] > 1.5 * peaks[-1]
    even = np.full((1, 15, 15, 3), 77, np.uint8)
    assert (corruptions.blur(even, 5) == even).all()


@pytest.mark.parametrize("kind", list(corruptions.KINDS))
def test_a_stronger_corruption_changes_more(kind: str) -> None:
    random = np.random.default_rng(1).integers(0, 200, (2, 8, 8, 3)).astype(np.uint8)
    pixels = random.repeat(4, 1).repeat(4, 2)
    changed = [
        np.abs(corruptions.KINDS[kind](pixels, strength).astype(int) - pixels).mean()
        for strength in range(1, corruptions.STRENGTHS + 1)
    ]
    assert changed == sorted(changed)


def test_white_is_the_brightest_pixel_of_all() -> None:
    """The pixels of a data set such as digits go from 0 to 16."""
    tensor = Tensor("t", (1, 16, 16, 1), "float32", None)
    scaling = Scaling(1 / 16)
    found = corruptions.sets(fed(tensor, PIXELS % 17, scaling), tensor)["brightness 5"]
    assert found.inputs.min() == 0.5
    assert found.inputs.max() == 1.0


def test_what_cannot_be_corrupted() -> None:
    plain = dataclasses.replace(fed(), scaling=None)
    assert not corruptions.possible(plain)
    with pytest.raises(BadInput, match="three: only gray or RGB pictures can be corrupted"):
        corruptions.sets(plain, GRAY)
    large = dataclasses.replace(fed(), inputs=np.broadcast_to(np.int8(0), (60_000, 32, 32, 1)))
    with pytest.raises(BadInput, match=r"each corrupted 20 times.*--limit 52428"):
        corruptions.sets(large, GRAY)


def csv(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["picture,group", *lines]) + "\n")
    return path


def test_groups_of_a_csv(tmp_path: Path) -> None:
    path = csv(tmp_path / "a.csv", "1,day", '0,"night, rain"', "", "2,day", "7,unused")
    assert groups.of(fed(), path).groups == ("night, rain", "day", "day")
    named = dataclasses.replace(fed(), files=("a/1.png", "a/2.png", "b/1.png"))
    path = csv(tmp_path / "b.csv", "a/1.png,x", "b/1.png,y", "a/2.png,x")
    assert groups.of(named, path).groups == ("x", "x", "y")


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        (["0,day", "2,day"], "no group for picture 1;"),
        ([], "no group for picture 0 and 2 others"),
        (["0,day,3"], "row 2: not a picture and its group"),
        (["0,"], "row 2: not a picture and its group"),
        (["0,day", "0,night"], "row 3: picture 0 is in two groups"),
        (['0,"day'], "not a readable CSV"),
    ],
)
def test_a_csv_that_makes_no_sense(lines: list[str], line: str, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=line):
        groups.of(fed(), csv(tmp_path / "a.csv", *lines))


def test_a_file_that_is_no_csv(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for content, line in (
        (b"\xff\xfe\x00", "readable CSV"),
        (b"", "begin with"),
        (b"a,b", "begin"),
    ):
        path.write_bytes(content)
        with pytest.raises(BadInput, match=line):
            groups.of(fed(), path)
    with pytest.raises(BadInput, match="not a file"):
        groups.of(fed(), tmp_path)
