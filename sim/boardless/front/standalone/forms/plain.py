"""Any build: a CMakeLists.txt and a Makefile, each of which makes a static library."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boardless.front.standalone import api


def files(values: Mapping[str, Any], found: Mapping[str, bytes]) -> dict[str, bytes]:
    """Returns both."""
    return {name: api.render(f"{name}.j2", values) for name in ("CMakeLists.txt", "Makefile")}
