"""The traits of AVERAGE_POOL_2D, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Group, Layer, Options, Traits


def no_ties(options: Options) -> bool:
    """Returns True if every window has the same odd number of pixels: the uint8 and the int8 kernel
    differ only in how they round ties."""
    pixels = options.get("filter_height", 0) * options.get("filter_width", 0)
    return bool(options.get("padding") == "VALID" and pixels % 2 == 1)


TRAITS = Traits(
    form=Form.WINDOW,
    channels=Channels.OWN,
    takes_activation=True,
    keeps_range=True,
    same_in_uint8=no_ties,
    group=Group.POOL,
    layer=Layer.AVERAGE_POOL,
)
