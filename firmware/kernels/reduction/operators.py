"""The traits of reductions over neighbouring axes."""

from boardless.model.traits import Channels, Form, Group, Rounding, Traits, always

OPERATORS = {
    "REDUCE_MIN": Traits(
        form=Form.REDUCTION,
        channels=Channels.OWN,
        keeps_range=True,
        same_in_uint8=always,
        stored=True,
        group=Group.POOL,
    ),
    "SUM": Traits(
        form=Form.REDUCTION,
        channels=Channels.OWN,
        sums=True,
        int8="mean",
        int16="mean",
        group=Group.POOL,
        roundings=(Rounding.TWICE, Rounding.FLOAT),
    ),
}
