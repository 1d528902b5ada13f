"""Full-integer quantisation of a float32 .tflite by Google's AI Edge Quantizer, for converters
that have none of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PACKAGE = "ai_edge_quantizer"


def quantised(float32: bytes, inputs: Any, folder: Path) -> bytes:
    """Returns a .tflite with int8 weights and values, input and output too, as far as the
    quantiser knows the operators; `inputs` (N, ...) set the ranges."""
    from ai_edge_litert.interpreter import Interpreter
    from ai_edge_quantizer import quantizer, recipe

    signatures = Interpreter(model_content=float32).get_signature_list()
    signature = next(iter(signatures))
    (name,) = signatures[signature]["inputs"]
    source = folder / "to_quantise.tflite"
    source.write_bytes(float32)
    made = quantizer.Quantizer(str(source), recipe.static_wi8_ai8())
    samples = [{name: values[None]} for values in inputs]
    result = made.quantize(made.calibrate({signature: samples}))
    return bytes(result.quantized_model)
