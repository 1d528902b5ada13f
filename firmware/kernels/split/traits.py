"""The traits of SPLIT, for whoever asks about the operator."""

from boardless.model.traits import Traits, always

TRAITS = Traits(
    keeps_range=True,
    same_in_uint8=always,
    int8="pieces",
    float32="pieces",
    stored=True,
)
