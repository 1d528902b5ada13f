"""The traits of READ_VARIABLE, for whoever asks about the operator."""

from boardless.model.traits import Traits, Variable, always

TRAITS = Traits(
    variable=Variable.READ,
    same_in_uint8=always,
    int8="read_variable",
    float32="read_variable",
    stored=True,
)
