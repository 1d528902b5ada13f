"""The traits of RELU_0_TO_1, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    clamp=(0.0, 1.0),
    keeps_range=True,
    same_in_uint8=always,
    int8="lookup",
    float32="relu",
)
