"""Instructions of a model's layers, summed up by kind of layer."""

from __future__ import annotations

from dataclasses import dataclass

from boardless.model import compiler, traits
from boardless.model.traits import Group

KINDS = (
    "first convolution",
    "pointwise",
    Group.DEPTHWISE.value,
    "other convolution",
    Group.DENSE.value,
    Group.POOL.value,
    Group.SOFTMAX.value,
    Group.ELEMENTWISE.value,
    "overhead",
)


@dataclass(frozen=True)
class Kind:
    """The layers of one kind together, of one inference."""

    layers: int
    macs: int  # as executed
    instructions: int

    @property
    def per_mac(self) -> float | None:
        return self.instructions / self.macs if self.macs else None


def by_kind(program: compiler.Program, counts: tuple[int, ...], total: int) -> dict[str, Kind]:
    """Sums over the layers of each kind, in the order of KINDS, and the overhead between layers.

    `counts` are instructions per layer, `total` those of the inference.
    """
    spatial = [layer.index for layer in program.layers if is_spatial(layer)]
    found: dict[str, Kind] = {"overhead": Kind(0, 0, total - sum(counts))}
    for layer, instructions in zip(program.layers, counts, strict=True):
        name = kind(layer, first=spatial[:1] == [layer.index])
        old = found.get(name, Kind(0, 0, 0))
        found[name] = Kind(
            old.layers + 1, old.macs + layer.call.macs, old.instructions + instructions
        )
    return {name: found[name] for name in KINDS if name in found}


def is_spatial(layer: compiler.Layer) -> bool:
    """Returns True for a convolution whose window is larger than a pixel."""
    window = layer.call.params.get("window", {})
    return _group(layer) is Group.CONVOLUTION and (window["filter_h"], window["filter_w"]) != (1, 1)


def kind(layer: compiler.Layer, *, first: bool) -> str:
    """One of KINDS; `first` tells the model's first convolution."""
    group = _group(layer)
    if group is Group.CONVOLUTION:
        if first:
            return "first convolution"
        return "other convolution" if is_spatial(layer) else "pointwise"
    return group.value


def _group(layer: compiler.Layer) -> Group:
    return traits.of(layer.op).group
