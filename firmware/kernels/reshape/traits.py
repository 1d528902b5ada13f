"""The traits of RESHAPE, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, LayerKind, Traits, always

TRAITS = Traits(
    form=Form.SHAPE,
    channels=Channels.OWN,
    keeps_range=True,
    same_in_uint8=always,
    reads=1,
    layer=LayerKind.FLATTEN,
    stored=True,
)
