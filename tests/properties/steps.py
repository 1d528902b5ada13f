"""Layers that follow each other, and the model that they make.

content = chain(source, [Step("PAD", [sizes], padded), Step("CONV_2D", weights, output, options)])
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from one_operator import Operator, Tensor, graph


@dataclass(frozen=True)
class Step:
    """One operator; its first input is what the step before put out.

    `also` is an earlier value that it reads, too: 0 is the model's input, n what step n put out.
    """

    operator: str
    constants: list[Tensor]
    output: Tensor
    options: dict[str, Any] = field(default_factory=dict)  # TFLite's field names
    also: int | None = None


def chain(source: Tensor, steps: list[Step]) -> bytes:
    """The .tflite of these operators one behind the other."""
    tensors, operators, values = [source], [], [0]
    for step in steps:
        constants = list(range(len(tensors), len(tensors) + len(step.constants)))
        tensors += [*step.constants, step.output]
        inputs = [values[-1], *constants, *([] if step.also is None else [values[step.also]])]
        values.append(len(tensors) - 1)
        operators.append(Operator(step.operator, inputs, [values[-1]], step.options))
    return graph(tensors, operators, 0, values[-1])
