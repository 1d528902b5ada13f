"""The traits of reductions over neighbouring axes."""

from boardless.model.traits import Channels, Form, Group, Traits, always

OPERATORS = {
    "REDUCE_MIN": Traits(
        form=Form.REDUCTION,
        channels=Channels.OWN,
        keeps_range=True,
        same_in_uint8=always,
        group=Group.POOL,
    ),
    "SUM": Traits(form=Form.REDUCTION, channels=Channels.OWN, group=Group.POOL),
}
