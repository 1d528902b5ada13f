from __future__ import annotations

import dataclasses
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core.errors import BadInput
from boardless.data import datasets, meaning, pictures
from boardless.model import zoo
from boardless.model.graph import Graph, Quantisation, Tensor
from PIL import Image


@pytest.fixture
def model() -> zoo.Model:
    return zoo.find("digits_cnn:int8")


def save(path: Path, **arrays: npt.NDArray[Any]) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]  # its stub takes one bool keyword
    return path


@pytest.mark.parametrize(
    ("quantisation", "expected"),
    [
        (Quantisation((1 / 255,), (-128,), 0), "0..1"),
        (Quantisation((2 / 255,), (0,), 0), "-1..1"),
        (Quantisation((1.0,), (-128,), 0), "0..255"),
        (Quantisation((0.0078,), (-1,), 0), "-1..1"),
    ],
)
def test_pixel_meaning_is_guessed_from_the_input_range(
    quantisation: Quantisation, expected: str
) -> None:
    tensor = Tensor("t", (1, 2, 2, 1), "int8", quantisation)
    assert meaning.nearest(tensor) == expected
    assert meaning.of(Graph("net", (tensor,), (), 0, 0)).name == expected


def test_pixels_become_int8_as_tflite_users_write_it() -> None:
    tensor = Tensor("t", (1, 1, 256, 1), "int8", Quantisation((1 / 255,), (-128,), 0))
    pixels = np.arange(256, dtype=np.uint8).reshape(1, 1, 256, 1)
    got = pictures.as_inputs(pixels, tensor, meaning.USUAL["0..1"])
    assert (got.reshape(-1) == np.arange(256) - 128).all()


def test_npz_of_images(model: zoo.Model, tmp_path: Path) -> None:
    images = np.full((3, 8, 8), 16, np.uint8)  # without the channel axis
    path = save(tmp_path / "a.npz", images=images, labels=np.array([[1], [2], [3]]))
    found = pictures.load(model, path)
    assert found.inputs.shape == (3, 8, 8, 1)
    assert (found.inputs == 127).all()
    assert found.labels is not None
    assert found.labels.tolist() == [1, 2, 3]
    found = pictures.load(model, path, limit=2)
    assert found.inputs.shape == (2, 8, 8, 1)
    assert found.labels is not None
    assert found.labels.tolist() == [1, 2]


def test_npz_of_a_uint8_model_is_in_the_type_of_its_file(tmp_path: Path) -> None:
    source = Tensor("t", (1, 3), "int8", Quantisation((1.0,), (0,), 0), file_dtype="uint8")
    network = Graph("net", (source,), (), 0, 0)
    path = save(tmp_path / "a.npz", inputs=np.array([[0, 128, 255]], np.uint8))
    found = pictures.load(zoo.Model("net", b"", network, None), path)
    assert found.inputs.dtype == np.int8
    assert found.inputs.tolist() == [[-128, 0, 127]]
    same = save(tmp_path / "b.npz", inputs=found.inputs)
    again = pictures.load(zoo.Model("net", b"", network, None), same)
    np.testing.assert_array_equal(again.inputs, found.inputs)
    other = save(tmp_path / "c.npz", inputs=np.zeros((1, 3), np.float32))
    with pytest.raises(BadInput, match="inputs are float32 3, the model takes uint8 3"):
        pictures.load(zoo.Model("net", b"", network, None), other)


def test_npz_of_inputs_and_limit(model: zoo.Model, tmp_path: Path) -> None:
    inputs = np.arange(5 * 64, dtype=np.int64).astype(np.int8).reshape(5, 8, 8, 1)
    found = pictures.load(model, save(tmp_path / "a.npz", inputs=inputs), limit=2)
    assert (found.inputs == inputs[:2]).all()
    assert found.labels is None


def test_folder_takes_classes_in_turn(model: zoo.Model, tmp_path: Path) -> None:
    for label, name in enumerate(("a", "b")):
        (tmp_path / name).mkdir()
        for i in range(2):
            Image.new("RGB", (8, 8), (label * 8,) * 3).save(tmp_path / name / f"{i}.png")
    found = pictures.load(model, tmp_path)
    assert found.labels is not None
    assert found.labels.tolist() == [0, 1, 0, 1]
    assert found.classes == ("a", "b")


