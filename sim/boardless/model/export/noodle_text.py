"""Weights as text files w01.txt, b01.txt, bn01.txt, ..., one number per line."""

from __future__ import annotations

from boardless.model.export import _template
from boardless.model.export._noodle import noodle
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """Nine digits per number: it reads back as the same float32."""
    return {
        f"{name}.txt": ("\n".join(_template.numbers(values)) + "\n").encode()
        for name, values in noodle(model).items()
    }
