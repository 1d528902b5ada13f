"""The traits of GATHER, for whoever asks about the operator."""

from boardless.model.traits import Traits, always

TRAITS = Traits(
    keeps_range=True,
    same_in_uint8=always,
    int8="gather",
    float32="gather",
    stored=True,
)
