"""Every model of the zoo is what its table says, and training makes its files.

    python -m pytest tests/zoo

The architectures are checked untrained. The committed files are run on held-out pictures by
tests/unit/test_zoo_files.py, which needs no TensorFlow.
"""

from __future__ import annotations

import ctypes
import shutil
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the zoo is trained with TensorFlow: nox -s train")

MODELS = Path(__file__).parents[2] / "models"
sys.path.insert(0, str(MODELS))

import layers_example  # noqa: E402
import quantise  # noqa: E402
import recipes  # noqa: E402
import train  # noqa: E402
import training  # noqa: E402
import unfold  # noqa: E402
import untrained  # noqa: E402
from augment import augment  # noqa: E402
from boardless.core.errors import BadInput  # noqa: E402
from boardless.data import pictures  # noqa: E402
from boardless.model import graph, reference  # noqa: E402
from boardless.model.zoo import Scaling  # noqa: E402
from model_card import card  # noqa: E402

# Name, output shape, parameters, kernel, stride: the published table of the 3-channel network.
MOBILE_LENET = """
stem_conv3x3 28x28x8  224 3 1
stem_bn      28x28x8   32
stem_relu    28x28x8    0
B1_dw3x3_s1  28x28x8   72 3 1
B1_dw_bn     28x28x8   32
B1_dw_relu   28x28x8    0
B1_pw1x1     28x28x8   64 1 1
B1_pw_bn     28x28x8   32
B1_pw_relu   28x28x8    0
B2_dw3x3_s1  28x28x8   72 3 1
B2_dw_bn     28x28x8   32
B2_dw_relu   28x28x8    0
B2_pw1x1     28x28x8   64 1 1
B2_pw_bn     28x28x8   32
B2_pw_relu   28x28x8    0
B3_pad1      30x30x8    0
B3_dw3x3_s2  14x14x8   72 3 2
B3_dw_bn     14x14x8   32
B3_dw_relu   14x14x8    0
B3_pw1x1     14x14x16 128 1 1
B3_pw_bn     14x14x16  64
B3_pw_relu   14x14x16   0
B4_dw3x3_s1  14x14x16 144 3 1
B4_dw_bn     14x14x16  64
B4_dw_relu   14x14x16   0
B4_pw1x1     14x14x16 256 1 1
B4_pw_bn     14x14x16  64
B4_pw_relu   14x14x16   0
B5_pad1      16x16x16   0
B5_dw3x3_s2  7x7x16   144 3 2
B5_dw_bn     7x7x16    64
B5_dw_relu   7x7x16     0
B5_pw1x1     7x7x24   384 1 1
B5_pw_bn     7x7x24    96
B5_pw_relu   7x7x24     0
B6_dw3x3_s1  7x7x24   216 3 1
B6_dw_bn     7x7x24    96
B6_dw_relu   7x7x24     0
B6_pw1x1     7x7x24   576 1 1
B6_pw_bn     7x7x24    96
B6_pw_relu   7x7x24     0
GAP          24         0
OUT          8        200
"""

DIGITS_CNN = """
conv3x3    6x6x8  80 3 1
maxpool2x2 3x3x8   0
flatten    72      0
logits     10    730
"""


def table(model: Any) -> list[str]:
    """One line per layer, in the form of the tables above."""
    rows = []
    for layer in model.layers:
        if type(layer).__name__ == "InputLayer":
            continue
        row = [layer.name, "x".join(map(str, layer.output.shape[1:])), str(layer.count_params())]
        if "Conv2D" in type(layer).__name__:
            (kernel, same), (stride, alike) = layer.kernel_size, layer.strides
            assert (kernel, stride) == (same, alike)
            row += [str(kernel), str(stride)]
        rows.append(" ".join(row))
    return rows


def lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]


# --- Architectures, untrained -------------------------------------------------------------------
def test_mobile_lenet_is_the_published_table() -> None:
    model = untrained.model("mobile_lenet", (28, 28, 3), 8)
    assert len(lines(MOBILE_LENET)) == 43
    assert table(model) == lines(MOBILE_LENET)
    assert model.count_params() == 3352


def test_mobile_lenet_for_mnist() -> None:
    model = untrained.model("mobile_lenet", (28, 28, 1), 10)
    assert model.count_params() == 3258
    assert model.output_shape == (None, 10)


def test_mobile_lenet_details() -> None:
    model = untrained.model("mobile_lenet", (28, 28, 3), 8)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "BatchNormalization":
            assert layer.epsilon == 1e-3
        if "Conv2D" in kind:
            assert layer.use_bias == (layer.name == "stem_conv3x3")
            assert layer.activation.__name__ == "linear"
            assert layer.padding == ("valid" if layer.strides == (2, 2) else "same")
        if kind == "ReLU":
            assert layer.max_value is None
    probabilities = untrained.outputs(model, np.zeros((2, 28, 28, 3), np.float32))
    assert np.allclose(probabilities.sum(axis=1), 1)


