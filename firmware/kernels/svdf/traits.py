"""The traits of SVDF, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits, Variable

TRAITS = Traits(
    variable=Variable.UPDATE,
    recurrent=True,
    int8="svdf",
    float32="svdf",
    group=Group.DENSE,
)
