"""The manifest of a folder: what went into it, as JSON, and how much memory it takes.

about = of(model, board, program, sources, names, weights, figures)
content = encoded(about, files)
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from boardless import __version__
from boardless.device.kernel_sources import Source
from boardless.device.records import Board
from boardless.front.standalone.api import ARENA_ALIGNMENT, Names, Port
from boardless.front.standalone.figures import Figures
from boardless.front.standalone.kernels import Sources
from boardless.model.compiler import Layer, Program
from boardless.model.zoo import Model

FORMAT = "boardless standalone 1"  # by which a folder of ours is known
NAME = "manifest.json"
REFERENCE = "ref"  # of a kernel without a variant


def of(
    model: Model,
    board: Board,
    program: Program,
    sources: Sources,
    names: Names,
    weights: bytes,
    figures: Figures,
) -> dict[str, Any]:
    """Returns the manifest without the digests of the files."""
    return {
        "format": FORMAT,
        "boardless": __version__,
        "model": {
            "name": model.name,
            "prefix": names.prefix,
            "sha256": hashlib.sha256(model.content).hexdigest(),
            "macs": program.macs,
            "nominal_macs": program.nominal_macs,
        },
        "board": {
            "name": board.name,
            "core": board.core,
            "compiler": f"{board.toolchain.prefix}gcc",
            "flags": list(board.toolchain.flags),
            "variants": list(board.variants),
        },
        "inputs": [_port(port) for port in names.inputs],
        "outputs": [_port(port) for port in names.outputs],
        "arena": {
            "bytes": program.arena.arena_bytes,
            "alignment": ARENA_ALIGNMENT,
            "lower_bound": program.arena.lower_bound,
            "buffers": program.arena.picture(),
        },
        "variables_bytes": sum(len(state.value) for state in program.states),
        "weights": {"bytes": len(weights), "sha256": hashlib.sha256(weights).hexdigest()},
        "layers": [
            _layer(layer, sources.source_of(layer.call.function), sources, board)
            for layer in program.layers
        ],
        "calls": {"libc": ["memcpy", "memset"], "libm": list(sources.libm)},
        "measured": figures.measured or None,
        "measured_by": figures.command,
        "not_measured": figures.missing,
    }


def _port(port: Port) -> dict[str, Any]:
    about: dict[str, Any] = {
        "parameter": port.parameter,
        "name": port.name,
        "type": port.dtype,
        "shape": port.shape,
        "bytes": port.bytes,
    }
    if port.quantised:
        about |= {"scale": float(port.scale.rstrip("f")), "zero_point": port.zero_point}
    return about


def _layer(layer: Layer, source: Source, sources: Sources, board: Board) -> dict[str, Any]:
    variant = _variant(source)
    return {
        "index": layer.index,
        "op": layer.op,
        "name": layer.name,
        "macs": layer.call.macs,
        "weights_bytes": layer.call.constant_bytes,
        "function": sources.names[layer.call.function],
        "source": f"src/kernels/{source.name}",
        "variant": variant,
        "why": _why(variant, source, board),
    }


def _variant(source: Source) -> str:
    return source.path.stem.rpartition("_")[2]


def _why(variant: str, source: Source, board: Board) -> str:
    """Returns why a layer has the variant that it has."""
    if variant != REFERENCE:
        return f"{board.core} runs {variant}, and this kernel takes the layer's types and shapes"
    if not board.variants:
        return f"board {board.name} names no variants"
    written = {path.stem.rpartition("_")[2] for path in source.path.parent.glob("*.c")}
    there = [name for name in board.variants if name in written]
    if not there:
        return f"{source.path.parent.name} has no kernel of {' or '.join(board.variants)}"
    return f"the {' and '.join(there)} kernels do not take the layer's types and shapes"


def encoded(about: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """Returns the manifest's content, with a digest of each of `files` by path."""
    digests = {path: hashlib.sha256(content).hexdigest() for path, content in sorted(files.items())}
    return (json.dumps({**about, "files": digests}, indent=1) + "\n").encode()
