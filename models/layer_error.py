"""The losses of int8: the noise of every layer relative to the float model's values.

decibels = layer_error(float32, int8, dataset.test.images[:16], results.input)
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from boardless.data.pictures import as_inputs
from boardless.model import graph
from boardless.model.zoo import Scaling
from numpy.typing import NDArray

CONVERSIONS = ("QUANTIZE", "DEQUANTIZE")


def layer_error(
    float32: bytes, int8: bytes, images: NDArray[np.uint8], scaling: Scaling
) -> dict[str, float]:
    """Signal to noise in dB of each operator's output, all pictures together, such as
    {"1 CONV_2D": 38.5}; empty where the two files are not operator by operator the same. The error
    of a layer holds that of all before it. 6 dB are one bit."""
    names, exact = _outputs(float32, images, scaling)
    others, rounded = _outputs(int8, images, scaling)
    if names != others:
        return {}
    signal, noise = np.zeros(len(names)), np.zeros(len(names))
    for values, seen in zip(exact, rounded, strict=True):
        for index, (real, near) in enumerate(zip(values, seen, strict=True)):
            signal[index] += np.square(real).sum()
            noise[index] += np.square(real - near).sum()
    decibels = 10 * np.log10(np.maximum(signal, 1e-30) / np.maximum(noise, 1e-30))
    return {
        f"{number} {name}": round(min(float(db), 99.9), 1)
        for number, (name, db) in enumerate(zip(names, decibels, strict=True), start=1)
    }


def _outputs(
    content: bytes, images: NDArray[np.uint8], scaling: Scaling
) -> tuple[list[str], Iterator[list[NDArray[np.float64]]]]:
    """Names of the operators, and of each picture their outputs as real values."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    network = graph.read(content, "model")
    operators = [op for op in network.operators if op.name not in CONVERSIONS]
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    inputs = as_inputs(images, network.input_tensor, scaling)

    def run() -> Iterator[list[NDArray[np.float64]]]:
        for picture in inputs:
            interpreter.set_tensor(network.input, picture[np.newaxis])
            interpreter.invoke()
            yield [_real(interpreter, network, op.outputs[0]) for op in operators]

    return [op.name for op in operators], run()


def _real(interpreter: Any, network: graph.Graph, tensor: int) -> NDArray[np.float64]:
    values: NDArray[np.float64] = interpreter.get_tensor(tensor).astype(np.float64)
    q = network.tensors[tensor].quantisation
    return values if q is None else q.scale * (values - q.zero_point)
