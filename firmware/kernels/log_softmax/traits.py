"""The traits of LOG_SOFTMAX, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits

TRAITS = Traits(group=Group.SOFTMAX)
