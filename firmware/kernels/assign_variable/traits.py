"""The traits of ASSIGN_VARIABLE, for whoever asks about the operator."""

from boardless.model.traits import Traits, Variable, always

TRAITS = Traits(
    variable=Variable.ASSIGN,
    same_in_uint8=always,
    int8="read_variable",
    float32="read_variable",
    stored=True,
)
