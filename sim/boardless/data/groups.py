"""Says which group each picture belongs to, so that fairness across groups can be measured.

fed = groups.of(fed, Path("groups.csv"))

A group is whatever a user compares: a place, a camera, an age. A .npz may hold an array `groups`;
for other pictures a CSV names them.
"""

from __future__ import annotations

import csv
import dataclasses
import io
from pathlib import Path

from boardless.core.errors import BadInput
from boardless.data.records import Pictures

HEADER = ["picture", "group"]
HINT = "the first line is `picture,group`, the others such as `0,day` or `daisy/1.jpg,day`"
MOST_BYTES = 64 << 20


def of(fed: Pictures, path: Path) -> Pictures:
    """Returns the pictures with the groups of a CSV, which names each picture by its number, from
    0, or by its path within the folder of pictures. Lines on other pictures, which --limit may have
    left out, are skipped. BadInput where the file makes no sense or a picture has no group."""
    found = _rows(path)
    names = fed.files or tuple(map(str, range(len(fed))))
    lacking = [name for name in names if name not in found]
    if lacking:
        others = f" and {len(lacking) - 1:,} others" if len(lacking) > 1 else ""
        raise BadInput(f"no group for picture {lacking[0]}{others}", where=str(path), hint=HINT)
    return dataclasses.replace(fed, groups=tuple(found[name] for name in names))


def _rows(path: Path) -> dict[str, str]:
    """Returns the group of each picture that the file names."""
    try:
        if not path.is_file():  # a pipe would make us wait for ever
            raise ValueError("not a file")
        if path.stat().st_size > MOST_BYTES:
            raise ValueError(f"larger than {MOST_BYTES:,} bytes")
        rows = [*csv.reader(io.StringIO(path.read_text("utf-8-sig"), newline=""), strict=True)]
    except (OSError, ValueError, csv.Error) as error:
        reason = " ".join(str(error).split())[:200]
        raise BadInput(f"not a readable CSV ({reason})", where=str(path), hint=HINT) from error
    if not rows or [cell.strip() for cell in rows[0]] != HEADER:
        raise BadInput("does not begin with `picture,group`", where=str(path), hint=HINT)
    found: dict[str, str] = {}
    for line, row in enumerate(rows[1:], 2):
        cells = [cell.strip() for cell in row]
        if not any(cells):
            continue
        if len(cells) != 2 or not all(cells):
            raise BadInput("not a picture and its group", where=f"{path}, row {line}", hint=HINT)
        if found.setdefault(cells[0], cells[1]) != cells[1]:
            raise BadInput(f"picture {cells[0]} is in two groups", where=f"{path}, row {line}")
    return found
