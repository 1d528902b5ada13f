"""The traits of UNIDIRECTIONAL_SEQUENCE_LSTM, for whoever asks about the operator."""

from boardless.model.traits import Group, Traits, Variable

TRAITS = Traits(
    variable=Variable.UPDATE,
    recurrent=True,
    int8="unidirectional_sequence_lstm",
    float32="unidirectional_sequence_lstm",
    group=Group.DENSE,
)
