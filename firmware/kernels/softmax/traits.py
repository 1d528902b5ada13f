"""The traits of SOFTMAX, for whoever asks about the operator."""

from boardless.model.traits import Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    same_in_uint8=always,
    roundings=(Rounding.TWICE, Rounding.FLOAT),
    group=Group.SOFTMAX,
    layer=LayerKind.SOFTMAX,
)
