"""The traits of the operators that compute a function of one value."""

import dataclasses

from boardless.model.traits import Channels, Form, Traits, always

FLOAT = Traits(form=Form.VALUES, channels=Channels.OWN)
BOTH = dataclasses.replace(FLOAT, int8="lookup")

OPERATORS = {
    **dict.fromkeys(("CEIL", "COS", "FLOOR", "ROUND", "SIN", "SQUARE"), FLOAT),
    **dict.fromkeys(("ABS", "ELU", "EXP", "LOG", "NEG", "RSQRT", "SQRT"), BOTH),
    "GELU": dataclasses.replace(BOTH, same_in_uint8=always),
}
