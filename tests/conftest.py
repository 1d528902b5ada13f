"""Hypothesis profiles for all tests. `ci` is the default and always the same; `deep` draws fresh
cases for many minutes: HYPOTHESIS_PROFILE=deep, or --hypothesis-profile=deep.
"""

from __future__ import annotations

import os

from boardless import paths
from hypothesis import HealthCheck, settings
from hypothesis.database import DirectoryBasedExampleDatabase
from properties.repeat import pytest_collection_modifyitems, pytest_runtest_makereport

__all__ = ["pytest_collection_modifyitems", "pytest_runtest_makereport"]

common = settings(
    deadline=None,
    print_blob=True,
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
settings.register_profile("ci", common, derandomize=True, max_examples=100)
settings.register_profile(
    "deep",
    common,
    max_examples=2000,
    database=DirectoryBasedExampleDatabase(paths.ROOT / ".hypothesis" / "examples"),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
