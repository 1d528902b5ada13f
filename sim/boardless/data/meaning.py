"""The meaning of pixels 0..255 to a model, read off its input's range and its first operators.

found = meaning.of(graph)
found.name, found.why       # "0..255", "the model's first operators scale by 0.00392"
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from boardless.model import traits
from boardless.model.compiler import quantise
from boardless.model.graph import Graph, Tensor
from boardless.model.zoo import Scaling

AUTO = "auto"
# What pixels 0..255 usually mean to a model.
USUAL = {"0..1": Scaling(1 / 255), "-1..1": Scaling(2 / 255, -1.0), "0..255": Scaling(1.0)}
FIRST = 4  # operators from the input on that are looked at
# A model that scales by less than this, or moves by more than its inverse, reads pixels 0..255: one
# that reads 0..1 or -1..1 works with numbers around 1.
SMALL = 1 / 20
FAR = 0.25  # of the width of a usual range: what differs more is none of them


@dataclass(frozen=True)
class Meaning:
    """Tells the meaning of pixels to a model, and how it is known."""

    name: str  # of USUAL
    why: str  # half a sentence
    warning: str = ""
    known: bool = True  # the model says so

    @property
    def scaling(self) -> Scaling:
        return USUAL[self.name]


def of(graph: Graph) -> Meaning:
    """Returns the meaning of pixels. An int8 or int16 input's range decides; for float32 the first
    operators do, and where they say nothing it is 0..1."""
    tensor = graph.input_tensor
    scaled = _scaled_by(graph)
    inside = "" if scaled is None else f"the model's first operators scale or move by {scaled:.3g}"
    if tensor.dtype == "int8":
        low, high = _range(tensor)
        name = nearest(tensor)
        warning = ""
        usual = USUAL[name]
        width = 255 * usual.scale
        off = max(abs(usual.offset - low), abs(usual.offset + width - high))
        if off > FAR * width:
            warning = (
                f"the model's input holds {low:.3g}..{high:.3g}, which is no usual range of "
                "pixels; if training normalised pictures, give `inputs` in a .npz with --images"
            )
        elif inside and name != "0..255":
            warning = (
                f"{inside}, as for pixels 0..255, but its input holds {low:.3g}..{high:.3g}: it "
                "may have been quantised with pictures that were scaled twice; try --pixels 0..255"
            )
        return Meaning(name, f"the model's input holds {low:.3g}..{high:.3g}", warning)
    if tensor.dtype == "int16":
        return _of_symmetric(tensor)
    if inside:
        return Meaning("0..255", inside)
    return Meaning("0..1", "nothing in the model says otherwise", known=False)


def _of_symmetric(tensor: Tensor) -> Meaning:
    """Returns what the upper end of an int16 input's range says: its lower end is always that
    below 0, so that 0..1 and -1..1 look alike."""
    low, high = _range(tensor)
    why, warning = f"the model's int16 input holds {low:.3g}..{high:.3g}", ""
    top = 255.0 if high > math.sqrt(255) else 1.0
    if abs(high - top) > FAR * top:
        warning = (
            f"{why}, which is no usual range of pixels; if training normalised pictures, give "
            "`inputs` in a .npz with --images"
        )
    return Meaning("0..255" if top > 1 else "0..1", why, warning, known=top > 1)


def nearest(tensor: Tensor) -> str:
    """Returns the usual range that an int8 input's range is nearest to."""
    low, high = _range(tensor)

    def off(name: str) -> float:
        usual = USUAL[name]
        return abs(usual.offset - low) + abs(255 * usual.scale + usual.offset - high)

    return min(USUAL, key=off)


def _range(tensor: Tensor) -> tuple[float, float]:
    q = quantise.of(tensor)
    low, high = (q.scale * (end - q.zero_point) for end in quantise.ends(tensor))
    return low, high


def _scaled_by(graph: Graph) -> float | None:
    """Returns the constant with which one of the first operators brings pixels 0..255 to numbers
    around 1; None where none does."""
    at = graph.input
    for _ in range(FIRST):
        users = graph.users(at)
        if len(users) != 1:
            return None
        (op,) = users
        known = traits.of(op.name)
        if known.operands == 2 and known.form is traits.Form.VALUES:
            for value in map(_constant, (graph.tensors[i] for i in op.inputs)):
                if value is not None and (0 < value <= SMALL or value >= 1 / SMALL):
                    return value
        elif known.form not in (traits.Form.VALUES, traits.Form.SHAPE):
            return None
        at = op.outputs[0]
    return None


def _constant(tensor: Tensor) -> float | None:
    """Returns the typical magnitude of a constant with a value, or one per channel."""
    if tensor.data is None or not tensor.data.size or tensor.count > max(tensor.shape or (1,)):
        return None
    values = tensor.data.astype(np.float64)
    if tensor.quantisation is not None:
        values = tensor.quantisation.scale * (values - tensor.quantisation.zero_point)
    typical = float(np.median(np.abs(values)))
    return typical if math.isfinite(typical) else None
