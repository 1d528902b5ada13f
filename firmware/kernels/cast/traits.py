"""The traits of CAST, for whoever asks about the operator."""

from boardless.model.traits import Channels, Form, Traits

TRAITS = Traits(form=Form.VALUES, channels=Channels.OWN, stored=True, own_in_uint8=True)
