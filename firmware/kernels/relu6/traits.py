"""The traits of RELU6, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    clamp=(0.0, 6.0),
    keeps_range=True,
    same_in_uint8=always,
    int8="lookup",
    float32="relu",
    int16="relu",
)
