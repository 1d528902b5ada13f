"""The traits of the operators that choose between two values."""

from boardless.model.traits import Traits, always

OPERATORS = dict.fromkeys(("SELECT", "SELECT_V2"), Traits(same_in_uint8=always, stored=True))
