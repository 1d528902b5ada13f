"""The traits of FULLY_CONNECTED, for whoever asks about the operator."""

from boardless.model.traits import Channels, Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    channels=Channels.EVERY,
    weighted=True,
    takes_activation=True,
    roundings=(Rounding.ONCE, Rounding.TWICE, Rounding.FLOAT),
    same_in_uint8=always,
    group=Group.DENSE,
    layer=LayerKind.DENSE,
)
