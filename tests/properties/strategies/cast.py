"""CAST between all types: from float32, or from one of the integers; values at their ends."""

from typing import Any

import numpy as np
from hypothesis import strategies as st
from one_operator import TYPES, Tensor, model
from properties import drawing
from properties.drawing import DrawnCase

INTEGERS = ("int8", "uint8", "bool", "int16", "int32", "int64")


@st.composite
def cases(draw: Any, dtype: str) -> DrawnCase:
    shape = (1, draw(st.integers(1, 40)))
    before = "float32" if dtype == "float32" else draw(st.sampled_from(INTEGERS))
    after = draw(st.sampled_from(["float32", *INTEGERS]))
    source, output = (
        Tensor(shape, t, *(((0.5,), (3,)) if t == "int8" else ())) for t in (before, after)
    )
    return DrawnCase(
        model("CAST", [source], output, {"inDataType": TYPES[before], "outDataType": TYPES[after]}),
        draw(_values((drawing.PICTURES, shape[1]), before)),
        f"cast {before} -> {after}",
    )


@st.composite
def _values(draw: Any, shape: tuple[int, ...], dtype: str) -> drawing.Array:
    rng = np.random.default_rng(draw(drawing.SEEDS))
    if dtype == "float32":
        magnitude = 10.0 ** draw(st.sampled_from([0, 2, 5, 12, 25]))
        return np.asarray(rng.normal(size=shape) * magnitude, np.float32)
    if dtype == "bool":
        return rng.integers(0, 2, shape).astype(bool)
    held = "int8" if dtype == "uint8" else dtype  # as the device holds them
    ends = np.iinfo(held)
    return rng.integers(ends.min, ends.max, shape, np.dtype(held).type, endpoint=True)


def _fixed() -> list[DrawnCase]:
    """Values next to where a type begins and ends."""
    found = []
    ends = {"int8": [128.0, 127.5], "int32": [2.0**31, -(2.0**31)], "bool": [-0.0, -1.0]}
    for after, values in (ends | {"uint8": [254.5, 255.0]}).items():
        fed = np.array([[*values, 1.0, 0.0, 0.5, -0.5]] * drawing.PICTURES, np.float32)
        scale = ((0.5,), (3,)) if after == "int8" else ()
        tensors = Tensor(fed[:1].shape, "float32"), Tensor(fed[:1].shape, after, *scale)
        options = {"inDataType": TYPES["float32"], "outDataType": TYPES[after]}
        content = model("CAST", [tensors[0]], tensors[1], options)
        found.append(DrawnCase(content, fed, f"cast float32 -> {after}, fixed"))
    return found


FIXED = {"float32": _fixed}
