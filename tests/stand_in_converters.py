"""Packages in the place of TensorFlow and Keras that convert every model to the zoo's digits_cnn.

monkeypatch.setenv("PYTHONPATH", str(keras(tmp_path)))
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from boardless.core import paths

TENSORFLOW = """
import pathlib, types

class TFLiteConverter:
    inference_input_type = None

    @classmethod
    def from_saved_model(cls, folder):
        return cls()

    def __init__(self):
        self.target_spec = types.SimpleNamespace()

    def convert(self):
        print("noise of a converter")
        if self.inference_input_type is None:
            return pathlib.Path({float32!r}).read_bytes()
        shapes = [values.shape for (values,) in self.representative_dataset()]
        print("calibrated with", len(shapes), shapes[0])
        return pathlib.Path({int8!r}).read_bytes()

int8 = "int8"
lite = types.SimpleNamespace(
    TFLiteConverter=TFLiteConverter,
    Optimize=types.SimpleNamespace(DEFAULT=0),
    OpsSet=types.SimpleNamespace(TFLITE_BUILTINS_INT8=0),
)
"""
KERAS = """
import os, pathlib, signal, sys, time, types

def load_model(path, custom_objects, compile, safe_mode):
    assert safe_mode and not compile
    text = pathlib.Path(path).read_text()
    if text == "abort":
        print("out of luck", file=sys.stderr, flush=True)
        os.abort()
    if text == "wait":
        pathlib.Path(str(path) + ".begun").write_text(str(os.getpid()))
        time.sleep(600)
    if text:
        raise ValueError(text)
    model = types.SimpleNamespace(layers=[])
    model.inputs = [types.SimpleNamespace(name="x", shape=(None, {shape}))]
    model.export = lambda folder, input_signature, verbose: None
    return model

models = types.SimpleNamespace(load_model=load_model)
layers = types.SimpleNamespace(Rescaling=type(None))
InputSpec = dict
"""
SHAPE = (8, 8, 1)


def keras(folder: Path) -> Path:
    """Writes the packages, and returns the folder for PYTHONPATH."""
    folder.mkdir(parents=True)
    zoo = paths.ZOO / "digits_cnn"
    files = {kind: str(zoo / f"{kind}.tflite") for kind in ("float32", "int8")}
    (folder / "tensorflow.py").write_text(
        TENSORFLOW.replace("{float32!r}", repr(files["float32"])).replace(
            "{int8!r}", repr(files["int8"])
        )
    )
    shape = ", ".join(map(str, SHAPE))
    (folder / "keras.py").write_text(KERAS.replace("{shape}", shape))
    return folder


def digits(path: Path, count: int) -> Path:
    """Writes pictures with labels as a .npz."""
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, *SHAPE), dtype=np.uint8)
    np.savez(path, images=images, labels=np.arange(count) % 10)
    return path
