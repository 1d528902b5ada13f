"""The rules of who may use whom in C, checked on the text of a firmware folder.

assert includes.violations(paths.FIRMWARE) == []
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PURE = frozenset({"stdarg.h", "stddef.h", "stdint.h", "string.h"})
ARITHMETIC = frozenset({"math.h", "float.h", "limits.h", "arm_acle.h", "arm_mve.h"})
GENERATED = frozenset({"model_config.h"})  # written for each model
INCLUDE = re.compile(r'^\s*#\s*include\s*["<]([^">]+)[">]', re.MULTILINE)
HEAP_AND_PRINTING = re.compile(r"\b(malloc|calloc|realloc|free|f?printf|puts)\s*\(")
HARDWARE = re.compile(r"\bhal_\w+")


@dataclass(frozen=True)
class Rule:
    """Holds what a folder may use: any header of the C library where `library` is None."""

    folders: tuple[str, ...]
    library: frozenset[str] | None = None
    forbidden: tuple[re.Pattern[str], ...] = ()


RULES = {
    "kernels": Rule(("kernels",), PURE | ARITHMETIC, (HEAP_AND_PRINTING, HARDWARE)),
    "protocol": Rule(("protocol",), PURE, (HEAP_AND_PRINTING, HARDWARE)),
    "app": Rule(("app", "kernels", "hal", "protocol"), PURE | GENERATED, (HEAP_AND_PRINTING,)),
    "hal": Rule(("hal",)),
    "boards": Rule(("boards", "hal")),
}


def violations(firmware: Path) -> list[str]:
    """Returns a line for each use that the rules forbid, with the file and what it uses."""
    owners: dict[str, set[str]] = {}
    for header in firmware.rglob("*.h"):
        owners.setdefault(header.name, set()).add(header.relative_to(firmware).parts[0])
    return [
        line for folder, rule in RULES.items() for line in _folder(firmware, folder, rule, owners)
    ]


def _folder(firmware: Path, folder: str, rule: Rule, owners: dict[str, set[str]]) -> Iterator[str]:
    for path in sorted((firmware / folder).rglob("*.[ch]")):
        name, text = path.relative_to(firmware), path.read_text()
        for included in INCLUDE.findall(text):
            base = Path(included).name
            if base in owners:
                allowed = bool(owners[base] & {*rule.folders})
            else:
                allowed = rule.library is None or included in rule.library
            if not allowed:
                yield f"{name} includes {included}"
        for pattern in rule.forbidden:
            yield from (f"{name} uses {found[0]}" for found in pattern.finditer(text))
