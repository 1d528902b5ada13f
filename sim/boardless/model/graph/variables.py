"""Variables: values that live from one inference to the next, as tensors of their own.

graph = with_states(graph, lambda number: file.subgraph(number))

In the file a variable has a name, operators that read and assign it, and another graph that runs
once and gives it its first value. Here it is a tensor with a place of its own, which is read like
an input and written like an output. Recurrent layers have variables without a name among their
inputs, which begin with real 0; here they are outputs of the layer, which reads them, too.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.model import traits
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.traits import Variable

Key = tuple[str, str]
MOST_GRAPHS = 4  # that run once


def with_states(graph: Graph, subgraph: Callable[[int], Graph]) -> Graph:
    """Returns the graph with a tensor for each variable; itself where it has none. BadInput where a
    first value is computed."""
    if not any(traits.of(op.name).variable for op in graph.operators):
        return _without_strays(graph)
    states = _States(graph)
    once = [op for op in graph.operators if traits.of(op.name).variable is Variable.ONCE]
    for op in once[:MOST_GRAPHS]:
        states.begin(subgraph(int(op.options.get("init_subgraph_index", 0))))
    operators = [states.on_tensors(op) for op in graph.operators]
    named = [(number, states.initial.get(key)) for key, number in states.number.items()]
    found = graph.replace(
        tensors=tuple(states.tensors),
        operators=tuple(op for op in operators if op),
        states=tuple(named),
    )
    return _without_strays(found).replace(
        states=(*named, *((n, _zero(graph.tensors[n])) for n in states.updated))
    )


def _zero(tensor: Tensor) -> npt.NDArray[Any] | None:
    """Returns real 0 as int8, as TFLite begins; of other types the number 0."""
    if tensor.dtype != "int8" or tensor.quantisation is None:
        return None
    return np.full(tensor.shape, tensor.quantisation.zero_point, np.int8)


def _without_strays(graph: Graph) -> Graph:
    """Returns the graph; BadInput where it reads a variable that has neither a name nor an operator
    that updates it, or has one and is read by another one."""
    readers = [(f"operator {op.index} {op.name}", op.inputs) for op in graph.operators]
    for reader, numbers in [*readers, ("the model's output", graph.outputs)]:
        for number in numbers:
            if number >= 0 and graph.tensors[number].variable and number not in graph.state_tensors:
                raise BadInput(
                    f"reads tensor {number}, a variable without a name that is not its own",
                    where=f"{graph.name}, {reader}",
                )
    return graph


class _States:
    """The variables by their names."""

    def __init__(self, graph: Graph) -> None:
        self.tensors = list(graph.tensors)
        self.names = _names(graph)
        self.number: dict[Key, int] = {}  # tensor
        self.initial: dict[Key, npt.NDArray[Any]] = {}
        self.updated: list[int] = []  # tensors, variables without a name

    def begin(self, graph: Graph) -> None:
        """Takes the first values from a graph that runs once."""
        names = _names(graph)
        for op in graph.operators:
            role = traits.of(op.name).variable
            if role is Variable.NAME:
                continue
            where = f"{graph.name}, operator {op.index} {op.name} of the graph that runs once"
            if role is not Variable.ASSIGN or len(op.inputs) != 2 or op.inputs[0] not in names:
                raise BadInput("does more than to assign a constant to a variable", where=where)
            data = graph.tensors[op.inputs[1]].data
            if data is None:
                raise BadInput("the first value of a variable is computed", where=where)
            self.initial[names[op.inputs[0]]] = data

    def on_tensors(self, op: Operator) -> Operator | None:
        """Returns the operator with the variable's tensor; None for one that only names it."""
        role = traits.of(op.name).variable
        if role in (Variable.NAME, Variable.ONCE):
            return None
        if role is Variable.UPDATE:
            return self._updating(op)
        if role is None or not op.inputs or op.inputs[0] not in self.names:
            return op  # what reads an unknown name is refused when it is lowered
        key = self.names[op.inputs[0]]
        if role is Variable.READ and op.outputs:
            return dataclasses.replace(op, inputs=(self._tensor(key, op.outputs[0]),))
        if role is Variable.ASSIGN and len(op.inputs) == 2:
            target = self._tensor(key, op.inputs[1])
            return dataclasses.replace(op, inputs=(op.inputs[1],), outputs=(target,))
        return op

    def _updating(self, op: Operator) -> Operator:
        """Returns the operator with its variables as outputs, in the order of its inputs."""
        mine = [i for i in op.inputs if i >= 0 and self.tensors[i].variable]
        if not {*mine}.isdisjoint(self.updated) or len({*mine}) < len(mine):
            return op  # which reads a variable that another one updates, and is refused
        self.updated += mine
        inputs = tuple(-1 if i in mine else i for i in op.inputs)
        return dataclasses.replace(op, inputs=inputs, outputs=(*op.outputs, *mine))

    def _tensor(self, key: Key, like: int) -> int:
        if key not in self.number:
            self.number[key] = len(self.tensors)
            self.tensors.append(
                dataclasses.replace(self.tensors[like], name=key[1], data=None, variable=True)
            )
        return self.number[key]


def _names(graph: Graph) -> dict[int, Key]:
    """Returns resource tensor -> (container, name)."""
    found = {}
    for op in graph.operators:
        if traits.of(op.name).variable is Variable.NAME and op.outputs:
            options = (op.options.get(key) or b"" for key in ("container", "shared_name"))
            container, name = (bytes(text).decode("utf8", "replace") for text in options)
            found[op.outputs[0]] = container, name
    return found


def first_value(tensor: Tensor, data: npt.NDArray[Any] | None) -> bytes:
    """Returns the bytes that a variable begins with: zeros where the file names none."""
    return bytes(tensor.nbytes) if data is None else data.tobytes()
