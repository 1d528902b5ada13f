"""The traits of RESIZE_BILINEAR, for whoever asks about the operator."""

from boardless.model.traits import Rounding, Traits

TRAITS = Traits(keeps_range=True, own_in_uint8=True, roundings=(Rounding.TWICE,))
