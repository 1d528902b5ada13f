"""ONNX files, by onnx2tf, which turns pictures of (N, C, H, W) into (N, H, W, C)."""

from __future__ import annotations

import os
import sys
from typing import Any

from . import Refused, Source, fixed, single
from ._quantiser import PACKAGE, quantised

PACKAGES = ("onnx", "onnx2tf", PACKAGE)
SUFFIXES = (".onnx",)
FETCHES = "download_test_image_data"


class Model:
    """A loaded model."""

    def __init__(self, source: Source) -> None:
        import onnx

        self.source = source
        try:
            model = onnx.load(str(source.path))
        except Exception as error:  # of protobuf's several implementations
            raise Refused("this is no ONNX file, or its data is not all there") from error
        constants = {tensor.name for tensor in model.graph.initializer}
        inputs = [each for each in model.graph.input if each.name not in constants]
        name = single([each.name for each in inputs])
        sizes = inputs[0].type.tensor_type.shape.dim
        if not sizes:
            raise Refused(f"the size of input {name!r} is not fixed")
        fixed(name, [size.dim_value or size.dim_param for size in sizes])

    def float32(self) -> bytes:
        import onnx2tf

        _fetch_nothing()
        os.chdir(self.source.folder)  # it leaves files where it runs
        output = self.source.folder / "onnx2tf"
        try:
            onnx2tf.convert(
                input_onnx_file_path=str(self.source.path),
                output_folder_path=str(output),
                batch_size=1,
                non_verbose=True,
            )
        except SystemExit as error:  # as it ends for an operator that it does not know
            raise Refused("onnx2tf cannot convert it") from error
        (made,) = output.glob("*_float32.tflite")
        self.made = made.read_bytes()
        return self.made

    def int8(self, inputs: Any) -> bytes:
        return quantised(self.made, inputs, self.source.folder)


def _fetch_nothing() -> None:
    """Gives onnx2tf pictures of its own to compare with, instead of those that it would fetch from
    a server. Later versions load these modules only with TensorFlow."""
    import numpy as np

    def made() -> Any:
        return np.random.default_rng(0).random((20, 128, 128, 3), np.float32)

    for name in ("onnx2tf.onnx2tf", "onnx2tf.utils.common_functions"):
        if (module := sys.modules.get(name)) and hasattr(module, FETCHES):
            setattr(module, FETCHES, made)
