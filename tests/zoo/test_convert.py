"""`boardless convert` with the real TensorFlow.

python -m pytest tests/zoo/test_convert.py
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
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
