"""The .tflite itself and, for a model of the zoo, the same model in its other type."""

from __future__ import annotations

from boardless.model import zoo
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """NAME_TYPE.tflite for each type of a zoo model; a user's own model as it is."""
    if model.results is None:
        return {f"{model.name}.tflite": model.content}
    name = model.results.name
    return {f"{name}_{kind}.tflite": zoo.find(f"{name}:{kind}").content for kind in zoo.types(name)}
