"""Microcontrollers."""

from __future__ import annotations

from typing import Any

import msgspec


class Part(msgspec.Struct, frozen=True):
    name: str = ""

    def memory(self, code: Any, decoded: Any, totals: Any) -> Any:
        return None, {}

    def data_waits(self, decoded: Any, code: Any, totals: Any) -> Any:
        return 0.0
