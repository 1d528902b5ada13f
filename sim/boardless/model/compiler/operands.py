"""The tensors that an operator reads and writes, as its kernel folder reads or refuses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.model import profiles, traits
from boardless.model.compiler import quantise
from boardless.model.compiler.calls import Alias, Params
from boardless.model.graph import Graph, Operator, Tensor
from boardless.model.graph.refusals import Refusal
from boardless.model.profiles import Profile
from boardless.model.traits import Rounding

CONSTANTS = ("float16", "uint8")  # types that constants may have, too
# of C functions, by the type of their values
SUFFIXES = {"int8": "s8", "float32": "f32", "int16": "s16"}
USUAL = ("int8", "float32")  # types of values that every kernel with a suffix has


@dataclass(frozen=True)
class Operands:
    """One operator of the graph with its tensors, and the variants that the board can run."""

    graph: Graph
    op: Operator
    variants: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        return f"{self.graph.name}, operator {self.op.index} {self.op.name}"

    @property
    def profile(self) -> Profile:
        """Returns the arithmetic of the interpreter whose bits the model has to give."""
        return profiles.load(self.graph.profile)

    @property
    def rounding(self) -> Rounding:
        """Returns how the operator's int8 kernel has to round."""
        return self.profile.rounding(traits.of(self.op.name).roundings or ())

    def refuse(self, what: str, hint: str = "see docs/reference/kernels.md") -> BadInput:
        return BadInput(what, where=self.where, hint=hint)

    def refusal(self, error: BadInput) -> Refusal:
        """Returns what lower() refuses, with the operator's types and shapes."""
        types = self.graph.types(self.op)
        return Refusal(self.op.index, self.op.name, types, error.what, error.hint)

    def input(self, i: int = 0) -> Tensor:
        if i >= len(self.op.inputs) or self.op.inputs[i] < 0:
            raise self.refuse(f"input {i} is missing")
        return self.graph.tensors[self.op.inputs[i]]

    def constant(self, i: int, what: str) -> Tensor:
        tensor = self.input(i)
        if tensor.data is None:
            raise self.refuse(f"the {what} is computed by the model, boardless needs a constant")
        return tensor

    def optional(self, i: int) -> Tensor | None:
        if i >= len(self.op.inputs) or self.op.inputs[i] < 0:
            return None
        return self.graph.tensors[self.op.inputs[i]]

    def output(self) -> Tensor:
        if len(self.op.outputs) != 1:
            raise self.refuse(f"{len(self.op.outputs)} outputs instead of one")
        return self.graph.tensors[self.op.outputs[0]]

    def outputs(self) -> tuple[Tensor, ...]:
        return tuple(self.graph.tensors[i] for i in self.op.outputs)

    def suffix(self, *more: str) -> str:
        """s8 or f32, or that of one of `more` types that the kernel has, after checking that input
        and output have the same type."""
        if self.input().dtype != self.output().dtype:
            raise self.refuse(f"turns {self.input().dtype} into {self.output().dtype}")
        dtype, known = self.output().dtype, (*USUAL, *more)
        if dtype not in known:
            raise self.refuse(f"its values are {dtype}; its kernel has {' and '.join(known)}")
        plain = self.input().quantisation is None and self.output().quantisation is None
        if dtype == "int16" and not (plain and traits.of(self.op.name).stored):
            self.symmetric(self.input(), self.output())
        return SUFFIXES[dtype]

    def symmetric(self, *tensors: Tensor) -> None:
        """Refuses int16 values that TFLite's kernels do not take: each has one scale, and 0 as its
        zero point."""
        for tensor in tensors:
            q = tensor.quantisation
            if q is None or len(q.scales) != 1:
                raise self.refuse(f"its {tensor.type_and_shape} has no scale of its own")
            if q.zero_point:
                raise self.refuse(
                    f"the zero point of its int16 values is {q.zero_point}, not 0",
                    hint="convert the model with 16x8 quantisation",
                )

    def variant(self, *known: str) -> str:
        """The best of the kernel's int8 variants `known` that the board can run, or ref."""
        usable = [v for v in self.variants if v in known]
        return usable[0] if usable and self.output().dtype == "int8" else "ref"

    def integers(self, i: int, what: str) -> npt.NDArray[Any]:
        """A constant list of integers, such as axes."""
        data = self.constant(i, what).data
        if data is None or data.dtype.kind not in "iu":
            raise self.refuse(f"the {what} is not of integers")
        return data

    def reshaped(self) -> Alias:
        """Returns the alias of an operator that moves no data."""
        if self.input().dtype != self.output().dtype:
            raise self.refuse(f"turns {self.input().dtype} into {self.output().dtype}")
        if self.input().count != self.output().count:
            raise self.refuse("input and output differ in size")
        if self.input().quantisation != self.output().quantisation:
            raise self.refuse("input and output differ in scale or zero point")
        return Alias()

    def with_other_ones(self) -> tuple[int, ...]:
        """The output's shape where it is the input's but for axes of length 1, else the input's."""
        source, target = self.input().shape, self.output().shape
        longer = [[size for size in shape if size != 1] for shape in (source, target)]
        return target if longer[0] == longer[1] else source

    def zero_points(self) -> Params:
        return {
            "input_zero_point": quantise.of(self.input()).zero_point,
            "output_zero_point": quantise.of(self.output()).zero_point,
        }

    def activation(self) -> Params:
        """activation_min and activation_max of the fused activation, in the output's type."""
        name = self.op.options.get("fused_activation_function", "NONE")
        known = traits.of(self.op.name).roundings
        to_even = known is not None and self.rounding is Rounding.FLOAT
        to_even &= self.output().dtype == "int8"
        bounds = quantise.activation_bounds(name, self.output(), to_even)
        if bounds is None:
            raise self.refuse(f"fused activation {name} is not supported")
        return {"activation_min": bounds[0], "activation_max": bounds[1]}
