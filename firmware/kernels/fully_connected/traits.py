"""The traits of FULLY_CONNECTED, for whoever asks about the operator."""

from boardless.model.traits import Channels, Group, LayerKind, Traits, always

TRAITS = Traits(
    channels=Channels.EVERY,
    weighted=True,
    takes_activation=True,
    rounds_once=True,
    same_in_uint8=always,
    group=Group.DENSE,
    layer=LayerKind.DENSE,
)
