"""The traits of MEAN, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    form=Form.REDUCTION,
    channels=Channels.OWN,
    keeps_range=True,
    sums=True,
    same_in_uint8=always,
    group=Group.POOL,
    layer=LayerKind.GLOBAL_MEAN,
    roundings=(Rounding.TWICE, Rounding.FLOAT),
)
