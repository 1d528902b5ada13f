"""The interface between a kernel folder and the compiler, which finds it by the operator's name.

firmware/kernels/conv_2d/lower.py serves CONV_2D: `lower(context)` returns the Call that the
generated C will make, or an Alias if the operator moves no data. `output_shape(context)` returns
the shape that follows from the operator's inputs and options, whatever the file says; an operator
with several outputs has `output_shapes(context)`, which returns one for each. An optimised variant
is a file conv_2d_<variant>.c next to conv_2d_ref.c; lower() picks it if the board can run it.
"""

from __future__ import annotations

import math
import re
from functools import cache
from types import ModuleType

from boardless.core import paths
from boardless.model import folders, profiles, traits
from boardless.model.compiler import extents
from boardless.model.compiler.calls import Alias, Call, Constant, Params
from boardless.model.compiler.context import MAX_STEP, Context, place_window
from boardless.model.compiler.operands import CONSTANTS, SUFFIXES, USUAL
from boardless.model.graph.usable import ACTIVATIONS, KNOWN_TYPES

__all__ = [  # for the kernels' folders
    "MAX_STEP",
    "SUFFIXES",
    "USUAL",
    "Alias",
    "Call",
    "Constant",
    "Context",
    "Params",
    "by",
    "lower",
    "lower_as",
    "module",
    "names",
    "output_shape_as",
    "place_window",
]

NO_KERNEL = "make the model without it, or add a kernel: docs/howto/own-kernel.md says how"
NO_FLEX = "convert with supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS], without SELECT_TF_OPS"
# Operators that other compilers put in place of a part of the model: reason, and what would help.
COMPILED = {
    "CUSTOM ethos-u": (
        "it is a program for the NPU Ethos-U, which Arm's Vela has made of a part of the model; "
        "boardless runs models on the processor",
        "give the .tflite that Vela was given",
    ),
    "CUSTOM edgetpu-custom-op": (
        "it is a program for Coral's Edge TPU, which its compiler has made of a part of the model; "
        "boardless runs models on the processor",
        "give the .tflite that edgetpu_compiler was given",
    ),
}


def names() -> list[str]:
    """Every operator that has a kernel folder, TFLite's names."""
    return folders.names()


def lower(context: Context) -> Call | Alias:
    """The Call or Alias of one operator; BadInput where it is not supported."""
    if folders.folder(context.op.name) is None:
        hint = NO_FLEX if " Flex" in context.op.name else NO_KERNEL
        missing = "boardless has no kernel for this operator", hint
        raise context.refuse(*COMPILED.get(context.op.name, missing))
    for i in (*context.op.inputs, *context.op.outputs):
        dtype = context.graph.tensors[i].dtype
        if i >= 0 and dtype not in ACTIVATIONS and dtype not in CONSTANTS:
            reads = "writes" if i in context.op.outputs else "reads"
            raise context.refuse(f"{reads} values of type {dtype}", hint=KNOWN_TYPES)
    _check_rounding(context)
    lowering = module(context.op.name)
    try:
        result: Call | Alias = lowering.lower(context)
        shapes = _output_shapes(lowering, context)
    except KeyError as error:
        raise context.refuse(f"the option {error} is missing") from error
    except (IndexError, ValueError, TypeError, ArithmeticError) as error:  # such as a wrong rank
        raise context.refuse(f"its tensor shapes are inconsistent ({error})") from error
    _check_activations(context, result)
    for found, shape in zip(context.outputs(), shapes, strict=True):
        if shape != found.shape:
            raise context.refuse(
                f"its output is {by(found.shape)}, but its inputs give {by(shape)}"
            )
    if isinstance(result, Call):
        _check_declared(context, result)
        _check_numbers(context, result.params)
        _check_extents(context, result)
    return result


