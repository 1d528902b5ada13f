"""The traits of AVERAGE_POOL_2D, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Traits

TRAITS = Traits(
    form=Form.WINDOW,
    channels=Channels.OWN,
    takes_activation=True,
    keeps_range=True,
    own_in_uint8=True,
    group=Group.POOL,
    layer=LayerKind.AVERAGE_POOL,
)
