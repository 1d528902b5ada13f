"""The traits of ARG_MAX, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits, always

TRAITS = Traits(same_in_uint8=always, group=Group.POOL, stored=True)
