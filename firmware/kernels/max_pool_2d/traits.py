"""The traits of MAX_POOL_2D, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    form=Form.WINDOW,
    channels=Channels.OWN,
    takes_activation=True,
    keeps_range=True,
    same_in_uint8=always,
    group=Group.POOL,
    layer=LayerKind.MAX_POOL,
    roundings=(Rounding.TWICE, Rounding.FLOAT),  # of the activation's bounds
)
