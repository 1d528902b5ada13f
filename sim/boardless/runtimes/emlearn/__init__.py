"""emlearn, whose networks are dense layers in float32.

build = runtimes.load("emlearn").build(graph, board, content=content)

emlearn converts models of Keras and scikit-learn; of a .tflite it gets the same weights here, and
its own code writes them as C. Where its layers hold nearly all of a model's work, our kernels
compute what follows; notes of the run say so.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput, ToolMissing
from boardless.device.records import Board, MarkedLayer, Sources
from boardless.model import traits
from boardless.model.compiler.emit import templates
from boardless.model.graph import Graph, Operator
from boardless.model.traits import LayerKind
from boardless.runtimes import Wanted, served

PROFILE, EXACT = "litert", False  # it writes weights with six decimals
NAME = "network"  # in its functions
LEAST = 0.9  # part of the multiply-accumulates that it has to compute itself
HEADERS = ("eml_common.h", "eml_log.h", "eml_net.h", "eml_net_common.h")
ACTIVATIONS = {(-np.inf, np.inf): "identity", (0.0, np.inf): "relu"}  # of real values
FEWEST = 2  # layers of a network


class RefusedError(Exception):
    """emlearn does not compute this; the message says why."""


@dataclass
class Layer:
    """A dense layer: `operators` are the places of those in the graph that it computes."""

    weights: npt.NDArray[np.float32]  # (inputs, outputs)
    bias: npt.NDArray[np.float32]
    activation: str
    operators: list[int]


def version(variant: str = "") -> str:
    """Returns emlearn's version."""
    if variant:
        raise BadInput(f"emlearn has no variant {variant!r}")
    return f"emlearn {_package().__version__}"


def variants(board: Board) -> tuple[str, ...]:
    """Returns nothing where emlearn is not installed."""
    return ("",) if _is_installed() else ()


def sources(wanted: Wanted) -> Sources:
    """Returns the C that emlearn makes of a model's weights."""
    named, graph = version(wanted.variant), wanted.graph
    served.one_port(graph, "emlearn")
    layers, count, output, notes = _most(graph)
    if any(not layer.bias.any() for layer in layers):
        notes.append("edited for emlearn: a layer without a bias has one of zeros")
    activations = [layer.activation for layer in layers]
    code = _package("net").c_generate_net_loadable(
        activations, [x.weights for x in layers], [x.bias for x in layers], prefix=NAME
    )
    values = {"name": NAME, "layers": len(layers), "outputs": len(layers[-1].bias)}
    invoke = templates(__package__).get_template("invoke.c.j2").render(values)
    largest = max(max(layer.weights.shape) for layer in layers)
    head = served.Head(
        operators=count,
        output=output,
        files={
            **{f"emlearn/{name}": content for name, content in _headers().items()},
            "emlearn/network.h": code.encode(),
            "invoke.c": invoke.encode(),
        },
        layers=tuple(_marked(graph, index, layer) for index, layer in enumerate(layers)),
        arena_bytes=2 * largest * np.dtype(np.float32).itemsize,
        weights_bytes=sum(layer.weights.nbytes + layer.bias.nbytes for layer in layers),
        needs=served.Needs(include=("emlearn",)),
    )
    return served.sources(wanted, head, runtime="emlearn", version=named, notes=notes)


def _is_installed() -> bool:
    try:
        return importlib.util.find_spec("emlearn") is not None
    except ValueError:  # it is imported, and says nothing of where it lies
        return sys.modules.get("emlearn") is not None


def _package(name: str = "") -> ModuleType:
    try:
        return importlib.import_module(f"emlearn.{name}" if name else "emlearn")
    except ImportError as error:
        raise ToolMissing(
            f"emlearn cannot be imported: {error}", hint="pip install 'boardless[emlearn]'"
        ) from None


def _headers() -> dict[str, bytes]:
    folder = Path(_package().includedir)
    return {name: (folder / name).read_bytes() for name in HEADERS}


def _marked(graph: Graph, index: int, layer: Layer) -> MarkedLayer:
    operators = [graph.operators[place] for place in layer.operators]
    return MarkedLayer(
        index,
        operators[0].name,
        graph.tensors[operators[-1].outputs[0]].name,
        served.macs(graph, operators),
        layer.weights.nbytes + layer.bias.nbytes,
    )


def _most(graph: Graph) -> tuple[list[Layer], int, int, list[str]]:
    """Returns (layers, how many operators they are, the tensor that they leave, notes) of the most
    of a model that emlearn takes; BadInput with the reason where that is not nearly all."""
    dtype = graph.input_tensor.dtype
    if dtype != "float32":
        raise BadInput(
            f"emlearn refuses it: its networks are float32, the model is {dtype}", where=graph.name
        )
    total, reason = served.macs(graph, graph.operators), ""
    for count, output in served.cuts(graph):
        if reason and served.macs(graph, graph.operators[:count]) < LEAST * total:
            break
        try:
            layers = _layers(graph, count)
        except RefusedError as error:
            reason = reason or str(error)
            continue
        left = graph.operators[count:]
        if not left:
            return layers, count, output, []
        several = f"s {left[0].index} to {left[-1].index}" if len(left) > 1 else f" {left[0].index}"
        note = f"computed by boardless's kernels: operator{several}, which emlearn refuses"
        return layers, count, output, [f"{note} ({reason})"]
    raise BadInput(f"emlearn refuses it: {reason}", where=graph.name)


def _layers(graph: Graph, count: int) -> list[Layer]:
    layers: list[Layer] = []
    for place, op in enumerate(graph.operators[:count]):
        kind = traits.of(op.name).layer
        try:
            if kind is LayerKind.DENSE:
                layers.append(_dense(graph, op, place))
            elif kind is LayerKind.SOFTMAX:
                _softmax(graph, op, place, layers)
            elif kind is not LayerKind.FLATTEN:
                raise RefusedError("it has no such layer")
        except RefusedError as error:
            raise RefusedError(f"operator {op.index} {op.name}: {error}") from None
    if len(layers) < FEWEST:
        raise RefusedError("its networks have two dense layers or more")
    return layers


def _dense(graph: Graph, op: Operator, place: int) -> Layer:
    weights = _constant(graph, op.inputs[1:2])
    if weights is None or weights.dtype != np.float32:
        raise RefusedError("its weights have to be float32 constants")
    if graph.tensors[op.inputs[0]].count != weights.shape[1]:
        raise RefusedError("it has one row of inputs")
    named = op.options.get("fused_activation_function", "NONE")
    activation = ACTIVATIONS.get(traits.bounds(named) or (0, 0))
    if activation is None:
        raise RefusedError(f"it does not know the activation {named}")
    bias = _constant(graph, op.inputs[2:3])
    zeros = np.zeros(len(weights), np.float32)
    return Layer(weights.T, zeros if bias is None else bias.reshape(-1), activation, [place])


def _softmax(graph: Graph, op: Operator, place: int, layers: Sequence[Layer]) -> None:
    """Makes it the activation of the layer before."""
    shape = graph.tensors[op.inputs[0]].shape
    if op.options.get("beta", 1.0) != 1.0 or np.prod(shape) != shape[-1]:
        raise RefusedError("it takes one row of values, with a beta of 1")
    if not layers or layers[-1].activation != "identity":
        raise RefusedError("it follows a dense layer without another activation")
    layers[-1].activation = "softmax"
    layers[-1].operators.append(place)


def _constant(graph: Graph, numbers: Sequence[int]) -> npt.NDArray[Any] | None:
    return graph.tensors[numbers[0]].data if numbers and numbers[0] >= 0 else None
