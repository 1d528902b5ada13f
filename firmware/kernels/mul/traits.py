"""The traits of MUL, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Rounding, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    operands=2,
    takes_activation=True,
    same_in_uint8=always,
    roundings=(Rounding.TWICE, Rounding.FLOAT),
)
