"""Program -> the text of the generated files: model.c, model_config.h, weights.S and weights.bin.

Weights are assembled from one binary file, so build time does not grow with them.
"""

from __future__ import annotations

import hashlib
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from boardless import __version__
from boardless.model.compiler import quantise
from boardless.model.compiler.plan import aligned

if TYPE_CHECKING:
    import jinja2

    from boardless.model.compiler import Layer, Program, State
    from boardless.model.graph import Tensor

C_TYPES = {
    **{name: f"{name}_t" for name in ("int8", "uint8", "int16", "uint16", "int32", "int64")},
    "bool": "uint8_t",  # 0 or 1
    "float32": "float",
    "float64": "double",
}
USUAL = ("int8", "float32")  # of inputs and outputs; firmware that knows others is larger


def emit(
    program: Program, build_id: str = "0" * 16, weights_in_ram: bool = False
) -> dict[str, bytes]:
    """File name -> content. Equal programs give equal bytes. Weights are read where they lie in the
    image, or, with `weights_in_ram`, from RAM, where the firmware's start copies them."""
    values, weights = described(program)
    values["weights_in_ram"] = weights_in_ram
    environment = templates("boardless.model.compiler")
    files = {
        name: environment.get_template(f"{name}.j2").render(values, build_id=build_id).encode()
        for name in ("model.c", "model_config.h", "weights.S")
    }
    # An empty weights file would make .incbin's symbol point behind the section.
    return files | {"weights.bin": weights or bytes(4)}


@cache
def templates(package: str) -> jinja2.Environment:
    """Returns the templates of C in the folder `templates` of a package. It is kept, because to
    compile the templates takes longer than all else that emit() does."""
    import jinja2  # here, because most commands find their firmware built

    from boardless.core.templates import environment

    return environment(
        jinja2.PackageLoader(package),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def described(program: Program) -> tuple[dict[str, Any], bytes]:
    """Returns (what templates print of a program, the bytes of its constants)."""
    weights = bytearray()
    placed: dict[tuple[str, bytes], int] = {}
    layers = [_layer(layer, weights, placed) for layer in program.layers]
    states = [_state(state, weights) for state in program.states]
    values: dict[str, Any] = {
        "program": program,
        "version": __version__,
        "layers": layers,
        "states": states,
        "headers": sorted({layer.call.header for layer in program.layers}),
        "input": _io(program.input, program.input_offset, "inputs" if program.inputs else ""),
        "output": _io(program.output, program.output_offset, "outputs" if program.outputs else ""),
        "other_types": not {program.input.dtype, program.output.dtype} <= {*USUAL},
        "weights_bytes": len(weights),
        "weights_sha256": hashlib.sha256(weights).hexdigest(),
    }
    return values, bytes(weights)


def number(value: int | float) -> str:
    """A C literal that reads back as the same int32 or float32."""
    if isinstance(value, int):
        return str(value) if value != -(1 << 31) else "INT32_MIN"
    text = str(np.float32(value))
    return (text if "." in text or "e" in text else f"{text}.0") + "f"


def _fields(params: dict[str, Any], indent: str) -> str:
    lines, line = [], ""
    for key, value in params.items():
        if isinstance(value, dict):
            item = f".{key} = {{\n{_fields(value, indent + '    ')}\n{indent}}},"
            if line:
                lines.append(indent + line.strip())
            lines.append(indent + item)
            line = ""
            continue
        item = f".{key} = {number(value)},"
        if line and len(indent) + len(line) + len(item) > 96:
            lines.append(indent + line.strip())
            line = ""
        line += f" {item}"
    if line:
        lines.append(indent + line.strip())
    return "\n".join(lines)


def _layer(
    layer: Layer, weights: bytearray, placed: dict[tuple[str, bytes], int]
) -> dict[str, Any]:
    """Returns what the template prints of a layer; appends its constants to `weights`, each value
    once."""
    constants, arguments = [], [f"&params_{layer.index}"]
    arguments += [_pointer(o, s) for o, s in zip(layer.inputs, layer.input_shapes, strict=True)]
    for constant in layer.call.constants:
        if constant.data is None:
            arguments.append("NULL")
            continue
        c_type = C_TYPES[constant.data.dtype.name]
        shape = "x".join(map(str, constant.data.shape))
        raw = np.ascontiguousarray(constant.data).tobytes()
        key = c_type, hashlib.sha256(raw).digest()
        if key not in placed:
            weights.extend(bytes(aligned(len(weights)) - len(weights)))
            placed[key] = len(weights)
            weights.extend(raw)
        constants.append(
            {
                "name": f"{constant.name}_{layer.index}",
                "type": c_type,
                "offset": placed[key],
                "comment": f"{shape} {constant.layout}".strip(),
            }
        )
        arguments.append(f"{constant.name}_{layer.index}")
    if layer.call.scratch_bytes:
        arguments += [f"arena + {layer.scratch}", str(layer.call.scratch_bytes)]
    arguments += [
        _pointer(o, s, const=False) for o, s in zip(layer.outputs, layer.output_shapes, strict=True)
    ]
    return {
        "index": layer.index,
        "op": layer.op,
        "macs": layer.call.macs,
        "shapes": f"{', '.join(layer.input_shapes)} -> {', '.join(layer.output_shapes)}",
        "params_type": layer.call.params_type,
        "fields": _fields(layer.call.params, "    "),
        "constants": constants,
        "run": _wrapped(
            f"  RUN({layer.index}, {layer.call.function}(", f"{', '.join(arguments)}));"
        ),
    }


def _wrapped(head: str, arguments: str) -> str:
    """A call over as many lines as it needs, arguments below each other."""
    lines = [head]
    for word in arguments.split(", "):
        text = word if word.endswith(";") else f"{word},"
        if len(lines[-1]) + 1 + len(text) > 100:
            lines.append(" " * len(head) + text)
        else:
            lines[-1] += text if lines[-1].endswith("(") else f" {text}"
    return "\n".join(lines)


def _pointer(offset: int, type_and_shape: str, const: bool = True) -> str:
    c_type = C_TYPES[type_and_shape.split()[0]]
    return f"({'const ' if const else ''}{c_type} *)(arena + {offset})"


def _state(state: State, weights: bytearray) -> str:
    """Returns the C that gives a variable its first value, which is appended to `weights`."""
    if len({*state.value}) == 1:
        return f"memset(arena + {state.offset}, {state.value[0]}, {len(state.value)});"
    weights.extend(bytes(aligned(len(weights)) - len(weights)))
    at = len(weights)
    weights.extend(state.value)
    return f"memcpy(arena + {state.offset}, bl_weights + {at}, {len(state.value)});"


def _io(tensor: Tensor, offset: int, array: str) -> dict[str, Any]:
    q = quantise.of(tensor)
    return {
        "data": array or f"arena + {offset}",
        "bytes": tensor.nbytes,
        "count": tensor.count,
        "type": f"BL_{tensor.dtype.upper()}",
        "shape": "x".join(map(str, tensor.shape)),
        "scale": number(q.scale),
        "zero_point": q.zero_point,
    }
