"""A report with one of everything, whose texts can be hostile.

made = report(case(HOSTILE), text=HOSTILE)
"""

from __future__ import annotations

from typing import Any

import msgspec
from boardless.report.columns import COLUMNS
from boardless.report.page_records import (
    VERSION,
    Arena,
    Buffer,
    CaseReport,
    Cause,
    Confusion,
    FigureTable,
    Gate,
    Grid,
    Group,
    LayerRow,
    Layers,
    Line,
    MemoryMap,
    Report,
    Revision,
    Sheet,
    Tile,
)

HOSTILE = "</style><script>alert(1)</script><img src=x onerror='alert(2)'>\" onx=\"\x1b[2J\u202e|`"
PICTURE = "data:image/png;base64,iVBORw0KGgo="


def case(text: str = "digits_cnn:int8", **changes: Any) -> CaseReport:
    """A case in which every text is `text`."""
    values = dict.fromkeys((column.name for column in COLUMNS), None) | {
        "model": text,
        "board": text,
        "ok": True,
        "est_cycles": {"target": text, "median": 100},
        "gate": {"verdict": text, "ok": True},
        "pictures": 4,
    }
    made = CaseReport(
        id="case",
        model=text,
        board=text,
        description=text,
        state="ok",
        values=values,
        ok=False,
        reason=text,
        origin=text,
        estimates=[text],
        basis=text,
        measured=text,
        gate=Gate(ok=False, verdict=text, lines=[Line(text, "bad"), Line(text, "good")]),
        file=text,
        layers=Layers(text, 2.0, [LayerRow(0, text, text, 3, 2.0, 4.0, 5)]),
        memory=MemoryMap(1, 2, 3, 4, 5, 6, 7, 8, 9),
        arena=Arena(8, 2, [Buffer(text, text, 0, 8, 0, 1)]),
        confusion=Confusion([text, text], [[1, 0], [0, 1]]),
        grid=Grid(0, [Group(text, 2, [Tile(0, 0, text, text + "x", text)])]),
        tools={text: text},
        command=text,
        notes=[text],
        metrics=[FigureTable(text, [text, text], [[text, text]])],
    )
    return msgspec.structs.replace(made, **changes)


def report(*cases: CaseReport, text: str = "x", uri: str = PICTURE) -> Report:
    return Report(
        version=VERSION,
        boardless="1",
        command=text,
        made="2026-11-29T01:02:03+00:00",
        revision=Revision(text, text, changed=True),
        ok=False,
        counts={"ok": len(cases)},
        causes=[Cause(text, text, text, "case")],
        notes=[text],
        cases=[*cases],
        sheets=[Sheet(uri, 1, 1, 8, 8, pixelated=True)],
        changes=[Line(text, "good", "case")],
        before=text,
    )
