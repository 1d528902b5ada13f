"""The content of recipe.toml, which people write, and of results.toml, which train.py writes.

recipe = read_recipe("digits_cnn")
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from boardless.core import checked
from boardless.core.errors import BadInput
from boardless.model.zoo import Scaling

ZOO = Path(__file__).parent / "zoo"
OWN = Path(__file__).parent / "own"  # recipes for pictures that a user brings
# Where below a model's folder its recipe by each protocol and what it makes is; see protocol.py.
PLACES = {"held_out": ".", "published": "published"}
FOLDER = "folder"  # the set of these: a folder for each class

Positive = Annotated[int, msgspec.Meta(ge=1)]
NotNegative = Annotated[float, msgspec.Meta(ge=0)]


# ---- the recipe: what a person writes ----


class _Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a TOML file; a misspelt key is an error, not a silent default."""


class Data(_Section, frozen=True):
    set: str
    licence: str  # of the pictures, for the card
    size: tuple[Positive, Positive] | None = None  # height and width, where `set` is a folder
    gray: bool = False
    protocol: Literal["held_out", "published"] = "held_out"  # see protocol.py


class Input(Scaling, frozen=True, forbid_unknown_fields=True):
    """The input range of the float model; here both numbers must be written down."""

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
    dropout: Annotated[float, msgspec.Meta(ge=0, lt=1)] | None = None  # not the architecture's
    clip_norm: NotNegative = 0.0  # longest gradient of all weights together; 0: any length
    # what is judged and kept is a moving average, of which this share stays in each step
    average_weights: Annotated[float, msgspec.Meta(ge=0, lt=1)] = 0.0
    # so many of the last epochs do without augmentation.mix
    unmixed_epochs: Annotated[int, msgspec.Meta(ge=0)] = 0


class Augmentation(_Section, frozen=True):
    symmetries: bool
    shift: NotNegative  # of the picture's side
    rotate_degrees: NotNegative
    zoom: Annotated[float, msgspec.Meta(ge=0, lt=1)]
    mirror: bool = False  # left and right
    light: NotNegative = 0.0  # 0.1: up to a tenth of 255 more or less
    contrast: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0
    colour: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.0  # saturation
    mix: Annotated[float, msgspec.Meta(ge=0, le=0.5)] = 0.0  # largest share of another picture
    views: Annotated[int, msgspec.Meta(ge=0)] = 0  # epochs after which changes repeat; 0: never


class Distillation(_Section, frozen=True):
    """Targets that are partly what a better model of the zoo says of the same changed picture."""

    teacher: str
    weight: Annotated[float, msgspec.Meta(gt=0, le=1)]
    temperature: Annotated[float, msgspec.Meta(ge=1)]
    features: NotNegative = 0.0  # weight of the distance to the teacher's features, see features.py
    maps: NotNegative = 0.0  # of that to the map whose mean these are, place by place


class Transfer(_Section, frozen=True):
    """Weights to start from; the architecture's start_from() says what becomes of them."""

    weights: str  # a file below $BOARDLESS_DATA
    url: str  # where a user gets it
    licence: str  # for the card
    head_first: bool = False  # train the last layer alone, then all; see head.py


class Continued(_Section, frozen=True):
    """A committed model whose weights training begins with; see folded.py."""

    model: str


class Quantisation(_Section, frozen=True):
    pictures: Positive
    aware_epochs: Annotated[int, msgspec.Meta(ge=0)] = 0  # of training with rounding in it
    per_channel: bool = True  # of weights; false: one scale per tensor, as some accelerators need


class Recipe(_Section, frozen=True):
    data: Data
    input: Input
    training: Training
    augmentation: Augmentation
    quantisation: Quantisation
    distillation: Distillation | None = None
    transfer: Transfer | None = None
    continued: Continued | None = None

    def check(self, where: str) -> None:
        """BadInput where sections contradict each other."""
        if (self.data.set == FOLDER) != (self.data.size is not None):
            raise BadInput("data.size goes with data.set = 'folder', and only with it", where=where)
        if self.transfer and self.continued:
            raise BadInput("training begins with transfer or continued, not both", where=where)
        if self.augmentation.mix and not (self.distillation and self.distillation.weight == 1):
            raise BadInput(
                "augmentation.mix requires distillation.weight = 1 (a mixed picture has no label)",
                where=where,
            )


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
    top_2: Accuracy  # pictures whose class is one of the two most probable
    recall_int8: dict[str, float]
    sample_hits: dict[str, int] = {}  # right ones of the first 100 test pictures, by type
    layer_snr_db: dict[str, float] = {}  # of int8 relative to float32, by operator


def read_recipe(name: str, protocol: str = "held_out") -> Recipe:
    """Return the checked recipe of the model called `name`, by one of the protocols."""
    path = folder(name) / PLACES[protocol] / "recipe.toml"
    recipe = checked.file(path, Recipe)
    recipe.check(str(path))
    if recipe.data.protocol != protocol:
        raise BadInput(f"data.protocol is not '{protocol}', as its folder says", where=str(path))
    return recipe


def sized(recipe: Recipe, side: int) -> Recipe:
    """Return the recipe for pictures that a user brings, with another size: side x side."""
    return msgspec.structs.replace(
        recipe, data=msgspec.structs.replace(recipe.data, size=(side, side))
    )


def folder(name: str) -> Path:
    """Return the folder with the recipe of the model called `name`."""
    if name in own_names():
        return OWN / name
    if name not in names():
        raise BadInput(f"unknown model '{name}'", hint=f"known are: {', '.join(names())}")
    return ZOO / name


def read_results(folder: Path) -> Results:
    """Return the figures that belong to the .tflite files in `folder`."""
    return checked.file(folder / "results.toml", Results)


def names(protocol: str = "held_out") -> list[str]:
    """Models that can be trained here by a protocol, sorted."""
    found = ZOO.glob(f"*/{PLACES[protocol]}/recipe.toml")
    return sorted(path.relative_to(ZOO).parts[0] for path in found)


def own_names() -> list[str]:
    """Recipes that wait for a user's pictures, sorted."""
    return sorted(path.parent.name for path in OWN.glob("*/recipe.toml"))


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
