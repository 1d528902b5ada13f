"""Keras models, .keras and .h5, and folders of a SavedModel, by TensorFlow's own converter.

The .tflite has a fixed batch of 1: with a free one the converter computes shapes at run time,
which has no place on a microcontroller.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import Refused, Source, fixed, single

PACKAGES = ("tensorflow", "keras")
SUFFIXES = (".keras", ".h5", ".hdf5")
SAVED_MODEL = "saved_model.pb"
# Operations of a SavedModel that run Python's code, or read and write files when they are run.
UNSAFE = {"PyFunc", "PyFuncStateless", "EagerPyFunc", "ReadFile", "WriteFile", "MatchingFiles"}
FIRST = 3  # layers that may scale pixels
SMALL = 1 / 20  # a model that scales by less takes pixels 0..255
CUSTOM = re.compile(r"Could not locate (?:class|function) '?([\w>.]+)")
UNKNOWN = re.compile(r"Unknown (?:layer|object)\W+(\w+)")


def takes(path: Path) -> bool:
    return (path / SAVED_MODEL).is_file()


class Model:
    """A loaded model."""

    def __init__(self, source: Source) -> None:
        self.pixels = ""
        if source.path.is_dir():
            _refuse_unsafe(source.path / SAVED_MODEL)
            self.make = _of_saved(source.path)
        else:
            model = _loaded(source.path)
            self.pixels = _pixels(model)
            self.make = exported(model, source.folder / "saved_model")

    def float32(self) -> bytes:
        return bytes(self.make().convert())

    def int8(self, inputs: Any) -> bytes:
        return quantised(self.make(), inputs)


def exported(model: Any, folder: str | Path) -> Callable[[], Any]:
    """Returns what makes TensorFlow's converter of a Keras model, which is written to `folder`.
    Batch normalisation goes into the weights."""
    import keras
    import tensorflow as tf

    shape = (1, *model.inputs[0].shape[1:])
    entry = keras.InputSpec(shape=shape, dtype="float32", name="input")
    model.export(str(folder), input_signature=[entry], verbose=False)
    return lambda: tf.lite.TFLiteConverter.from_saved_model(str(folder))


def quantised(converter: Any, inputs: Any, per_channel: bool = True) -> bytes:
    """Returns a .tflite of which everything is int8, the input and the output too; `inputs`
    (N, H, W, C) set the ranges. Convolutions have one weight scale per output channel, or one."""
    import tensorflow as tf

    def representative() -> Iterator[list[Any]]:
        for values in inputs:
            yield [values[None]]

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = representative
    converter.inference_input_type = converter.inference_output_type = tf.int8
    converter._experimental_disable_per_channel = not per_channel
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Statistics for quantized inputs")  # true of any int8
        return bytes(converter.convert())


def _loaded(path: Path) -> Any:
    """Returns the Keras model of a file. Code in the file is not run."""
    import keras

    try:
        objects = {"DepthwiseConv2D": _of_keras_2()} if path.suffix != ".keras" else {}
        model = keras.models.load_model(path, custom_objects=objects, compile=False, safe_mode=True)
    except Exception as error:
        raise _refusal(error) from error
    single([str(each.name) for each in model.inputs])
    fixed(str(model.inputs[0].name), tuple(model.inputs[0].shape))
    return model


def _of_keras_2() -> Any:
    """Returns a depthwise layer that takes what Keras 2 wrote of one into a .h5: one group, which
    is all that it could have and which Keras 3 does not know."""
    import keras

    class DepthwiseConv2D(keras.layers.DepthwiseConv2D):  # type: ignore[misc]
        @classmethod
        def from_config(cls, config: dict[str, Any]) -> Any:
            known = {key: value for key, value in config.items() if (key, value) != ("groups", 1)}
            return super().from_config(known)

    return DepthwiseConv2D


def _pixels(model: Any) -> str:
    """Returns 0..255 for a model that begins by scaling such pixels, "" where it does not say. The
    converter may put that into the weights of the next layer, so that the .tflite does not show
    it."""
    import keras
    import numpy as np

    for layer in model.layers[:FIRST]:
        if isinstance(layer, keras.layers.Rescaling):
            return "0..255" if np.all(np.abs(layer.scale) <= SMALL) else ""
    return ""


def _refusal(error: Exception) -> Refused:
    text = str(error)
    if "lambda" in text.lower():
        return Refused(
            "it has a Lambda layer, whose Python code would run when the file is loaded",
            "use a layer of Keras instead, or model.export(FOLDER), and convert the folder",
        )
    if named := CUSTOM.search(text) or UNKNOWN.search(text):
        return Refused(
            f"it has a custom layer or function, {named[1]}, whose code is not in the file",
            "model.export(FOLDER) where that code is, and convert the folder",
        )
    first = next((line.strip() for line in text.splitlines() if line.strip()), "")
    return Refused(f"Keras cannot load it: {first or type(error).__name__}")


def _refuse_unsafe(path: Path) -> None:
    """Raises Refused for a SavedModel whose operations do more than to compute."""
    from google.protobuf.message import DecodeError
    from tensorflow.core.protobuf import saved_model_pb2

    try:
        saved = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    except DecodeError as error:
        raise Refused("saved_model.pb is damaged") from error
    for meta in saved.meta_graphs:
        graph = meta.graph_def
        nodes = [*graph.node, *(n for f in graph.library.function for n in f.node_def)]
        if found := sorted({node.op for node in nodes} & UNSAFE):
            raise Refused(
                f"it has the operation {found[0]}, which does more than to compute",
                "save the model without it",
            )


def _of_saved(path: Path) -> Callable[[], Any]:
    """Returns what makes the converter of a SavedModel's default signature, for a batch of 1."""
    import tensorflow as tf

    saved = tf.saved_model.load(str(path))
    if "serving_default" not in saved.signatures:
        raise Refused("it has no signature serving_default", "write it with model.export(FOLDER)")
    signature = saved.signatures["serving_default"]
    inputs = signature.structured_input_signature[1]
    name = single(list(inputs))
    spec = inputs[name]
    if spec.shape.rank is None:
        raise Refused(f"the size of input {name!r} is not fixed")
    shape = fixed(name, list(spec.shape))

    @tf.function(input_signature=[tf.TensorSpec(shape, spec.dtype, name=name)])  # type: ignore[untyped-decorator]
    def whole(values: Any) -> Any:
        outputs = signature(**{name: values})
        return next(iter(outputs.values())) if len(outputs) == 1 else outputs

    concrete = whole.get_concrete_function()
    return lambda: tf.lite.TFLiteConverter.from_concrete_functions([concrete], saved)
