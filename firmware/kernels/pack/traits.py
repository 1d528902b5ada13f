"""The traits of PACK, for whoever asks about the operator."""

from boardless.model.traits import Traits, always

TRAITS = Traits(
    keeps_range=True,
    same_in_uint8=always,
    int8="concatenation",
    float32="concatenation",
    stored=True,
)
