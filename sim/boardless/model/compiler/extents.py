"""The values that a kernel reads and writes by its parameters: never more than the tensors hold.

    written(call.params)  # values

The loops of a kernel in C run as far as its parameters tell it. This derives their ends from the
parameters alone, so that what lower() has taken from the tensors is compared with them once more.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def written(params: Mapping[str, Any]) -> int:
    """Values that a kernel with these parameters writes. KeyError where none of the known forms of
    parameters is among them."""
    if "row" in params:
        return int(params["rows"]) * written(params["row"])
    if "layer" in params:
        return written(params["layer"])
    if "steps" in params:  # a row of outputs each, and two rows that live on
        return (int(params["steps"]) + 2) * int(params["units"])
    if "window" in params:
        return _product(params["window"], "output_h", "output_w", "output_c")
    if "shape" in params:
        return _product(params["shape"], "outer", "middle", "inner")
    if "reduced" in params:
        return _product(params, "outer", "inner")
    if "places" in params:
        return _product(params, "outer", "places", "inner")
    if "memory" in params:  # and what each filter remembers
        filters = int(params["filters"])
        return filters // int(params["rank"]) + filters * int(params["memory"])
    if "rows" in params:
        return _product(params, "rows", "row_length")
    if "top" in params:
        axes = (
            ("top", "input_h", "bottom"),
            ("left", "input_w", "right"),
            ("before", "input_c", "after"),
        )
        return math.prod(sum(int(params[key]) for key in keys) for keys in axes)
    return int(params["count"] if "count" in params else params["output_c"])


def read(params: Mapping[str, Any], inputs: int) -> list[int | None]:
    """Values that it reads of each of its `inputs` activations; None where its constants say so."""
    if "layer" in params:  # after the output's shape
        return [4, *read(params["layer"], inputs - 1)]
    if "row" in params:
        return [int(params["rows"]) * (n or 0) for n in read(params["row"], inputs)]
    if "steps" in params:
        return [_product(params, "steps", "inputs")]
    if "memory" in params:
        return [int(params["inputs"])]
    if "places" in params:  # of two inputs the first may be a constant, or the second
        return [_product(params, "outer", "size", "inner")] if inputs == 2 else [None]
    if "window" in params:
        return [_product(params["window"], "input_h", "input_w", "input_c")]
    if "shape" in params:
        shape = params["shape"]
        names = ("outer", "middle", "inner")
        return [
            1 + sum((shape[name] - 1) * shape[f"{tensor}_{name}"] for name in names)
            for tensor in ("condition", "a", "b")
            if f"{tensor}_inner" in shape
        ]
    if "reduced" in params:
        return [_product(params, "outer", "reduced", "inner")]
    if "rows" in params:
        return [None] * inputs
    if "reach" in params:
        return [int(params["reach"])]
    if "channels" in params:
        return [_product(params, "input_h", "input_w", "channels")]
    if "top" in params:
        return [_product(params, "input_h", "input_w", "input_c")]
    return [int(params["count"] if "count" in params else params["input_c"])]


def _product(params: Mapping[str, Any], *keys: str) -> int:
    return math.prod(int(params[key]) for key in keys)
