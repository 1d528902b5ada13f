"""Folders that all workers of a test run share: whoever asks first makes one, the others wait.

folder = shared.once(tmp_path_factory, "wheel", install)      # install(folder) fills it
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from boardless.device import platformio


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Returns a folder that `make` has filled. Nothing may write to it later; where it fails, the
    next worker tries again."""
    run = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:  # pytest gives each of them a folder in the run's
        run = run.parent
    place = run / "shared" / name
    place.mkdir(parents=True, exist_ok=True)
    with platformio.locked(place / "lock"):
        attempts = sorted(place.glob("made*"))
        if not (place / "done").is_file():
            attempts.append(place / f"made{len(attempts)}")
            attempts[-1].mkdir()
            make(attempts[-1])
            (place / "done").touch()
        return attempts[-1]
