"""`boardless convert` with the real TensorFlow.

python -m pytest tests/zoo/test_convert.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from boardless.model import reference
from command_line import Cli

pytest.importorskip("tensorflow", reason="converts with TensorFlow: nox -s train -- --test")


# Keras's own, with this NumPy
@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
def test_keras_model_of_digits(tmp_path: Path) -> None:
    import keras
    from sklearn.datasets import load_digits

    keras.utils.set_random_seed(0)
    digits = load_digits()
    pixels = (digits.images * 255 / 16).round().astype(np.uint8)[..., None]
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Rescaling(1 / 255), layers.Conv2D(8, 3),
         layers.BatchNormalization(), layers.ReLU(), layers.Flatten(), layers.Dense(10)]
    )  # fmt: skip
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    model.fit(pixels[:1500].astype(np.float32), digits.target[:1500], epochs=3, verbose=0)
    model.save(tmp_path / "digits.keras")
    np.savez(tmp_path / "held_out.npz", images=pixels[1500:], labels=digits.target[1500:])
    cli = Cli(tmp_path)
    done = cli("convert", "digits.keras", "--images", "held_out.npz", "--json", "-")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    expected = model.predict(pixels[1500:].astype(np.float32), verbose=0).argmax(axis=1)
    accuracy = (expected == digits.target[1500:]).mean()
    assert accuracy > 0.8
    assert found["accuracy"]["float32"] == pytest.approx(accuracy, abs=0.004)
    assert found["accuracy"]["int8"] > accuracy - 0.03
    assert found["agreement"] > 0.95
    assert found["layers"][0]["op"] == "CONV_2D"
    assert found["next"].endswith("--images held_out.npz --pixels 0..255")
    assert found["refused"] == ""


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")
@pytest.mark.parametrize(("groups", "status"), [(1, 0), (2, 2)])
def test_depthwise_layers_of_keras_2(tmp_path: Path, groups: int, status: int) -> None:
    """Weights of keras.applications are such files: their depthwise layers say `groups`."""
    import h5py
    import keras

    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((6, 6, 2)), keras.layers.DepthwiseConv2D(3), keras.layers.Flatten(),
         keras.layers.Dense(3)]
    )  # fmt: skip
    model.save(tmp_path / "old.h5")
    with h5py.File(tmp_path / "old.h5", "r+") as file:
        about = json.loads(file.attrs["model_config"])
        (depthwise,) = [
            layer for layer in about["config"]["layers"] if layer["class_name"] == "DepthwiseConv2D"
        ]
        depthwise["config"]["groups"] = groups
        file.attrs["model_config"] = json.dumps(about)
    done = Cli(tmp_path)("convert", "old.h5", "--dtype", "float32", "--output", "new.tflite")
    assert done.returncode == status, done.stderr
    if status:
        assert "Keras cannot load it" in done.stderr
        return
    values = np.random.default_rng(0).uniform(-1, 1, (4, 6, 6, 2)).astype(np.float32)
    content = (tmp_path / "new.tflite").read_bytes()
    np.testing.assert_allclose(
        reference.predict(content, values), model.predict(values, verbose=0), atol=1e-5
    )
