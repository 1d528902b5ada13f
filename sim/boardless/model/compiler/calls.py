"""Calls of kernels in the generated C, which a kernel folder's lower() returns.

Call("bl_relu_f32_ref", "bl_relu_f32", {"count": 4}, "relu/relu.h", in_place=True)
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

Params = dict[str, Any]  # a C struct's fields; values are int, float or nested Params


@dataclass(frozen=True)
class Constant:
    """An array that goes to flash and is handed to the kernel as a pointer."""

    name: str  # the argument's name in the kernel's header
    data: npt.NDArray[Any] | None  # None: a NULL pointer
    layout: str = ""  # such as OHWI, for the reader of the generated code


@dataclass(frozen=True)
class Call:
    """One call: function(&params, inputs..., constants..., [scratch, scratch_bytes,] outputs...).

    with_clearances() adds the kernel's promise about its order of reads and writes, one entry per
    activation among its inputs: bytes by which the output, of which there is one then, must begin
    before that input if the two share memory. None, or no entry: they must not share a byte. 0: in
    place is fine, too. A copy by dataclasses.replace, such as a variant's, has no promise until it
    makes its own.

    The promise behind Context.clearance(window, pixels): output pixels are computed in ascending
    (y, x) order, group after group; during a group the kernel writes nothing behind the group's
    end, and reads under no window of a pixel before the group. `pixels` is the most pixels that
    may be written while the window of the first of them is still read:
      0  a group's windows are read (into registers or scratch) before any of its pixels is written
      1  a pixel's channels are written one by one, each after reading the window again
      n  n pixels are under way at once; output_w where a row is computed channel by channel
    Reading ahead is all right, and so is reading other bytes that do not change the result. A
    kernel that passes over the map several times, or does edges first, has no clearance. Pointers
    to input and output must not be `restrict` then.
    """

    function: str
    params_type: str
    params: Params
    header: str
    constants: tuple[Constant, ...] = ()
    macs: int = 0  # multiply-accumulate operations, padding included
    activations: tuple[int, ...] = (0,)  # the inputs that the model computes, constants are not
    in_place: bool = False  # the output may lie where the first input lies
    scratch_bytes: int = 0  # of the arena, for this call only; the kernel checks the size
    clearances: tuple[int | None, ...] = field(default=(), init=False)  # bytes
    # The same bits with a smaller clearance, and slower: taken where the arena is smaller by it.
    thriftier: Call | None = None
    # The same bits with more scratch, and faster: taken where the arena has room. Its promise is
    # the same, because the plan is made for the other one.
    roomier: Call | None = None
    most_scratch_bytes: int = 0  # of a roomier call: more makes it no faster

    @property
    def constant_bytes(self) -> int:
        """Bytes of all constants, those included that another call has, too."""
        return sum(c.data.nbytes for c in self.constants if c.data is not None)

    def with_clearances(self, *clearances: int | None) -> Call:
        """Returns the same call with its promise."""
        call = dataclasses.replace(self)
        object.__setattr__(call, "clearances", clearances)
        return call

    def with_scratch(self, size: int) -> Call:
        """Returns the same call, its promise included, with so many bytes of scratch."""
        return dataclasses.replace(self, scratch_bytes=size).with_clearances(*self.clearances)


@dataclass(frozen=True)
class Alias:
    """The output is the first input under another shape."""
