"""The traits of SOFTMAX, for whoever asks about the operator."""

from boardless.model.traits import Group, LayerKind, Traits, always

TRAITS = Traits(
    same_in_uint8=always,
    group=Group.SOFTMAX,
    layer=LayerKind.SOFTMAX,
)
