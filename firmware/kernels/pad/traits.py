"""The traits of PAD, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, LayerKind, Traits, always

TRAITS = Traits(
    form=Form.PADDING,
    channels=Channels.OWN,
    pads_zero=True,
    keeps_range=True,
    same_in_uint8=always,
    layer=LayerKind.PADDING,
    stored=True,
)
