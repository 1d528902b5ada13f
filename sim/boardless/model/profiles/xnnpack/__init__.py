"""LiteRT as most people run it, with its default delegate: what a phone or a PC computes.

XNNPACK scales int8 sums in single precision, which no microcontroller's kernels do.
"""

from boardless.model.profiles import Answerer, Profile
from boardless.model.traits import Rounding

PROFILE = Profile(
    name="xnnpack",
    title="XNNPACK of LiteRT",
    package="ai-edge-litert",
    answerers=(Answerer("litert", "AUTO", ""),),
    dense=Rounding.FLOAT,
    sums=Rounding.FLOAT,
    curves_of_all_scales=False,
)
