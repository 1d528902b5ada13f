"""Writes weights.c: the arrays that mobile_lenet.h declares, from text files or at random.

python weights.py FOLDER > weights.c         w01.txt, b01.txt, bn01.txt, ..., picture.txt
python weights.py --random SEED > weights.c  to see it run

A text file holds the numbers of its array in the order that layers.h states, separated by spaces,
commas or line ends; picture.txt may hold several pictures.
"""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

HEADER = Path(__file__).resolve().parent / "mobile_lenet.h"
Arrays = dict[str, npt.NDArray[np.float32]]


def shapes() -> dict[str, tuple[int, ...]]:
    """Name -> the factors of its length, as mobile_lenet.h declares them, and one picture's."""
    text = HEADER.read_text()
    declared = re.findall(r"(\w+)\[([\d *]+)\]", text)
    declared += re.findall(r"define (PIXELS) \(([\d *]+)\)", text)
    found = {name: tuple(int(n) for n in size.split("*")) for name, size in declared}
    return found | {"picture": found.pop("PIXELS")}


def from_text(folder: Path) -> Arrays:
    """FOLDER/NAME.txt of every array; ValueError where one has the wrong number of numbers."""
    arrays = {}
    for name, shape in shapes().items():
        numbers = (folder / f"{name}.txt").read_text().replace(",", " ").split()
        pictures = len(numbers) // math.prod(shape) if name == "picture" else 1
        if len(numbers) != max(1, pictures) * math.prod(shape):
            raise ValueError(f"{name}.txt holds {len(numbers)} numbers, not {math.prod(shape)}")
        arrays[name] = np.array(numbers, np.float32)
    return arrays


def at_random(seed: int) -> Arrays:
    """Weights that neither die out nor explode on the way, and a picture of values in 0..1."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for name, shape in shapes().items():
        count = math.prod(shape)
        if name == "picture":
            values = rng.random(count)
        elif name.startswith("bn"):
            gamma, variance = rng.uniform(0.5, 1.5, (2, shape[1]))
            beta, mean = rng.normal(0, 0.2, (2, shape[1]))
            values = np.concatenate([gamma, beta, mean, variance])
        else:
            values = rng.normal(0, math.sqrt(2 / math.prod(shape[1:])), count)
        arrays[name] = values.astype(np.float32)
    return arrays


def to_c(arrays: Arrays) -> str:
    """weights.c; every number reads back as the same float."""
    parts = ['#include "mobile_lenet.h"\n']
    for name, values in arrays.items():
        numbers = [f"{v:.9e}f" for v in values]
        lines = ",\n    ".join(", ".join(numbers[i : i + 5]) for i in range(0, len(numbers), 5))
        parts.append(f"const float {name}[{len(values)}] = {{\n    {lines},\n}};\n")
    pictures = len(arrays["picture"]) // math.prod(shapes()["picture"])
    parts.append(f"const uint32_t picture_count = {pictures};\n")
    return "\n".join(parts)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["--random", seed]:
            sys.stdout.write(to_c(at_random(int(seed))))
        case [folder]:
            try:
                sys.stdout.write(to_c(from_text(Path(folder))))
            except (OSError, ValueError) as error:
                sys.exit(f"weights.py: {error}")
        case _:
            sys.exit(__doc__)
