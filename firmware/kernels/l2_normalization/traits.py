"""The traits of L2_NORMALIZATION, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits

TRAITS = Traits(group=Group.SOFTMAX)
