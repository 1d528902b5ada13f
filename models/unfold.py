"""Weights as they were trained, with batch normalisation apart: what a .tflite no longer holds.

arrays = unfolded(model)    # {"w01": (O, I, K, K), "b01": (O,), "bn01": (4, O), ...}

The number counts layers with weights, in their order. Convolutions are [O][I][K][K], depthwise ones
[C][K][K], dense layers [O][I]; bn is gamma | beta | mean | variance of the normalisation behind.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]


def unfolded(model: Any) -> Arrays:
    """Returns the arrays of a Keras model without branches, in file order."""
    from keras import layers

    found: Arrays = {}
    number = 0
    for layer in model.layers:
        weights = [np.asarray(weight, np.float32) for weight in layer.get_weights()]
        if isinstance(layer, layers.BatchNormalization):
            found[f"bn{number:02}"] = np.stack(weights)
        elif weights:
            number += 1
            kernel, *bias = weights
            if isinstance(layer, layers.DepthwiseConv2D):
                kernel = kernel[:, :, :, 0].transpose(2, 0, 1)
            elif isinstance(layer, layers.Conv2D):
                kernel = kernel.transpose(3, 2, 0, 1)
            else:
                kernel = kernel.T
            found[f"w{number:02}"] = np.ascontiguousarray(kernel)
            found |= {f"b{number:02}": values for values in bias}
    return found
