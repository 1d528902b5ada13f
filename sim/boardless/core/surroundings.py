"""Tells whether a continuous integration waits for the result, and no person.

in_ci()
"""

from __future__ import annotations

import os


def in_ci() -> bool:
    """Returns whether CI is set, as all services for continuous integration do."""
    return os.environ.get("CI", "").lower() in ("1", "true")
