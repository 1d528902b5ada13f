"""The generated C of a folder: functions that carry the model's name.

found = names(model.graph, program)
header = render("model.h.j2", {"names": found, ...})
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from boardless.model import ports
from boardless.model.compiler import Program, quantise
from boardless.model.compiler.emit import C_TYPES, number, templates
from boardless.model.graph import Graph, Tensor

WORDS = """
auto bool break case catch char class const continue default delete do double else enum export
extern false float for friend goto if inline int long main mutable namespace new operator private
protected public register restrict return short signed sizeof static struct switch template this
throw true try typedef typename union unsigned using virtual void volatile while
"""
KEYWORDS = frozenset(WORDS.split())  # of C and C++, and what no function can be called
PER_LINE = 24  # bytes of weights
ARENA_ALIGNMENT = 16


@dataclass(frozen=True)
class Port:
    """An input or an output of the model, as the C sees it."""

    parameter: str  # such as input, or input0 where there are several
    name: str  # as the model's author named it
    c_type: str
    dtype: str  # in the model's file
    shape: str
    count: int
    bytes: int
    offset: int  # in the arena
    scale: str
    zero_point: int
    unsigned: bool  # its values are 128 more than those that the kernels take

    @property
    def quantised(self) -> bool:
        return self.dtype in ("int8", "uint8", "int16")


@dataclass(frozen=True)
class Names:
    """The names that the C of a model has."""

    prefix: str  # of functions and files, such as digits_cnn_int8
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]

    @property
    def macro(self) -> str:
        return self.prefix.upper()

    @property
    def parameters(self) -> str:
        """Returns the parameters of invoke, as its prototype has them."""
        data = [f"const {p.c_type} *{p.parameter}" for p in self.inputs]
        data += [f"{p.c_type} *{p.parameter}" for p in self.outputs]
        return ", ".join(["void *arena", "size_t arena_bytes", *data])

    @property
    def pointers(self) -> list[str]:
        return [port.parameter for port in (*self.inputs, *self.outputs)]


def identifier(name: str) -> str:
    """Returns a name that C and C++ take: digits_cnn:int8 -> digits_cnn_int8."""
    plain = re.sub("_+", "_", re.sub(r"\W", "_", name, flags=re.ASCII)).strip("_").lower()
    if plain in KEYWORDS or not plain[:1].isalpha():
        return f"model_{plain}".rstrip("_")
    return plain


def names(graph: Graph, program: Program) -> Names:
    """Returns the names of a program that was compiled of `graph`."""
    return Names(
        identifier(program.name),
        _ports(graph, graph.inputs, "input", program.inputs, program.input_offset),
        _ports(graph, graph.outputs, "output", program.outputs, program.output_offset),
    )


def _ports(
    graph: Graph, numbers: tuple[int, ...], what: str, places: tuple[Any, ...], offset: int
) -> tuple[Port, ...]:
    tensors = [graph.tensors[number] for number in numbers]
    offsets = [place.offset for place in places] or [offset]
    called = ports.names(tensors)
    return tuple(
        _port(tensor, f"{what}{i if len(tensors) > 1 else ''}", called[i], offsets[i])
        for i, tensor in enumerate(tensors)
    )


def _port(tensor: Tensor, parameter: str, name: str, offset: int) -> Port:
    unsigned = tensor.dtype == "int8" and tensor.own_dtype == "uint8"
    q = quantise.of(tensor)
    return Port(
        parameter=parameter,
        name=re.sub(r"[^\w .:/;+-]|\*/|/\*", "_", name, flags=re.ASCII),  # stands in a comment
        c_type="uint8_t" if unsigned else C_TYPES[tensor.dtype],
        dtype="uint8" if unsigned else tensor.dtype,
        shape="x".join(map(str, tensor.shape)) or "1",
        count=tensor.count,
        bytes=tensor.nbytes,
        offset=offset,
        scale=number(q.scale),
        zero_point=q.zero_point + (128 if unsigned else 0),
        unsigned=unsigned,
    )


def render(template: str, values: Mapping[str, Any]) -> bytes:
    """Returns the text of a template of this package."""
    return templates(__package__).get_template(template).render(values).encode()


def weights(names: Names, content: bytes) -> bytes:
    """Returns the C of the constants: one array of bytes, because any compiler takes it."""
    rows = [content[at : at + PER_LINE] for at in range(0, len(content), PER_LINE)] or [b"\0"]
    lines = [f"  {','.join(map(str, row))}," for row in rows]
    head = f"/* The constants of {names.prefix}: {len(content):,} bytes. Generated: do not edit. */"
    name = f"{names.prefix}_weights"
    return "\n".join(
        [
            *(head, "#include <stdint.h>", ""),
            f"extern const uint8_t {name}[];",
            f"_Alignas(16) const uint8_t {name}[] = {{",
            *(*lines, "};", ""),
        ]
    ).encode()
