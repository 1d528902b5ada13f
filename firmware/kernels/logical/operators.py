"""The traits of the logic of bool values."""

import dataclasses

from boardless.model.traits import Channels, Form, Traits

PAIR = Traits(form=Form.VALUES, channels=Channels.OWN, operands=2)

OPERATORS = {
    "LOGICAL_AND": PAIR,
    "LOGICAL_NOT": dataclasses.replace(PAIR, operands=1),
    "LOGICAL_OR": PAIR,
}
