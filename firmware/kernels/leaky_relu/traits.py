"""The traits of LEAKY_RELU, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Rounding, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    same_in_uint8=always,
    int8="lookup",
    roundings=(Rounding.TWICE,),
)
