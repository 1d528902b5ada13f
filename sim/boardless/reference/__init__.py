"""Predictions of TFLite's reference kernels (BUILTIN_REF): what the device is held against.

outputs = predict(model.content, pictures.inputs)
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.errors import BadInput

# The interpreter's own log would appear in the middle of ours.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def predict(
    content: bytes, inputs: npt.NDArray[Any], progress: Callable[[int], None] = lambda n: None
) -> npt.NDArray[Any]:
    """Raw outputs (N, classes) of the .tflite `content` on inputs (N, ...)."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            num_threads=1,
        )
        interpreter.allocate_tensors()
        source = interpreter.get_input_details()[0]
        target = interpreter.get_output_details()[0]["index"]
        outputs = []
        for picture in inputs:
            interpreter.set_tensor(source["index"], picture.reshape(source["shape"]))
            interpreter.invoke()
            outputs.append(interpreter.get_tensor(target).reshape(-1))
            progress(1)
    except (RuntimeError, ValueError) as error:
        raise BadInput(
            f"the reference interpreter refuses the model: {str(error).splitlines()[0]}"
        ) from error
    return np.stack(outputs)
