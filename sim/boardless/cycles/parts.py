"""The surroundings of a core: flash, its accelerator or caches, clock. One TOML file per part.

    load("stm32l4r5").core      # "cortex-m4"

`cores` gives the cost of an instruction with memory that never waits; a part adds the waits. Waits
for code are computed from the counts alone (`flash`), or from caches that the emulator simulated
during the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt

from boardless.core.errors import BadInput
from boardless.cycles import tables
from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import Instruction
from boardless.cycles.fetch import Memory
from boardless.cycles.flash import Flash, Reuse

BYTES_PER_CYCLE = 3  # of Thumb code that runs straight on, about: while the next line is read
FOLDER = Path(__file__).parent / "parts"


class WaitStates(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Up to this clock the flash needs so many wait states."""

    up_to_hz: int
    cycles: int


class CacheShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A cache, or an accelerator's lines; least recently used goes."""

    lines: int
    line_bytes: int
    ways: int
    miss_cycles: int = 0  # on top of the wait states
    wait_states: tuple[WaitStates, ...] = ()  # in place of the flash's, of the whole line
    shared: bool = False  # of constants: they lie in the same lines as code
    source: str


class FlashShape(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The memory that code and constants are read from."""

    line_bytes: int  # of one access
    wait_states: tuple[WaitStates, ...]
    prefetch: bool  # reads the next line ahead
    source: str


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One microcontroller at one clock."""

    name: str = ""
    description: str
    core: str
    clock_hz: int
    flash: FlashShape | None = None  # None: code runs from memory without wait states
    icache: CacheShape | None = None
    dcache: CacheShape | None = None
    source: str

    @property
    def wait_states(self) -> int:
        """The wait states of the flash at this part's clock."""
        return self._waits(self.flash.wait_states) if self.flash else 0

    def miss(self, cache: CacheShape) -> int:
        """Returns the cycles that a miss of one of the caches waits, at this part's clock."""
        waits = self._waits(cache.wait_states) if cache.wait_states else self.wait_states
        return waits + cache.miss_cycles

    def _waits(self, table: tuple[WaitStates, ...]) -> int:
        return next(w.cycles for w in table if self.clock_hz <= w.up_to_hz)

    def at(self, clock_hz: int) -> Part:
        """Returns the same part at another clock; BadInput if it is too fast for the flash."""
        limit = self.flash.wait_states[-1].up_to_hz if self.flash else clock_hz
        if not 0 < clock_hz <= limit:
            raise BadInput(f"{self.name} does not run at {clock_hz} Hz", hint=f"at most {limit}")
        return msgspec.structs.replace(self, clock_hz=clock_hz)

    def simulated(self, low: int, high: int) -> tuple[str, ...]:
        """Caches that the counting plugin may simulate for code and constants in low..high-1."""
        return tuple(
            f"{name}:{kind}:{c.line_bytes}:{c.lines // c.ways}:{c.ways}:{low:#x}:{high:#x}"
            for name, kind, c in (
                ("icache", "i", self.icache),
                ("dcache", "s" if self.dcache and self.dcache.shared else "d", self.dcache),
            )
            if c is not None
        )

    def memory(self, code: Code, decoded: Sequence[Instruction], totals: Tally) -> Memory | None:
        """Returns the memory that the core's fetch queue waits for; None if it never waits, or if
        caches are simulated."""
        if self.flash is None or "icache_miss" in totals.events:
            return None
        cached = self._reuse(code, decoded, totals, self.icache) if self.icache else None
        penalty = self.miss(self.icache) if self.icache else self.wait_states
        return Flash(penalty, self.flash.line_bytes, self.flash.prefetch, cached)

    def events(self, totals: Tally) -> dict[str, float]:
        """Cycles per event of a simulated cache."""
        prices = {}
        for name, shape in (("icache", self.icache), ("dcache", self.dcache)):
            if shape is not None:
                penalty = float(self.miss(shape))
                ahead = self.flash is not None and self.flash.prefetch
                hidden = 1 - shape.line_bytes / BYTES_PER_CYCLE if ahead else 0.0
                prices[f"{name}_jump_miss"] = prices[f"{name}_read_miss"] = penalty
                prices[f"{name}_miss"] = max(0.0, penalty + hidden)
        return {name: price for name, price in prices.items() if name in totals.events}

    def literal_waits(
        self, code: Code, decoded: Sequence[Instruction], totals: Tally
    ) -> npt.NDArray[np.float64]:
        """Cycles (I,) that literal loads wait for the flash. Other constants in flash are only seen
        when the run simulated the data cache."""
        waits = np.zeros(len(decoded))
        if self.flash is None or self.wait_states == 0 or "dcache_read_miss" in totals.events:
            return waits
        literal = [i for i, now in enumerate(decoded) if now.literal]
        if self.dcache is None:
            waits[literal] = self.wait_states
        elif literal:
            reuse = self._reuse(code, decoded, totals, self.dcache, literals=True)
            for i in literal:
                address = literal_address(int(code.address[i]), decoded[i])
                waits[i] = self.miss(self.dcache) * reuse.missed(address)
        return waits

    @staticmethod
    def _reuse(
        code: Code,
        decoded: Sequence[Instruction],
        totals: Tally,
        shape: CacheShape,
        literals: bool = False,
    ) -> Reuse:
        places = code.address.tolist()
        if literals:
            places = [
                literal_address(a, now) if now.literal else -1
                for a, now in zip(places, decoded, strict=True)
            ]
        return Reuse.of(code, decoded, totals, places, shape.line_bytes, shape.lines)


def literal_address(address: int, now: Instruction) -> int:
    """Returns the address of the literal that an instruction loads."""
    return (address + 4 & ~3) + now.literal_offset


def names() -> list[str]:
    return tables.names(FOLDER)


@cache
def load(name: str) -> Part:
    """The part of that name; BadInput lists those there are."""
    return read(tables.find(FOLDER, name))


def read(path: Path) -> Part:
    """A part's table from any file, checked."""
    part = tables.read(path, Part)
    code, constants = part.icache, part.dcache
    own = [c.wait_states for c in (code, constants) if c and c.wait_states]
    if part.flash and any(t[-1].up_to_hz < part.flash.wait_states[-1].up_to_hz for t in own):
        raise BadInput("wait_states of a cache end below the flash's", where=str(path))
    if code and code.shared:
        raise BadInput("[icache] cannot be shared: [dcache] is", where=str(path))
    if constants and constants.shared and (not code or _shape(code) != _shape(constants)):
        raise BadInput("a shared [dcache] needs an [icache] of its shape", where=str(path))
    return part.at(part.clock_hz)


def _shape(cache: CacheShape) -> tuple[int, int, int]:
    return cache.lines, cache.line_bytes, cache.ways
