"""models/gate.toml: percent by which a figure may grow, 0 unless stated; cases that may be gone.

limit = load().of("mobile_lenet:int8", "mps2-an386")
limit("instructions.layer")
"""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

import msgspec

from boardless.core import checked, paths
from boardless.device import boards
from boardless.judge.growth import METRICS
from boardless.model import zoo

FILE = paths.ROOT / "models" / "gate.toml"


class Tolerance(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Patterns as of file names; `metric` is one of compare.METRICS."""

    metric: str
    percent: Annotated[float, msgspec.Meta(ge=0, le=1000)]
    model: str = "*"
    board: str = "*"


class Gone(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A case of an older revision that is not judged any more, and need not be: a model of the zoo
    such as "digits_cnn:int8", or the path of a .tflite in its repository."""

    model: str
    board: str = "*"


class Tolerances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file; the last tolerance that fits counts."""

    tolerance: tuple[Tolerance, ...] = ()
    gone: tuple[Gone, ...] = ()

    def lets_go(self, model: str, board: str = "*") -> bool:
        """Returns whether the file names this case as one that is gone."""
        return any(g.model == model and g.board in ("*", board) for g in self.gone)

    def of(self, model: str, board: str) -> Callable[[str], float]:
        """metric -> percent, for `model` (such as mobile_lenet:int8) on `board`."""
        mine = [
            t for t in self.tolerance if fnmatchcase(model, t.model) and fnmatchcase(board, t.board)
        ]

        def limit(metric: str) -> float:
            return next((t.percent for t in mine[::-1] if fnmatchcase(metric, t.metric)), 0.0)

        return limit

    def idle(self) -> list[str]:
        """Lines on entries that fit no model, no board or no metric."""
        known = {
            "model": [f"{name}:{kind}" for name in zoo.names() for kind in zoo.types(name)],
            "board": boards.names(),
            "metric": METRICS,
        }
        return [
            f"models/gate.toml: tolerance {i} is unused: no {what} is {pattern!r}"
            for i, entry in enumerate(self.tolerance, 1)
            for what, names in known.items()
            for pattern in (getattr(entry, what),)
            if not any(fnmatchcase(name, pattern) for name in names)
            and not (what == "metric" and pattern.startswith("cycles"))  # of any core
        ]


def load(path: Path = FILE) -> Tolerances:
    """The checked file; without one nothing may grow."""
    return checked.file(path, Tolerances) if path.exists() else Tolerances()
