"""The traits of CALL_ONCE, for whoever asks about the operator."""

from boardless.model.traits import Traits, Variable

TRAITS = Traits(variable=Variable.ONCE)
