"""The traits of TRANSPOSE_CONV, for whoever asks about the operator."""

from boardless.model.traits import Group, Rounding, Traits, always

TRAITS = Traits(
    takes_activation=True,
    filtered=2,
    sized_by=0,
    same_in_uint8=always,
    group=Group.CONVOLUTION,
    roundings=(Rounding.TWICE,),
)
