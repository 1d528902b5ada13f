"""The traits of DEPTHWISE_CONV_2D, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    form=Form.WINDOW,
    channels=Channels.OWN,
    weighted=True,
    takes_activation=True,
    takes_padding=True,
    same_in_uint8=always,
    group=Group.DEPTHWISE,
    layer=LayerKind.DEPTHWISE,
    roundings=(Rounding.TWICE, Rounding.FLOAT),
)
