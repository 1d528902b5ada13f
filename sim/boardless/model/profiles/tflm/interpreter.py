"""TensorFlow Lite Micro's interpreter, for worker.py, which loads this file in its own process.

It says on standard error why it refuses a model.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from tflite_micro.python.tflite_micro import runtime
from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

EXPLAINS = True  # on standard error
ARENA = 64 << 20  # bytes; what is not used costs nothing


class Model:
    """A model that is ready to be fed; there is one set of `kernels`."""

    def __init__(self, content: bytes, kernels: str) -> None:
        self.content = content
        graph = schema.Model.GetRootAs(content, 0).Subgraphs(0)
        self.counts = graph.InputsLength(), graph.OutputsLength()
        self.variables = any(
            graph.Tensors(number).IsVariable() for number in range(graph.TensorsLength())
        )
        self.interpreter = runtime.Interpreter.from_bytes(content, arena_size=ARENA)

    def inputs(self) -> list[tuple[tuple[int, ...], Any]]:
        """Returns shape and type of each input."""
        found = [self.interpreter.get_input_details(number) for number in range(self.counts[0])]
        return [(tuple(about["shape"]), np.dtype(about["dtype"])) for about in found]

    def has_state(self) -> bool:
        """Returns whether anything outlives an inference."""
        return self.variables or runtime.count_resource_variables(self.content) > 0

    def reset(self) -> None:
        """Does nothing: a model with variables has state, and is made anew."""

    def invoke(self, values: list[Any]) -> None:
        """Infers arrays in the shape and type of each input."""
        for number, value in enumerate(values):
            self.interpreter.set_input(value, number)
        self.interpreter.invoke()

    def outputs(self) -> list[Any]:
        """Returns the values of each output, flat; before an inference they mean nothing."""
        return [self.interpreter.get_output(number).reshape(-1) for number in range(self.counts[1])]
