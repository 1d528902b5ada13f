"""LiteRT's reference kernels (BUILTIN_REF): the default."""

from boardless.model.profiles import Answerer, Profile
from boardless.model.traits import Rounding

PROFILE = Profile(
    name="litert",
    title="LiteRT",
    package="ai-edge-litert",
    answerers=(
        Answerer("litert", "BUILTIN_REF", "reference kernels"),
        Answerer("litert", "BUILTIN_WITHOUT_DEFAULT_DELEGATES", "optimised kernels"),
    ),
    after=("tflm",),
    dense=Rounding.ONCE,
    sums_bytes=True,
)
