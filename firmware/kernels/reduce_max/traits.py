"""The traits of REDUCE_MAX, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Traits, always

TRAITS = Traits(
    form=Form.REDUCTION,
    channels=Channels.OWN,
    keeps_range=True,
    same_in_uint8=always,
    group=Group.POOL,
    layer=LayerKind.GLOBAL_MAX,
    stored=True,
)
