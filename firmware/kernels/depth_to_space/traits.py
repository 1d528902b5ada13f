"""The traits of DEPTH_TO_SPACE, for whoever asks about the operator."""

from boardless.model.traits import Traits, always

TRAITS = Traits(
    keeps_range=True,
    same_in_uint8=always,
    int8="strided",
    float32="strided",
    stored=True,
)
