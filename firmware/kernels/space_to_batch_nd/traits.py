"""The traits of SPACE_TO_BATCH_ND, for whoever asks about the operator."""

from boardless.model.traits import Blocks, Traits, always

TRAITS = Traits(
    blocks=Blocks.APART,
    keeps_range=True,
    pads_zero=True,
    same_in_uint8=always,
    int8="space_to_batch_nd",
    float32="space_to_batch_nd",
    stored=True,
)
