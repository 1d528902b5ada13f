"""Pictures of one's own: how they are mapped, and the warnings where they do not fit the model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core.errors import BadInput
from boardless.data import class_names, meaning, pictures
from boardless.data.records import Pictures
from boardless.judge import suspicions
from boardless.model import graph as reader
from boardless.model import zoo
from boardless.model.graph import Graph
from one_operator import Operator, Tensor, graph
from PIL import Image

SHAPE = (1, 4, 4, 1)
CLASSES = 3


def network(
    first: list[tuple[str, float]], dtype: str = "float32", scale: float = 1 / 255
) -> Graph:
    """Returns operators with a constant each, and then a dense layer of three classes."""

    def tensor(shape: tuple[int, ...], step: float, zero: int = 0, data: Any = None) -> Tensor:
        if dtype == "float32":
            return Tensor(shape, dtype, data=data)
        return Tensor(shape, dtype, (step,), (zero,), data=data)

    tensors, operators, at = [tensor(SHAPE, scale, -128)], [], 0
    for name, value in first:
        constant = np.full((1,), value if dtype == "float32" else 127)
        tensors += [tensor((1,), value / 127, data=constant), tensor(SHAPE, scale, -128)]
        operators.append(Operator(name, [at, len(tensors) - 2], [len(tensors) - 1]))
        at = len(tensors) - 1
    weights = np.ones((CLASSES, 16))
    tensors += [tensor(weights.shape, 0.1, data=weights), tensor((1, CLASSES), 0.1)]
    n = len(tensors)
    operators.append(Operator("FULLY_CONNECTED", [at, n - 2, -1], [n - 1]))
    return reader.read(graph(tensors, operators, 0, n - 1), "net")


def model(*first: tuple[str, float], dtype: str = "float32", scale: float = 1 / 255) -> zoo.Model:
    return zoo.Model("net", b"", network([*first], dtype, scale), None)


def folder(tmp_path: Path, *names: str) -> Path:
    for number, name in enumerate(names):
        (tmp_path / "own" / name).mkdir(parents=True)
        Image.new("L", (4, 4), 20 * number + 5).save(tmp_path / "own" / name / "1.png")
    return tmp_path / "own"


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ([], "0..1"),
        ([("MUL", 1 / 255)], "0..255"),
        ([("MUL", 1 / 127.5), ("ADD", -1.0)], "0..255"),
        ([("SUB", 127.5), ("MUL", 1 / 127.5)], "0..255"),
        ([("DIV", 255.0)], "0..255"),
        ([("MUL", 2.0), ("ADD", -1.0)], "0..1"),
    ],
)
def test_the_first_operators_say_what_pixels_are(
    first: list[tuple[str, float]], expected: str
) -> None:
    assert meaning.of(network(first)).name == expected


def test_a_model_with_its_own_rescaling_gets_pixels_as_they_are(tmp_path: Path) -> None:
    images = folder(tmp_path, "a", "b", "c")
    found = pictures.load(model(("MUL", 1 / 255)), images)
    assert found.inputs.max() == 45
    assert found.mapping == (
        "classes: 0 a, 1 b, 2 c (folders in alphabetical order; --labels FILE changes it)",
        "pixels: 0..255 are 0..255 to the model, here float32 5..45 (the model's first operators "
        "scale or move by 0.00392; --pixels changes it)",
    )
    assert found.doubts == ()
    wrong = pictures.load(model(("MUL", 1 / 255)), images, pixels="0..1")
    assert wrong.inputs.max() < 1
    assert len(wrong.doubts) == 1
    assert wrong.doubts[0].endswith("try --pixels 0..255")


def test_inputs_in_the_range_before_the_rescaling(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, inputs=np.full((2, *SHAPE[1:]), 0.5, np.float32))
    (doubt,) = pictures.load(model(("MUL", 1 / 255)), path).doubts
    assert "0.5..0.5" in doubt
    assert pictures.load(model(), path).doubts == ()
    assert pictures.load(model(), path).mapping == ("inputs: as they are, float32 0.5..0.5",)


def test_int8_pixels_are_told_with_their_quantised_range(tmp_path: Path) -> None:
    images = folder(tmp_path, "a", "b", "c")
    found = pictures.load(model(dtype="int8"), images)
    assert found.mapping[1].startswith("pixels: 0..255 are 0..1 to the model, here int8 -123..-83")
    assert found.doubts == ()
    (doubt,) = pictures.load(model(dtype="int8"), images, pixels="0..255").doubts
    assert doubt == "--pixels 0..255, but the model's input holds 0..1: try --pixels 0..1"


def test_an_input_of_no_usual_range_and_a_rescaling_of_scaled_pictures(tmp_path: Path) -> None:
    images = folder(tmp_path, "a", "b", "c")
    (strange,) = pictures.load(model(dtype="int8", scale=0.1), images).doubts
    assert "0..25.5, which is no usual range" in strange
    (twice,) = pictures.load(model(("MUL", 1 / 255), dtype="int8"), images).doubts
    assert twice.endswith("try --pixels 0..255")


def test_folders_that_are_fewer_than_the_classes(tmp_path: Path) -> None:
    (doubt,) = pictures.load(model(), folder(tmp_path, "a", "c")).doubts
    assert doubt.startswith("2 class folders for 3 classes")
    assert "--labels FILE" in doubt


def test_one_folder_for_several_classes() -> None:
    (doubt,) = class_names.doubts(["cat"], 3, None)
    assert doubt.startswith("1 class folder for 3 classes: they count as the first ones")


def test_more_folders_than_classes_name_the_option(tmp_path: Path) -> None:
    four = folder(tmp_path, "a", "b", "c", "d")
    with pytest.raises(BadInput, match=r"class 3: the model tells 3 classes apart.*--labels FILE"):
        pictures.load(model(), four)


def test_folders_with_numbers_count_in_alphabetical_order(tmp_path: Path) -> None:
    (doubt,) = pictures.load(model(), folder(tmp_path, "1", "2", "10")).doubts
    assert "10 before 2" in doubt


def test_names_of_classes_number_the_folders(tmp_path: Path) -> None:
    images = folder(tmp_path, "a", "c")
    names = tmp_path / "labels.txt"
    names.write_text("c\nb\na\n")
    found = pictures.load(model(), images, names=names)
    assert found.labels is not None
    assert found.labels.tolist() == [2, 0]
    assert found.classes == ("c", "b", "a")
    assert found.mapping[0] == f"classes: 0 c, 2 a (as in {names})"
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a\nb\n", "2 names, the model tells 3 classes apart"),
        ("a\nb\nb\n", "'b' is there twice"),
        ("a\nb\nd\n", "there is no class 'c', of which a folder has pictures"),
    ],
)
def test_names_that_do_not_fit(tmp_path: Path, text: str, message: str) -> None:
    names = tmp_path / "labels.txt"
    names.write_text(text)
    with pytest.raises(BadInput, match=message):
        pictures.load(model(), folder(tmp_path, "a", "c"), names=names)


def test_names_without_a_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="for a folder of class folders"):
        pictures.load(model(), None, names=tmp_path / "labels.txt")


def fed(labels: list[int] | None) -> Pictures:
    given = None if labels is None else np.array(labels)
    return Pictures(np.zeros((6, 1)), given, "own", mapping=("own",), pixels="0..1")


def outputs(top: list[int], classes: int = CLASSES) -> npt.NDArray[np.float64]:
    return np.eye(classes)[top]


def test_one_class_for_all_pictures() -> None:
    (text,) = suspicions.find(fed(None), outputs([1] * 6))
    assert text.startswith("all 6 pictures are predicted as class 1")
    assert "--pixels -1..1 or 0..255" in text
    assert suspicions.find(fed([1] * 6), outputs([1] * 6)) == ()
    assert suspicions.find(replace(fed(None), mapping=()), outputs([1] * 6)) == ()


def test_no_more_right_than_by_chance() -> None:
    (text,) = suspicions.find(fed([0, 1, 2, 0, 1, 2]), outputs([0, 2, 1, 0, 0, 2]))
    assert text.startswith("3 of 6 pictures are right, no more than by chance with 3 classes")
    assert "--labels FILE" in text
    assert suspicions.find(fed([0, 1, 2, 0, 1, 2]), outputs([0, 1, 2, 0, 0, 2])) == ()


def test_a_model_with_one_output_has_no_top_class() -> None:
    (text,) = suspicions.find(fed([0, 1, 0, 1, 0, 1]), np.ones((6, 1)))
    assert "one output" in text