def test_digits_cnn_is_the_published_table() -> None:
    model = untrained.model("digits_cnn", (8, 8, 1), 10)
    assert table(model) == lines(DIGITS_CNN)
    assert model.count_params() == 810
    assert model.layers[-1].activation.__name__ == "linear"


@pytest.mark.parametrize(("block", "channels"), [(3, 8), (5, 16)])
def test_stride_2_pads_symmetrically(block: int, channels: int) -> None:
    """A dot at 25 of 0..27 is under two windows: 23..25 and 25..27, padded on both sides.

    Padded at the end only, as SAME does, the windows are 24..26 and 26..28, and it is under one.
    """
    import keras

    model = training.build("mobile_lenet", (28, 28, 3), 8)
    layers = [layer for layer in model.layers if layer.name.startswith(f"B{block}_")][:2]
    probe = keras.Sequential([keras.Input(layers[0].input.shape[1:]), *layers])
    layers[1].set_weights([np.ones((3, 3, channels, 1), np.float32)])
    size = probe.input_shape[1]
    dot = np.zeros((1, size, size, channels), np.float32)
    dot[0, size - 3, size - 3] = 1
    seen = untrained.outputs(probe, dot)[0, :, :, 0]
    last = size // 2 - 1
    assert np.argwhere(seen).tolist() == [
        [y, x] for y in (last - 1, last) for x in (last - 1, last)
    ]


def test_unfolded_weights_in_the_layer_by_layer_firmware(tmp_path: Path) -> None:
    """The firmware computes what Keras does, whatever the normalisation is."""
    rng = np.random.default_rng(1)
    model = training.build("mobile_lenet", (28, 28, 3), 8)
    for layer in model.layers:
        if type(layer).__name__ == "BatchNormalization":
            gamma, beta, mean, variance = (weight.shape for weight in layer.get_weights())
            centres = [rng.normal(0, 0.3, shape) for shape in (beta, mean)]
            widths = [rng.uniform(0.5, 2, shape) for shape in (gamma, variance)]
            layer.set_weights([widths[0], *centres, widths[1]])
    arrays = {name: values.ravel() for name, values in unfold.unfolded(model).items()}
    assert sum(values.size for values in arrays.values()) == 3352
    picture = rng.random((1, 28, 28, 3), dtype=np.float32)
    arrays["picture"] = np.ascontiguousarray(picture.transpose(0, 3, 1, 2)).ravel()
    (tmp_path / "weights.c").write_text(layers_example.example().to_c(arrays))
    seen = np.zeros(8, np.float32)
    address = ctypes.c_void_p(arrays["picture"].ctypes.data), ctypes.c_void_p(seen.ctypes.data)
    assert layers_example.mobile_lenet(tmp_path).mobile_lenet(*address) == 0
    np.testing.assert_allclose(seen, untrained.outputs(model, picture)[0], rtol=0, atol=1e-5)


# --- Results and cards --------------------------------------------------------------------------
@pytest.mark.parametrize("name", recipes.names())
def test_results_and_card_belong_to_the_model(name: str) -> None:
    results, recipe = recipes.read_results(recipes.ZOO / name), recipes.read_recipe(name)
    model = untrained.model(name, tuple(results.input_shape), len(results.classes))
    assert results.name == name
    assert results.parameters == model.count_params()
    assert results.input == recipe.input
    assert results.dataset == recipe.data.set
    assert (recipes.ZOO / name / "card.md").read_text(encoding="utf-8") == card(results, recipe)
    for picture in ("curves.png", "confusion.png"):
        assert (recipes.ZOO / name / picture).stat().st_size < 60_000