def broken(tmp_path: Path, case: str) -> Path:
    path = tmp_path / "x.npz"
    if case == "not an npz":
        path.write_bytes(b"no zip")
    elif case == "wrong size":
        save(path, images=np.zeros((2, 9, 8, 1), np.uint8))
    elif case == "wrong type":
        save(path, inputs=np.zeros((2, 8, 8, 1), np.float32))
    elif case == "no arrays":
        save(path, other=np.zeros(1))
    elif case == "labels":
        save(path, images=np.zeros((2, 8, 8, 1), np.uint8), labels=np.zeros(3, np.int64))
    elif case == "half of it":
        content = save(path, images=np.zeros((2, 8, 8, 1), np.uint8)).read_bytes()
        path.write_bytes(content[: len(content) // 2])
    elif case == "objects":
        save(path, images=np.array([None, {}]))
    elif case == "names as labels":
        save(path, images=np.zeros((2, 8, 8, 1), np.uint8), labels=np.array(["zero", "three"]))
    elif case == "unknown class":
        save(path, images=np.zeros((2, 8, 8, 1), np.uint8), labels=np.array([9, 10]))
    elif case == "no array":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("images.npy", b"text")
    elif case == "one number":
        save(path, inputs=np.int8(3))  # type: ignore[arg-type]
    elif case == "records of nothing":
        save(path, inputs=np.zeros((2, 8, 8, 1), []))
    elif case == "no pictures":
        save(path, images=np.zeros((0, 8, 8, 1), np.uint8))
    elif case == "empty folder":
        path.mkdir()
    elif case == "folder of wrong size":
        (path / "a").mkdir(parents=True)
        Image.new("L", (9, 9)).save(path / "a" / "1.png")
    elif case == "folder of no picture":
        (path / "a").mkdir(parents=True)
        (path / "a" / "1.png").write_bytes(b"nothing")
    return path


@pytest.mark.parametrize(
    ("case", "message"),
    [
        ("not an npz", "not readable pictures (no .npz, or not all of it)"),
        ("wrong size", "pictures are 9 x 8 x 1, the model takes 8 x 8 x 1"),
        ("wrong type", "inputs are float32 8 x 8 x 1, the model takes int8 8 x 8 x 1"),
        ("no arrays", "neither `images`"),
        ("half of it", "not readable pictures (no .npz, or not all of it)"),
        ("objects", "not readable pictures (Object arrays"),
        ("no array", "images is no array"),
        ("one number", "one number, not an array"),
        ("records of nothing", "inputs are [] 8 x 8 x 1, the model takes int8 8 x 8 x 1"),
        ("labels", "3 labels for 2 pictures"),
        ("names as labels", "<U5, not numbers of classes"),
        ("unknown class", "class 10: the model tells 10 classes apart, from 0 on"),
        ("no pictures", "no pictures"),
        ("empty folder", "no pictures in class folders"),
        ("folder of wrong size", "the picture is 9 x 9, the model takes 8 x 8"),
        ("folder of no picture", "not a readable picture"),
    ],
)
def test_bad_pictures_get_one_clear_line(
    model: zoo.Model, tmp_path: Path, case: str, message: str
) -> None:
    with pytest.raises(BadInput) as caught:
        pictures.load(model, broken(tmp_path, case))
    assert message in str(caught.value)
    assert "x.npz" in str(caught.value)


def test_inputs_that_are_no_numbers_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path / "x.npz", inputs=np.full((2, 8, 8, 1), np.nan, np.float32))
    with pytest.raises(BadInput, match="not all finite numbers"):
        pictures.load(zoo.find("digits_cnn:float32"), path)


def test_generated_pictures_when_there_is_no_data(
    model: zoo.Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(name: str) -> object:
        raise datasets.DataMissing("not here", hint="set BOARDLESS_DATA")

    monkeypatch.setattr(datasets, "load", missing)
    found = pictures.load(model, None)
    assert found.labels is None
    assert "accuracy is not known" in found.origin
    assert len(found) == pictures.GENERATED
    assert (found.inputs == pictures.load(model, None).inputs).all()


def test_a_folder_may_hold_pictures_without_classes(model: zoo.Model, tmp_path: Path) -> None:
    for number in range(3):
        Image.new("L", (8, 8), 10 * number).save(tmp_path / f"{number}.png")
    (tmp_path / "notes").mkdir()  # a folder without pictures is no class
    found = pictures.load(model, tmp_path, 2, unlabelled=True)
    assert found.labels is None
    assert found.inputs.shape == (2, 8, 8, 1)
    assert found.inputs[1].min() > found.inputs[0].max()
    with pytest.raises(BadInput, match="no pictures in class folders"):
        pictures.load(model, tmp_path)
    (tmp_path / "notes" / "x.png").write_bytes((tmp_path / "0.png").read_bytes())
    assert pictures.load(model, tmp_path, unlabelled=True).labels is not None


def test_what_a_converter_knows_of_pixels_is_no_option_of_the_user(tmp_path: Path) -> None:
    model = dataclasses.replace(zoo.find("digits_cnn:float32"), results=None)
    path = save(tmp_path / "p.npz", images=np.full((1, 8, 8, 1), 9, np.uint8))
    meant = meaning.Meaning("0..255", "net.keras begins by scaling such pixels")
    found = pictures.load(model, path, meant=meant)
    assert "0..255 are 0..255 to the model" in found.mapping[-1]
    assert "(net.keras begins by scaling such pixels; --pixels changes it)" in found.mapping[-1]
    assert found.doubts == ()
    found = pictures.load(model, path, pixels="0..1", meant=meant)
    assert found.mapping[-1].endswith("(as --pixels says)")
    assert found.doubts == (
        "--pixels 0..1, but net.keras begins by scaling such pixels: try --pixels 0..255",
    )
