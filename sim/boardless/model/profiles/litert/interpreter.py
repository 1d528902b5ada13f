"""LiteRT's interpreter, for worker.py, which loads this file in its own process."""

from __future__ import annotations

from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType


class Model:
    """A model that is ready to be fed. `kernels` is a name in OpResolverType. With `keep_all` each
    tensor has memory of its own, so that tensor() finds its values after an inference."""

    def __init__(self, content: bytes, kernels: str, *, keep_all: bool = False) -> None:
        self.interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType[kernels],
            experimental_preserve_all_tensors=keep_all,
            num_threads=1,
        )
        self.interpreter.allocate_tensors()
        self.sources = self.interpreter.get_input_details()
        self.targets = self.interpreter.get_output_details()

    def inputs(self) -> list[tuple[tuple[int, ...], Any]]:
        """Returns shape and type of each input."""
        return [(tuple(s["shape"]), np.dtype(s["dtype"])) for s in self.sources]

    def has_state(self) -> bool:
        """Returns whether anything outlives an inference: variables are of a type without
        numbers."""
        details = self.interpreter.get_tensor_details()
        return any(np.dtype(tensor["dtype"]).kind not in "fiubc" for tensor in details)

    def reset(self) -> None:
        """Gives variables without a name, such as those of LSTM, their first value again."""
        self.interpreter.reset_all_variables()

    def invoke(self, values: list[Any]) -> None:
        """Infers arrays in the shape and type of each input."""
        for source, value in zip(self.sources, values, strict=True):
            self.interpreter.set_tensor(source["index"], value)
        self.interpreter.invoke()

    def outputs(self) -> list[Any]:
        """Returns the values of each output, flat; before an inference they mean nothing."""
        return [self._values(target).reshape(-1) for target in self.targets]

    def tensor(self, number: int) -> Any:
        """Returns the values of any tensor."""
        return self.interpreter.get_tensor(number)

    def _values(self, target: Any) -> Any:
        """Returns the values of one output, which has none before an inference if its shape is an
        input's value."""
        try:
            return self.interpreter.get_tensor(target["index"])
        except ValueError:
            return np.zeros(0, target["dtype"])
