"""The traits of PADV2, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Traits, always

TRAITS = Traits(
    form=Form.PADDING,
    channels=Channels.OWN,
    same_in_uint8=always,
    int8="pad",
    float32="pad",
    stored=True,
)
