"""The output of `boardless convert`: how good each file is, and which layers lose what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardless.judge.conversions import Converted
from boardless.model.reference.layers import Layer
from boardless.report import measures, table
from boardless.report.profile import short
from boardless.report.table import number, words

WORST = 12  # layers that are shown


def record(found: Converted) -> dict[str, Any]:
    """Returns the JSON of a conversion."""
    fed, both = found.fed, {"float32": found.float32, "int8": found.int8}
    count = len(fed) if fed else 0
    return {
        "source": found.request.source,
        "converter": found.converter,
        "versions": found.versions,
        "dtype": found.request.dtype,
        "file": str(found.path),
        "bytes": {name: len(seen.content) for name, seen in both.items() if seen},
        "images": count,
        "calibration_images": found.calibrated,
        "accuracy": {
            name: round(seen.right / count, 6) if seen and seen.right is not None else None
            for name, seen in both.items()
        },
        "agreement": None if found.agreement is None else round(found.agreement / count, 6),
        "layers": [
            {
                "index": layer.index,
                "op": layer.op,
                "name": layer.name,
                "signal_to_noise_db": round(layer.decibels, 2),
                "own_noise": round(layer.own_noise, 6),
                "largest_error": float(f"{layer.largest_error:.6g}"),
                "range": [float(f"{layer.low:.6g}"), float(f"{layer.high:.6g}")],
            }
            for layer in found.layers
        ],
        "mapping": list(fed.mapping) if fed else [],
        "warnings": list(found.warnings),
        "refused": found.refused,
        "next": found.next,
    }


def show(found: Converted) -> None:
    """Shows a row for each file, the layers that lose most, and the next command."""
    fed, count = found.fed, len(found.fed) if found.fed else 0
    rows = []
    for name, seen in (("float32", found.float32), ("int8", found.int8)):
        if seen is None:
            continue
        right = "" if seen.right is None else measures.accuracy_text(seen.right, count)
        same = ""
        if name == "int8" and found.agreement is not None:
            same = measures.accuracy_text(found.agreement, count)
        rows.append((name, f"{len(seen.content):,}", right, same))
    headings = (words("file"), number("bytes"), number("accuracy"), number("same class as float32"))
    shown = [k for k in range(len(headings)) if k < 2 or any(row[k] for row in rows)]
    table.show("", [headings[k] for k in shown], [[row[k] for k in shown] for row in rows])
    if found.layers:
        _layers(found.layers)
    if fed is not None:
        table.note(f"pictures: {fed.origin}" + ("" if fed.labels is not None else ", no labels"))
        for text in fed.mapping:
            table.note(text)
    if found.calibrated:
        table.note(f"ranges: of {found.calibrated} pictures of {found.request.ranges}")
    made = ", ".join(f"{name} {version}".strip() for name, version in found.versions.items())
    table.note(f"converted by: {made}")
    for text in found.warnings:
        table.note(f"warning: {text}")
    if found.refused:
        table.note(f"warning: boardless cannot run it: {found.refused}")
    table.line(f"wrote {found.path}; next: {found.next}")


def _layers(layers: Sequence[Layer]) -> None:
    worst = sorted(layers, key=lambda layer: (-layer.own_noise, layer.index))[:WORST]
    headings = (
        number("operator"),
        words("kind"),
        words("output", 3),
        number("own noise"),
        number("signal to noise"),
        number("largest error", 1),
        number("float32 values", 2),
    )
    rows = [
        (
            str(layer.index),
            layer.op,
            short(layer.name),
            f"{layer.own_noise:.2%}",
            f"{layer.decibels:.1f} dB",
            f"{layer.largest_error:.3g}",
            f"{layer.low:.3g}..{layer.high:.3g}",
        )
        for layer in worst
    ]
    table.show("where the error of int8 comes from, the most first", headings, rows)
    if len(layers) > len(worst):
        table.note(f"{len(layers) - len(worst)} layers make less noise: --json has them")
