"""The traits of CONV_2D, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, LayerKind, Rounding, Traits, always

TRAITS = Traits(
    form=Form.WINDOW,
    channels=Channels.EVERY,
    weighted=True,
    takes_activation=True,
    takes_padding=True,
    same_in_uint8=always,
    group=Group.CONVOLUTION,
    layer=LayerKind.CONVOLUTION,
    roundings=(Rounding.TWICE, Rounding.FLOAT),
)
