"""A stand-in of emlearn's module of the same name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def c_generate_net_loadable(
    activations: Sequence[str], weights: Sequence[Any], biases: Sequence[Any], prefix: str
) -> str:
    """Returns the C of a network of dense layers, weights of shape (inputs, outputs)."""
    text, layers = "#include <eml_net.h>\n", []
    for number, (activation, taps, bias) in enumerate(
        zip(activations, weights, biases, strict=True)
    ):
        for name, values in (("weights", taps.flatten()), ("bias", bias)):
            listed = ", ".join(f"{value:.6f}f" for value in values)
            text += f"static const float {prefix}_{name}_{number}[] = {{{listed}}};\n"
        inputs, outputs = taps.shape
        layers.append(
            f"{{{outputs}, {inputs}, {prefix}_weights_{number}, {prefix}_bias_{number}, "
            f"EmlNet{activation.title()}}}"
        )
    largest = max(size for taps in weights for size in taps.shape)
    return (
        f"{text}static const EmlNetLayer {prefix}_layers[] = {{{', '.join(layers)}}};\n"
        f"static float {prefix}_first[{largest}], {prefix}_second[{largest}];\n"
        f"static EmlNet {prefix} = {{{len(layers)}, {prefix}_layers, {prefix}_first, "
        f"{prefix}_second}};\n"
    )
