"""The traits of RELU, for whoever asks about the operator."""

import math

from boardless.model.traits import Channels, Form, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    clamp=(0.0, math.inf),
    keeps_range=True,
    same_in_uint8=always,
    int8="lookup",
)
