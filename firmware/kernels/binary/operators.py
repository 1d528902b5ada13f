"""The traits of the operators that compute a function of two values and clamp nothing."""

import dataclasses

from boardless.model.traits import Channels, Form, Traits, always

PAIRS = Traits(form=Form.VALUES, channels=Channels.OWN, operands=2)
EXTREME = dataclasses.replace(PAIRS, same_in_uint8=always, stored=True)

OPERATORS = {
    **dict.fromkeys(("MAXIMUM", "MINIMUM"), EXTREME),
    **dict.fromkeys(("POW", "SQUARED_DIFFERENCE"), PAIRS),
}
