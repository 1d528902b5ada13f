"""One self-contained C++11 header with a class: weights in flash, one buffer, predict().

The layers are plain loops in float32: to read, and for chips without a tool chain of ours. For gray
pictures of the MicroMobileNet family and any other float network without branches.
"""

from __future__ import annotations

import re

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.export import _template
from boardless.model.export._chain import POSITIVE, POSITIVE_TO_6, ChainLayer, chain
from boardless.model.zoo import Model

# Bounds of an activation -> the template's name for it.
TOPS = {traits.bounds("NONE"): "kNone", POSITIVE: "kRelu", POSITIVE_TO_6: "kRelu6"}


def files(model: Model) -> dict[str, bytes]:
    """NAME.h with class Name; maps are HWC, as in the .tflite."""
    layers = chain(model)
    if layers[-1].kind != "softmax":
        raise BadInput(f"{model.name} does not end with a softmax", hint="export it as c_array")
    name = _template.identifier(model.name.removesuffix(":float32"))
    softmax = layers.pop()
    sizes = [_count(layer.input) for layer in layers] + [_count(softmax.input)]
    text = _template.render(
        "cpp_class.h.j2",
        model=model.name,
        name=name,
        cls="".join(part.capitalize() for part in re.split("_+", name)),
        layers=[_values(layer, number) for number, layer in enumerate(layers, start=1)],
        inputs=sizes[0],
        shape=" x ".join(map(str, layers[0].input)),
        classes=sizes[-1],
        labels=list(model.results.classes) if model.results else [],
        # The first layer reads the caller's picture; then the two halves take turns.
        half=max(sizes[1:]),
    )
    return {f"{name}.h": text}


def _values(layer: ChainLayer, number: int) -> dict[str, object]:
    weight, bias = layer.weight, layer.bias
    high, wide, depth = (
        (*layer.input, 1, 1)[:3] if len(layer.input) == 3 else (1, 1, layer.input[0])
    )
    out_high, out_wide, out_depth = (
        layer.output if len(layer.output) == 3 else (1, 1, layer.output[0])
    )
    return {
        "number": number,
        "kind": "conv" if layer.kind == "dense" else layer.kind,
        "h": high,
        "w": wide,
        "c": depth,
        "oh": out_high,
        "ow": out_wide,
        "oc": out_depth,
        "k": layer.kernel,
        "s": layer.stride,
        "p": layer.pad,
        "top": TOPS[traits.bounds(layer.activation)],
        "weight": [] if weight is None else _template.floats(weight),
        "weights": 0 if weight is None else weight.size,
        "bias": [] if bias is None else _template.floats(bias),
        "biases": 0 if bias is None else bias.size,
    }


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count
