"""A C header that holds the .tflite as an aligned array of bytes with its length."""

from __future__ import annotations

from boardless.model.export import _template
from boardless.model.zoo import Model


def files(model: Model) -> dict[str, bytes]:
    """NAME.h; interpreters on a device read the array where it lies, in flash."""
    name = _template.identifier(model.name)
    rows = [model.content[at : at + 12] for at in range(0, len(model.content), 12)]
    text = _template.render(
        "c_array.h.j2",
        model=model.name,
        name=name,
        length=len(model.content),
        rows=[", ".join(f"0x{byte:02x}" for byte in row) for row in rows],
    )
    return {f"{name}.h": text}
