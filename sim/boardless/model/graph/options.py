"""The option tables of a .tflite file: which operator has which, and what is in it.

options.class_of("CONV_2D")    # Conv2DOptions
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from ai_edge_litert import schema_py_generated as schema

# Option tables of several operators; every other table has the name of its only operator.
SHARED_OPTIONS = {
    "Pool2DOptions": ("AVERAGE_POOL_2D", "MAX_POOL_2D", "L2_POOL_2D"),
    "ReducerOptions": (
        "MEAN",
        "SUM",
        *(f"REDUCE_{x}" for x in ("PROD", "MAX", "MIN", "ANY", "ALL")),
    ),
    "MaximumMinimumOptions": ("MAXIMUM", "MINIMUM"),
    "L2NormOptions": ("L2_NORMALIZATION",),
    "SequenceRNNOptions": ("UNIDIRECTIONAL_SEQUENCE_RNN",),
    "RandomOptions": ("RANDOM_UNIFORM", "RANDOM_STANDARD_NORMAL", "MULTINOMIAL"),
    "Conv3DOptions": ("CONV_3D", "CONV_3D_TRANSPOSE"),
}


def names(enum: type) -> dict[int, str]:
    """Returns number -> name of an enumeration of the schema."""
    return {v: k for k, v in vars(enum).items() if isinstance(v, int)}


NAMES = names(schema.BuiltinOptions)
PADDINGS = names(schema.Padding)
ACTIVATION_FUNCTIONS = names(schema.ActivationFunctionType)


@cache
def class_of(operator: str) -> str | None:
    """Returns the class of an operator's options, None if it has none."""
    return next((name for name in NAMES.values() if belongs(name, operator)), None)


@cache
def belongs(class_name: str, operator: str) -> bool:
    """Returns whether the operator's options are in tables of this class."""
    if class_name in SHARED_OPTIONS:
        return operator in SHARED_OPTIONS[class_name]
    return class_name.lower() == f"{operator.replace('_', '').lower()}options"


@cache
def scalar_fields(class_name: str) -> tuple[tuple[str, str], ...]:
    """(key, accessor) of an option table. Operators read vectors from their tensors."""
    names = vars(getattr(schema, class_name))
    skipped = ("Length", "AsNumpy", "IsNone", "BufferHasIdentifier")
    return tuple(
        (re.sub(r"(?<!^)(?=[A-Z][a-z])|(?<=[a-z])(?=[A-Z])", "_", name).lower(), name)
        for name in names
        if name != "Init"
        and not name.startswith(("_", "GetRootAs"))
        and not name.endswith(skipped)
        and f"{name}Length" not in names
    )


def read(op: Any, operator: str) -> dict[str, Any]:
    """Returns the scalar fields of the option table in snake_case, enumerations by name. A table of
    another operator is ignored, as interpreters do."""
    table = op.BuiltinOptions()
    class_name = NAMES.get(op.BuiltinOptionsType(), "NONE")
    if table is None or not belongs(class_name, operator):
        return {}
    found = getattr(schema, class_name)()
    found.Init(table.Bytes, table.Pos)
    fields: dict[str, Any] = {}
    for key, attribute in scalar_fields(class_name):
        value = getattr(found, attribute)()
        if key == "padding":
            value = PADDINGS[value]
        elif key == "fused_activation_function":
            value = ACTIVATION_FUNCTIONS.get(value, f"number {value}")
        fields[key] = value
    return fields