# --- Training -----------------------------------------------------------------------------------
@pytest.fixture
def zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo of the digits alone, free to be damaged."""
    copy = tmp_path / "zoo"
    shutil.copytree(recipes.ZOO / "digits_cnn", copy / "digits_cnn")
    monkeypatch.setattr(recipes, "ZOO", copy)
    return copy


def test_training_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    for out in ("first", "second"):
        arguments = ["digits_cnn", "--epochs", "6", "--out", str(tmp_path / out)]
        assert train.main(arguments) == 0
    first, second = tmp_path / "first" / "digits_cnn", tmp_path / "second" / "digits_cnn"
    for name in ("float32.tflite", "int8.tflite", "results.toml", "card.md"):
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    results = recipes.read_results(first)
    assert results.epochs == 6
    assert results.accuracy.int8 > 0.6  # ten classes by chance: 0.1
    assert {path.name for path in first.iterdir()} == {
        "float32.tflite", "int8.tflite", "results.toml", "card.md", "curves.png", "confusion.png",
    }  # fmt: skip


def test_evaluate_notices_other_figures(zoo: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = zoo / "digits_cnn" / "results.toml"
    text = path.read_text(encoding="utf-8")
    accuracy = recipes.read_results(zoo / "digits_cnn").accuracy
    path.write_text(text.replace(f"int8 = {accuracy.int8}", "int8 = 0.5"), encoding="utf-8")
    assert train.main(["digits_cnn", "--evaluate"]) == 1
    assert "int8 50.00 % (top 2: " in capsys.readouterr().out


def test_evaluate_refuses_figures_of_other_pictures(
    zoo: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = zoo / "digits_cnn" / "results.toml"
    text = path.read_text(encoding="utf-8").replace("in file order", "shuffled")
    path.write_text(text, encoding="utf-8")
    assert train.main(["digits_cnn", "--evaluate"]) == 2
    assert "figures are of other pictures" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("weight_decay", "weigth_decay", "unknown field `weigth_decay`"),
        ("epochs = ", "epochs = -", "`int` >= 1"),
        ('"adamw"', '"sgdd"', "Invalid enum value 'sgdd'"),
        ("[input]", "[input", "line"),
    ],
)
def test_typo_in_a_recipe_is_one_line(
    zoo: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, says: str
) -> None:
    path = zoo / "digits_cnn" / "recipe.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    assert train.main(["digits_cnn"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert error.startswith(f"{path}: ")
    assert says in error


def test_unknown_model_lists_the_known(capsys: pytest.CaptureFixture[str]) -> None:
    assert train.main(["digits_cnm"]) == 2
    assert capsys.readouterr().err == (
        f"unknown model 'digits_cnm'; known are: {', '.join(recipes.names())}\n"
    )


def test_missing_file_is_named(zoo: Path) -> None:
    (zoo / "digits_cnn" / "int8.tflite").unlink()
    with pytest.raises(BadInput, match=r"int8\.tflite: No such file"):
        train.evaluate("digits_cnn")


def test_ctrl_c_ends_cleanly(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(train, "retrain", interrupted)
    assert train.main(["digits_cnn"]) == 130
    assert capsys.readouterr().err == (
        "stopped; the same command goes on after the last whole epoch\n"
    )


def test_a_cut_run_cannot_replace_the_zoo() -> None:
    with pytest.raises(SystemExit) as stopped:
        train.main(["digits_cnn", "--epochs", "1"])
    assert stopped.value.code == 2


def test_out_that_cannot_be_written_stops_before_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    assert train.main(["digits_cnn", "--out", str(tmp_path / "file")]) == 2
    assert capsys.readouterr().err == f"{tmp_path / 'file' / 'digits_cnn'}: Not a directory\n"


# --- Pieces of the training ---------------------------------------------------------------------
def plan(**changes: Any) -> recipes.Augmentation:
    nothing = {"symmetries": False, "shift": 0, "rotate_degrees": 0, "zoom": 0}
    return recipes.Augmentation(**(nothing | changes))


def test_symmetries_only_move_pixels() -> None:
    rng = np.random.default_rng(1)
    picture = rng.random((4, 4, 2), np.float32)
    copies = augment(np.repeat(picture[np.newaxis], 200, axis=0), plan(symmetries=True), rng)
    assert len({copy.tobytes() for copy in copies}) == 8
    assert np.array_equal(np.sort(copies.reshape(200, -1)), np.sort([picture.ravel()] * 200))


def test_warp_by_nothing_is_nothing() -> None:
    rng = np.random.default_rng(1)
    pictures = rng.random((5, 8, 8, 1), np.float32)
    assert np.array_equal(augment(pictures, plan(), rng), pictures)
    assert np.allclose(augment(pictures, plan(zoom=1e-9), rng), pictures, atol=1e-6)


def test_warp_moves_by_less_than_asked_and_fills_with_zeros() -> None:
    rng = np.random.default_rng(1)
    pictures = np.zeros((50, 9, 9, 1), np.float32)
    pictures[:, 4, 4] = 1
    moved = augment(pictures, plan(shift=2 / 9), rng)[..., 0]
    ys, xs = np.mgrid[:9, :9]
    for axis in (ys, xs):
        centre = (moved * axis).sum(axis=(1, 2)) / moved.sum(axis=(1, 2))
        assert np.abs(centre - 4).max() <= 2
        assert np.abs(centre - 4).max() > 1
    assert np.allclose(moved.sum(axis=(1, 2)), 1, atol=1e-5)


def test_int8_input_rounds_halves_away_from_zero() -> None:
    import keras

    model = keras.Sequential([keras.Input((4, 1, 1)), keras.layers.Flatten()])
    ranges = np.array([-128, 127, 0, 0], np.float32).reshape(1, 4, 1, 1)
    with quantise.written(model) as converter:
        made = quantise.int8_tflite(converter, ranges)  # scale 1, zero point 0
    source = graph.read(made, "rounding").input_tensor
    images = np.array([1, 3, 5, 255], np.uint8).reshape(1, 4, 1, 1)
    inputs = pictures.as_inputs(images, source, Scaling(1.5, -2.0))  # -0.5, 2.5, 5.5, 380.5
    assert reference.predict(made, inputs).tolist() == [[-1, 3, 6, 127]]
