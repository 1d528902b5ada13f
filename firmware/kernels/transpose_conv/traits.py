"""The traits of TRANSPOSE_CONV, for whoever asks about the operator."""

from boardless.model.traits import Group, Rounding, Traits

TRAITS = Traits(
    takes_activation=True,
    filtered=2,
    sized_by=0,
    group=Group.CONVOLUTION,
    roundings=(Rounding.TWICE,),
)
