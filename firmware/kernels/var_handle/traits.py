"""The traits of VAR_HANDLE, for whoever asks about the operator."""

from boardless.model.traits import Traits, Variable

TRAITS = Traits(variable=Variable.NAME)
