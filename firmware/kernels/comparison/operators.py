"""The traits of comparisons."""

from boardless.model.traits import Channels, Form, Traits, always

OPERATORS = dict.fromkeys(
    ("EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "NOT_EQUAL"),
    Traits(form=Form.VALUES, channels=Channels.OWN, operands=2, same_in_uint8=always),
)
