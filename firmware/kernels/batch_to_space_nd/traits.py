"""The traits of BATCH_TO_SPACE_ND, for whoever asks about the operator."""

from boardless.model.traits import Blocks, Traits, always

TRAITS = Traits(
    blocks=Blocks.TOGETHER,
    keeps_range=True,
    same_in_uint8=always,
    int8="indexed",
    float32="indexed",
    stored=True,
)
