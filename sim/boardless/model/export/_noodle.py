"""Weights as one file per array, in the order and layout that layer-by-layer float firmware reads.

arrays = noodle(model)  # {"w01": (O, I, K, K), "b01": (O,), "bn01": (4, O), ...}

The number counts layers with weights. The first convolution has w, b and bn, the other convolutions
w and bn, a dense layer w and b. Convolutions [O][I][K][K], depthwise [C][K][K], dense [O][I];
bn is gamma | beta | mean | variance. Where the zoo has kept a model's weights as they were trained,
these are the arrays. Of another .tflite, whose batch normalisation is folded into its weights, bn
only adds the bias: gamma 1, mean 0, variance 1 - epsilon.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from boardless.core.errors import BadInput
from boardless.model import traits, zoo
from boardless.model.export._chain import POSITIVE, chain
from boardless.model.zoo import Model

EPSILON = 1e-3  # that the firmware adds to the variance


def noodle(model: Model) -> dict[str, NDArray[np.float32]]:
    """The arrays by name, in file order."""
    layers = chain(model)
    arrays = zoo.unfolded(model.results.name) if model.results else {}
    if arrays:
        return arrays
    number = 0
    for layer in layers:
        if layer.weight is None:
            continue
        number += 1
        weight = layer.weight
        outputs = layer.output[-1]
        bias = np.zeros(outputs, np.float32) if layer.bias is None else layer.bias
        if layer.kind == "dense":
            arrays[f"w{number:02}"] = weight
            arrays[f"b{number:02}"] = bias
            continue
        if traits.bounds(layer.activation) != POSITIVE:
            raise BadInput(
                f"a {layer.kind} layer with activation {layer.activation}, where these files are "
                "followed by max(x, 0)",
                where=f"{model.name}, layer {number}",
                hint="export it as cpp_class",
            )
        axes = (2, 0, 1) if layer.kind == "depthwise" else (0, 3, 1, 2)
        arrays[f"w{number:02}"] = weight.transpose(axes)
        if number == 1:
            arrays["b01"] = bias
            bias = np.zeros_like(bias)
        one, zero = np.ones(outputs, np.float32), np.zeros(outputs, np.float32)
        arrays[f"bn{number:02}"] = np.stack([one, bias, zero, one - np.float32(EPSILON)])
    return arrays
