"""The figures that the gate judges: predictions, memory, instructions, cycles.

The inputs are the same on every machine: noise from a hash function, and pictures of the data set
if the package contains it. Counts are those of the first input, so that layers and the overhead
between them add up to the total exactly.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import msgspec
import numpy as np
import numpy.typing as npt

from boardless.data import datasets, pictures
from boardless.data.records import Pictures
from boardless.device.records import Run
from boardless.model import zoo
from boardless.model.graph import Graph

NOISE = 16  # pictures
REAL = 16
MEMORY = (
    "arena_bytes",
    "code_bytes",
    "flash_bytes",
    "reserved_stack_bytes",
    "stack_bytes",
    "static_ram_bytes",
    "weights_bytes",
)


# Of bytes, instructions or cycles; a float can hold each exactly.
Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 53)]


class Spent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Instructions, or cycles of one core, of one inference on the first input."""

    whole: Count
    layers: dict[str, Count] = {}  # "conv 3" -> count, in the order of execution
    worst: Count = 0  # of all inputs; 0 where not known
    table: str = ""  # cycles: digest of the core's table

    @property
    def overhead(self) -> int:
        return self.whole - sum(self.layers.values())


class Figures(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One type of one model on one board; what a baseline holds of it."""

    model: str  # digest of operators and constants
    outputs: str  # digest of the raw outputs on all inputs
    top_1: str  # class per input: "3 7 0 ..."
    memory: dict[str, Count]  # MEMORY
    instructions: Spent | None = None  # None where the emulator does not count
    cycles: dict[str, Spent] = {}  # per core


@dataclass(frozen=True)
class Inputs:
    """`images` (N, ...) uint8 in the model's input shape; `name` says which, with their digest."""

    images: npt.NDArray[np.uint8]
    name: str

    def load(self, model: zoo.Model) -> Pictures:
        """Returns the inputs in the model's own type."""
        assert model.results
        fed = pictures.as_inputs(self.images, model.graph.input_tensor, model.results.input)
        return Pictures(fed, labels=None, origin=self.name)


def inputs(model: str) -> Inputs:
    """Returns the inputs on which every type of the zoo's `model` is judged."""
    about = zoo.results(model)
    found = noise(about.input_shape)
    name = f"{NOISE} of noise"
    if datasets.packaged(about.dataset):
        real = datasets.held_out(about.dataset, REAL).test.images
        found = np.concatenate([found, real])
        name += f", {len(real)} of {about.dataset}"
    return Inputs(found, f"{name}, {digest(found)}")


def noise(shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """(NOISE, *shape) uint8: plain colours under noise of 1/128 to all of the range. From a hash
    function: random generators may give other numbers in another version."""
    plain, grain = NOISE * shape[-1], NOISE * math.prod(shape)
    drawn = np.frombuffer(hashlib.shake_128(b"boardless gate").digest(plain + grain), np.uint8)
    colour = drawn[:plain].reshape(NOISE, *[1] * (len(shape) - 1), shape[-1]).astype(np.int64)
    levels = drawn[plain:].reshape(NOISE, *shape).astype(np.int64)
    contrast = 2 ** (np.arange(NOISE) % 8 + 1).reshape(-1, *[1] * len(shape))
    mixed: npt.NDArray[np.uint8] = (colour + (levels - colour) * contrast // 256).astype(np.uint8)
    return mixed


def digest(values: npt.NDArray[Any]) -> str:
    """16 hex digits over type, shape and content."""
    about = f"{values.dtype} {values.shape}\0".encode()
    return hashlib.sha256(about + np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


def model_digest(graph: Graph) -> str:
    """Returns a hash of all that the compiler sees in a model, so not of names and comments in the
    file."""
    total = hashlib.sha256()
    for operator in graph.operators:
        total.update(f"{operator.name} {sorted(operator.options.items())}".encode())
        for number in (*operator.inputs, *operator.outputs):
            if number < 0:
                continue
            tensor = graph.tensors[number]
            total.update(f"{number} {tensor.type_and_shape} {tensor.quantisation}".encode())
            if tensor.data is not None:
                total.update(np.ascontiguousarray(tensor.data).tobytes())
    return total.hexdigest()[:16]


def gather(run: Run, cycles: Mapping[str, Spent] | None = None) -> Figures:
    """Returns the figures of a run on the gate's inputs; `cycles` where they are known, by core."""
    build, counts = run.build, run.counts
    memory = {
        "arena_bytes": build.arena_bytes,
        "code_bytes": build.code_bytes,
        "flash_bytes": build.flash_bytes,
        "reserved_stack_bytes": build.board.memory.stack_bytes,
        "stack_bytes": run.stack_bytes,
        "static_ram_bytes": build.static_ram_bytes,
        "weights_bytes": build.weights_bytes,
    }
    counted = None
    if counts.instructions:
        layers = zip(build.layers, counts.layers, strict=True)
        counted = Spent(
            whole=counts.instructions[0],
            layers={label({"op": x.op, "index": x.index}): n for x, n in layers},
            worst=max(counts.instructions),
        )
    return _figures(run.model_digest, run.outputs, memory, counted, cycles)


def _figures(
    model: str,
    outputs: npt.NDArray[Any],
    memory: Mapping[str, int],
    counted: Spent | None,
    cycles: Mapping[str, Spent] | None,
) -> Figures:
    return Figures(
        model=model,
        outputs=digest(outputs),
        top_1=" ".join(str(k) for k in outputs.argmax(axis=1)),
        memory={name: memory[name] for name in MEMORY},
        instructions=counted,
        cycles=dict(sorted((cycles or {}).items())),
    )


def from_json(
    data: Mapping[str, Any],
    graph: Graph,
    instructions: tuple[int, ...] = (),
    cycles: Mapping[str, Spent] | None = None,
    *,
    reserved_stack_bytes: int,
) -> Figures:
    """Returns the figures that `boardless run --json` wrote, maybe at an older revision, about
    `graph`. `instructions` are those of the first input (at least), which this JSON does not
    hold, nor `reserved_stack_bytes`."""
    outputs = np.array(data["outputs"], graph.output_tensor.dtype)
    memory = dict(data["memory"]) | {"reserved_stack_bytes": reserved_stack_bytes}
    memory["static_ram_bytes"] = memory["ram_bytes"] - memory["stack_bytes"]
    counted = None
    if instructions and data["instructions"]:
        counted = Spent(
            whole=instructions[0],
            layers={label(x): x["instructions"] for x in data["layers"]},
            worst=data["instructions"]["max"],
        )
    return _figures(model_digest(graph), outputs, memory, counted, cycles)


def cycles_from_json(data: Mapping[str, Any]) -> dict[str, Spent]:
    """Per core, of a run of one input; empty where it counted none. Parts are left out, as in
    baselines."""
    return {
        core: Spent(
            whole=round(about["median"]),
            layers={label(x): round(x["cycles"][core]) for x in data["layers"]},
            table=about.get("table", ""),
        )
        for core, about in data["cycles"].items()
        if not about.get("part")
    }


def label(layer: Mapping[str, Any]) -> str:
    """Returns a label such as "depthwise conv 3"."""
    op = str(layer["op"]).lower().removesuffix("_2d").replace("_", " ")
    return f"{op} {layer['index']}"
