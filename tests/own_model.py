"""Makes what examples/own_model holds: a model with hand-made filters, and pictures of stripes.

PYTHONPATH=sim:tests python tests/own_model.py
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from boardless.core import paths
from one_operator import Operator, Tensor, graph
from PIL import Image

FOLDER = paths.ROOT / "examples" / "own_model"
CLASSES = ("horizontal", "vertical")
SIZE = 12  # pixels, height and width
CONV, RELU = 1 / 64, 1  # scale of the filters' outputs; TFLite's fused activation


def model(copies: int = 1) -> bytes:
    """int8 1x12x12x1 -> 2 probabilities: a filter per direction and sign, summed up per class.
    With `copies` of each filter it takes longer and tells the same."""
    edge = np.array([[-1, -2, -1], [0, 0, 0], [1, 2, 1]])  # answers to horizontal stripes
    filters = np.stack([edge, -edge, edge.T, -edge.T])[..., np.newaxis] * 31
    votes = np.array([[1, 1, -1, -1], [-1, -1, 1, 1]]) * 127
    filters, votes = np.tile(filters, (copies, 1, 1, 1)), np.tile(votes, (1, copies))
    many = len(filters)
    weight, vote = 1 / 31, 1 / 127  # real values of a step: filters are -2 .. 2, votes -1 .. 1
    tensors = [
        Tensor((1, SIZE, SIZE, 1), "int8", (1 / 255,), (-128,)),
        Tensor(filters.shape, "int8", (weight,) * many, data=filters),
        Tensor((many,), "int32", (weight / 255,) * many, data=np.zeros(many)),
        Tensor((1, SIZE - 2, SIZE - 2, many), "int8", (CONV,), (-128,)),
        Tensor((2,), "int32", data=[1, 2]),
        Tensor((1, many), "int8", (CONV,), (-128,)),
        Tensor(votes.shape, "int8", (vote,), data=votes),
        Tensor((2,), "int32", (vote * CONV,), data=np.zeros(2)),
        Tensor((1, 2), "int8", (1 / 16,), (0,)),
        Tensor((1, 2), "int8", (1 / 256,), (-128,)),
    ]
    operators = [
        Operator(
            "CONV_2D",
            [0, 1, 2],
            [3],
            {"strideH": 1, "strideW": 1, "padding": 1, "fusedActivationFunction": RELU},
        ),
        Operator("MEAN", [3, 4], [5]),
        Operator("FULLY_CONNECTED", [5, 6, 7], [8]),
        Operator("SOFTMAX", [8], [9], {"beta": 1.0}),
    ]
    return graph(tensors, operators, 0, 9)


def pictures(label: int) -> npt.NDArray[np.uint8]:
    """(4, 12, 12) stripes of a class: two widths, two contrasts."""
    rows = np.arange(SIZE)
    drawn = []
    for width, light in ((2, 255), (3, 255), (2, 160), (3, 160)):
        stripe = np.where(rows // width % 2, light, 20).astype(np.uint8)
        square = np.broadcast_to(stripe[:, np.newaxis], (SIZE, SIZE))
        drawn.append(square.T if CLASSES[label] == "vertical" else square)
    return np.stack(drawn)


def write() -> None:
    (FOLDER / "model.tflite").write_bytes(model())
    for label, name in enumerate(CLASSES):
        (FOLDER / "pictures" / name).mkdir(parents=True, exist_ok=True)
        for i, picture in enumerate(pictures(label)):
            Image.fromarray(picture).save(FOLDER / "pictures" / name / f"{i}.png")


if __name__ == "__main__":
    print(f"writing {Path(FOLDER).relative_to(Path.cwd())}")
    write()