def _check_rounding(context: Context) -> None:
    """Refuses an int8 operator that the profile's interpreter rounds as none of its kernels do.
    Values of 16 and 32 bits are left to kernels that round alike in all."""
    about = traits.of(context.op.name)
    known = about.roundings
    inputs = [i for number, i in enumerate(context.op.inputs) if number != about.sized_by]
    read = [context.graph.tensors[i] for i in inputs if i >= 0]
    wide = any(t.data is None and t.dtype in ("int16", "int32") for t in read)
    integers = not wide and any(t.dtype == "int8" for t in context.outputs())
    if integers and known is not None and context.rounding not in known:
        raise context.refuse(
            f"the reference {context.profile.name} scales its int8 values "
            f"{context.rounding.value}, which no kernel of it does",
            hint=f"--reference {profiles.DEFAULT}",
        )


def _output_shapes(lowering: ModuleType, context: Context) -> list[tuple[int, ...]]:
    if hasattr(lowering, "output_shapes"):
        shapes: list[tuple[int, ...]] = lowering.output_shapes(context)
    else:
        shapes = [lowering.output_shape(context)]
    if len(shapes) != len(context.op.outputs):
        raise context.refuse(f"{len(context.op.outputs)} outputs instead of {len(shapes)}")
    return shapes


def by(shape: tuple[int, ...]) -> str:
    """A shape for a message, such as 1x10."""
    return "x".join(map(str, shape)) or "a scalar"


def _check_declared(context: Context, call: Call) -> None:
    """Refuses a call of a kernel that is not there: it has other types, or other operands."""
    text = _declarations(call.header)
    for name, end in ((call.function, r"\("), (call.params_type, ";")):
        if not re.search(rf"\b{re.escape(name)}{end}", text):
            raise context.refuse(f"boardless has no kernel {name}", hint=NO_KERNEL)


@cache
def _declarations(header: str) -> str:
    """Returns the text of a kernel's header, and of those that it includes."""
    text = (paths.KERNELS / header).read_text()
    included = re.findall(r'#include "(.*)"', text)
    return text + "".join(map(_declarations, included))


def _check_numbers(context: Context, params: Params) -> None:
    """Refuses numbers that the generated C could not write down."""
    for key, value in params.items():
        if isinstance(value, dict):
            _check_numbers(context, value)
        elif isinstance(value, float) and not math.isfinite(value):
            raise context.refuse(f"its {key} is not a finite number")
        elif isinstance(value, int) and not -(1 << 31) <= value < 1 << 31:
            raise context.refuse(f"its {key} is {value}, beyond 32 bits")


def _check_extents(context: Context, call: Call) -> None:
    """BadInput where the call would leave one of its tensors."""
    sources = [context.input(i) for i in call.activations]
    room = sum(target.count for target in context.outputs())
    count = extents.written(call.params)
    if count != room:
        raise context.refuse(f"its kernel writes {count:,} values, not {room:,}")
    for source, reach in zip(sources, extents.read(call.params, len(sources)), strict=False):
        if reach is not None and reach > source.count:
            raise context.refuse(f"its kernel reads {reach:,} values of {source.count:,}")


def _check_activations(context: Context, lowered: Call | Alias) -> None:
    """The generated call passes every input that is no constant: they must be those expected."""
    inputs = enumerate(context.op.inputs)
    computed = tuple(i for i, t in inputs if t >= 0 and context.graph.tensors[t].data is None)
    expected = (0,) if isinstance(lowered, Alias) else lowered.activations
    if computed != expected:
        raise context.refuse(
            f"inputs {_list(computed)} are activations; this kernel takes activations only at "
            f"inputs {_list(expected)}"
        )


def _list(numbers: tuple[int, ...]) -> str:
    return ", ".join(map(str, numbers)) or "(none)"


def lower_as(folder: str, context: Context) -> Call | Alias:
    """Lowers an operator that is served by the folder of another one."""
    result: Call | Alias = module(folder.upper()).lower(context)
    return result


def output_shape_as(folder: str, context: Context) -> tuple[int, ...]:
    """Returns the output shape of an operator that is served by the folder of another one."""
    shape: tuple[int, ...] = module(folder.upper()).output_shape(context)
    return shape


def module(operator: str) -> ModuleType:
    """The lower.py of an operator's folder."""
    return folders.module(operator, "lower")
