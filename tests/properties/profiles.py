"""Hypothesis profiles: `ci` is the default and draws the same cases every time; `deep` draws twenty
times as many fresh ones: HYPOTHESIS_PROFILE=deep, or --hypothesis-profile=deep.
"""

from __future__ import annotations

import os

from boardless.core import paths
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

COMMON = settings(
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    database=DirectoryBasedExampleDatabase(paths.ROOT / ".hypothesis" / "examples"),
)


def register() -> None:
    """Registers the profiles; tests/conftest.py calls it. --hypothesis-profile overrules the
    environment."""
    settings.register_profile("ci", COMMON, database=None, derandomize=True, max_examples=100)
    settings.register_profile("deep", COMMON, max_examples=2000)
    settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def without_local_constants() -> None:
    """Lets Hypothesis draw the same cases whatever our modules say: by itself it draws some of the
    numbers from their text, so that a change of any of them gives other cases."""
    none = Constants()
    providers._get_local_constants = lambda: none
