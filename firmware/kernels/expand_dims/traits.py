"""The traits of EXPAND_DIMS, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Traits, always

TRAITS = Traits(
    form=Form.SHAPE,
    channels=Channels.OWN,
    keeps_range=True,
    same_in_uint8=always,
    stored=True,
)
