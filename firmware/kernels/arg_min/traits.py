"""The traits of ARG_MIN, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits, always

TRAITS = Traits(
    same_in_uint8=always, group=Group.POOL, int8="arg_max", float32="arg_max", stored=True
)
