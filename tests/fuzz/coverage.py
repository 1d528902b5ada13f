"""Lines of boardless and of the libraries that read for it, as they are reached.

with coverage.measured() as reached:
    read(content)
len(reached)
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

MEASURED = ("/boardless/", "/elftools/", "/PIL/", "/numpy/lib/", "/zipfile.py")


@contextlib.contextmanager
def measured() -> Iterator[set[tuple[CodeType, int]]]:
    """Yields the set of (code, line) that grows while code of MEASURED runs."""
    reached: set[tuple[CodeType, int]] = set()
    wanted: dict[CodeType, bool] = {}

    def line(frame: FrameType, event: str, _: Any) -> Any:
        if event == "line":
            reached.add((frame.f_code, frame.f_lineno))
        return line

    def call(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if code not in wanted:
            wanted[code] = any(part in code.co_filename for part in MEASURED)
        return line if wanted[code] else None

    before = sys.gettrace()
    sys.settrace(call)
    try:
        yield reached
    finally:
        sys.settrace(before)
