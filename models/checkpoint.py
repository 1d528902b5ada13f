"""A training under way, on disk: an interrupted one goes on where its last epoch ended.

saved = Checkpoint(folder, identity)

`identity` says what is trained (recipe, pictures, epochs); the state of anything else is ignored.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = list[NDArray[Any]]


@dataclass
class State:
    """Everything that the next epoch depends on."""

    history: dict[str, list[float]] = field(default_factory=dict)  # by epoch
    variables: Arrays = field(default_factory=list)  # of the model and its optimiser
    best: Arrays = field(default_factory=list)  # weights of the best epoch so far
    best_epoch: int = 0
    average: Arrays = field(default_factory=list)  # of the weights, where the recipe wants it

    @property
    def epochs(self) -> int:
        return len(next(iter(self.history.values()), []))


class Checkpoint:
    """One file that is replaced whole, so that an interruption cannot damage it."""

    def __init__(self, folder: Path, identity: str) -> None:
        self.path = folder / "state.npz"
        self.identity = identity

    def save(self, state: State) -> None:
        about = {
            "identity": self.identity,
            "history": state.history,
            "best_epoch": state.best_epoch,
            "counts": [len(state.variables), len(state.best), len(state.average)],
        }
        arrays = {f"v{i}": array for i, array in enumerate(state.variables)}
        arrays |= {f"b{i}": array for i, array in enumerate(state.best)}
        arrays |= {f"a{i}": array for i, array in enumerate(state.average)}
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_suffix(".new.npz")
        np.savez(fresh, about=np.array(json.dumps(about)), **arrays)  # type: ignore[arg-type]
        os.replace(fresh, self.path)

    def load(self) -> State | None:
        """The saved state, or None where there is none of this training."""
        if not self.path.is_file():
            return None
        with np.load(self.path) as file:
            about = json.loads(str(file["about"]))
            if about["identity"] != self.identity:
                return None
            variables, best, average = about["counts"]
            return State(
                history=about["history"],
                variables=[file[f"v{i}"] for i in range(variables)],
                best=[file[f"b{i}"] for i in range(best)],
                best_epoch=about["best_epoch"],
                average=[file[f"a{i}"] for i in range(average)],
            )
