"""The traits of QUANTIZE, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Rounding, Traits, always

TRAITS = Traits(
    form=Form.VALUES,
    channels=Channels.OWN,
    converts=True,
    keeps_range=True,
    same_in_uint8=always,
    int8="lookup",  # from int8; its own from float32
    roundings=(Rounding.TWICE,),
)
