"""Models with the rounding of the interpreter that answers for them.

model = find("my.tflite", "litert")
model.graph.profile      # "tflm" where LiteRT refuses the model and TensorFlow Lite Micro takes it

A firmware is held against who has answered, so it has to round as that one does.
"""

from __future__ import annotations

import contextlib
import dataclasses
from functools import lru_cache

from boardless.core.errors import BoardlessError
from boardless.model import profiles, reference, zoo


def find(text: str, profile: str = profiles.DEFAULT) -> zoo.Model:
    """Returns what zoo.find() returns. Where no interpreter of the profile takes a user's model, it
    has to give the bits of the profile whose interpreter does; where none does, of the one that was
    asked for."""
    model = zoo.find(text, profile)
    if model.results is not None:
        return model
    with contextlib.suppress(BoardlessError):
        answering = _answering(model.reference, profile)
        return dataclasses.replace(model, graph=model.graph.replace(profile=answering))
    return model


@lru_cache(maxsize=8)  # commands find a model more than once
def _answering(content: bytes, profile: str) -> str:
    return reference.check(content, "", profile).profile
