"""Tests that compile C++ with this machine's own compiler, as users of exported code do."""

from __future__ import annotations

import shutil

import pytest

MISSING = "needs g++, which ./bootstrap -s tests installs" if shutil.which("g++") is None else ""
needs_cxx = pytest.mark.skipif(bool(MISSING), reason=MISSING)
