"""What a person writes into recipe.toml, and what train.py writes into results.toml.

recipe = read_recipe("digits_cnn")
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from boardless.errors import BadInput
from boardless.zoo import Scaling

ZOO = Path(__file__).parent / "zoo"

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


# ---- the recipe: what a person writes ----


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a TOML file; a misspelt key is an error, not a silent default."""


class Data(_Section, frozen=True):
    set: str
    licence: str  # of the pictures, for the card


class Input(Scaling, frozen=True, forbid_unknown_fields=True):
    """What the float model sees; here both numbers must be written down."""

    scale: float
    offset: float


class Training(_Section, frozen=True):
    seed: int
    epochs: Positive
    batch_size: Positive
    optimiser: Literal["adam", "adamw"]
    learning_rate: Annotated[float, msgspec.Meta(gt=0)]
    warmup_epochs: Annotated[int, msgspec.Meta(ge=0)]
    weight_decay: NotNegative
    label_smoothing: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    keep_best_by: Literal["val_accuracy", "val_loss"]
    patience: Positive


class Augmentation(_Section, frozen=True):
    symmetries: bool
    shift_pixels: NotNegative
    rotate_degrees: NotNegative
    zoom: Annotated[float, msgspec.Meta(ge=0, lt=1)]


class Quantisation(_Section, frozen=True):
    pictures: Positive


class Recipe(_Section, frozen=True):
    data: Data
    input: Input
    training: Training
    augmentation: Augmentation
    quantisation: Quantisation


# ---- the results: what train.py writes and `boardless models` reads ----


class Accuracy(_Section, frozen=True):
    float32: float
    int8: float


class Results(_Section, frozen=True):
    name: str
    dataset: str
    data_origin: str
    input_shape: tuple[int, int, int]
    classes: list[str]
    parameters: int
    test_pictures: int
    epochs: int
    trained_with: str
    input: Input
    accuracy: Accuracy
    recall_int8: dict[str, float]


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.toml.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise BadInput(error.strerror or str(error), where=str(path)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadInput(" ".join(str(error).split()), where=str(path)) from error


def read_recipe(name: str) -> Recipe:
    """Return the checked recipe of the model called `name`."""
    if name not in names():
        raise BadInput(f"unknown model '{name}'", hint=f"known are: {', '.join(names())}")
    recipe: Recipe = _read(ZOO / name / "recipe.toml", Recipe)
    return recipe


def read_results(folder: Path) -> Results:
    """Return the figures that belong to the .tflite files in `folder`."""
    results: Results = _read(folder / "results.toml", Results)
    return results


def names() -> list[str]:
    """Models that can be trained here, sorted."""
    return sorted(path.parent.name for path in ZOO.glob("*/recipe.toml"))


def results_toml(results: Results) -> str:
    """Results as TOML; strings, numbers and lists look the same in JSON."""
    plain = msgspec.to_builtins(results)
    lines = ["# Written by models/train.py; do not edit."]
    lines += [f"{k} = {json.dumps(v)}" for k, v in plain.items() if not isinstance(v, dict)]
    for name, section in plain.items():
        if isinstance(section, dict):
            lines += ["", f"[{name}]"]
            for key, value in section.items():
                bare = re.fullmatch(r"[A-Za-z0-9_-]+", key)
                lines.append(f"{key if bare else json.dumps(key)} = {json.dumps(value)}")
    return "\n".join(lines) + "\n"
