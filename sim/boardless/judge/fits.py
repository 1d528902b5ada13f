"""Says whether a model fits into a board or part, and whether it is fast enough there.

Fit("digits_cnn:int8", "microbit", "board", "cortex-m0", 262_144, 16_384).word()
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from boardless.judge.budgets import NO_BUDGETS, Budgets, Checked, Largest


@dataclass(frozen=True)
class Fit:
    """One model on one place. Bytes are None where they are not known; what a place has is 0
    then."""

    model: str
    place: str
    kind: str  # "board" or "part"
    core: str
    has_flash: int
    has_ram: int
    flash: int | None = None  # bytes that are needed
    ram: int | None = None  # static RAM and stack
    linker_refused: bool = False
    cycles: int | None = None
    clock_hz: int | None = None
    milliseconds: float | None = None
    millijoules: float | None = None  # of an inference; None where the part's power is not known
    basis: str = ""  # of cycles and time
    how: str = ""  # the bytes were found out
    why: str = ""  # something is not known
    accuracy: float | None = None  # of the zoo's model, as its card states, 0 to 1
    dataset: str = ""
    largest: tuple[tuple[str, Largest], ...] = ()  # by budget, the layer that matters most for it

    @property
    def missing(self) -> dict[str, int]:
        """Bytes by which each memory is too small."""
        found = {}
        for name, need, has in (
            ("flash", self.flash, self.has_flash),
            ("RAM", self.ram, self.has_ram),
        ):
            if need is not None and has and need > has:
                found[name] = need - has
        return found

    @property
    def fits(self) -> bool | None:
        """Returns None where that is not known."""
        if self.missing or (self.linker_refused and self.kind == "board"):
            return False
        known = self.flash is not None and self.ram is not None and self.has_flash and self.has_ram
        return True if known else None

    def checked(self, budgets: Budgets) -> tuple[Checked, ...]:
        """Returns each budget whose figure is known, with the layer that matters most for it."""
        layers = dict(self.largest)
        figures = {"flash": self.flash, "ram": self.ram, "ms": self.milliseconds}
        return tuple(
            Checked(what, limit, found, self.place, *layers.get(what, (None, 0.0)))
            for what, limit in budgets.set
            if (found := figures[what]) is not None
        )

    def within(self, budgets: Budgets) -> bool | None:
        """Returns whether no budget is exceeded; None where that is not known."""
        checked = self.checked(budgets)
        if any(each.exceeded for each in checked):
            return False
        return True if len(checked) == len(budgets.set) else None

    def ok(self, budgets: Budgets = NO_BUDGETS) -> bool | None:
        """Returns whether it fits and no budget is exceeded; None where that is not known."""
        both = self.fits, self.within(budgets)
        return False if False in both else None if None in both else True

    def word(self, budgets: Budgets = NO_BUDGETS) -> str:
        """Returns `fits`, or what is too small or too slow, or what is not known."""
        said = [f"{name} is too small by {n:,} bytes" for name, n in self.missing.items()]
        if not said and self.fits is None:
            said = [self.why or "memory not known"]
        if self.fits is not False:
            said += [_over(each) for each in self.checked(budgets) if each.exceeded]
            if budgets.ms is not None and self.milliseconds is None:
                said.append("time not known")
        return " and ".join(said) or "fits"


def _over(checked: Checked) -> str:
    by = checked.found - checked.limit
    if checked.what == "ms":
        return f"too slow by {by:,.4g} ms"
    return f"over --max-{checked.what} by {by:,.0f} bytes"


def in_order(fits: Iterable[Fit], budgets: Budgets = NO_BUDGETS) -> list[Fit]:
    """Returns them sorted: what fits first, then what may fit; of these the fastest first."""

    def rank(fit: Fit) -> tuple[int, float, float, str, str]:
        state = {True: 0, None: 1, False: 2}[fit.ok(budgets)]
        time = float("inf") if fit.milliseconds is None else fit.milliseconds
        cycles = float("inf") if fit.cycles is None else fit.cycles
        return state, time, cycles, fit.place, fit.model

    return sorted(fits, key=rank)


def spent(fit: Fit) -> float | None:
    """Returns milliseconds, or cycles where there is no clock: the same for all rows of a place."""
    return fit.milliseconds if fit.milliseconds is not None else fit.cycles


def best(fits: Sequence[Fit]) -> list[Fit]:
    """Returns those of the zoo that fit and that no other of their data set beats: none is at least
    as accurate, as fast and as small, and better in one of these."""
    known = [f for f in fits if f.fits and f.accuracy is not None and spent(f) is not None]
    return [f for f in known if not any(_beats(other, f) for other in known)]


def _beats(a: Fit, b: Fit) -> bool:
    if (a.dataset, a.place) != (b.dataset, b.place):
        return False
    figures = [(-(f.accuracy or 0.0), spent(f) or 0.0, float(f.ram or 0)) for f in (a, b)]
    return figures[0] != figures[1] and all(x <= y for x, y in zip(*figures, strict=True))
