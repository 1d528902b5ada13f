"""The report as one self-contained HTML file: no script, no other file, light and dark.

    html = render(collect(outcomes, "boardless sim"))

`collect` takes outcomes and saves what the page shows, as data that JSON can hold;
`render` is pure.
"""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence
from typing import Any

import jinja2
import markupsafe
import numpy as np
import numpy.typing as npt
from PIL import Image

from boardless import __version__
from boardless.data.records import Pictures
from boardless.device.records import Run
from boardless.judge.predictions import Verdict
from boardless.judge.records import Outcome
from boardless.report import column, estimates, measures, record
from boardless.report import gate as gate_report
from boardless.report.columns import COLUMNS, values

VERSION = 3  # of what `collect` returns
GALLERY = 12  # pictures of a kind, at most
THUMBNAIL = 96  # pixels, the longer side at most
EXACT = 32  # pixels, the longer side of what is shown without loss; larger ones are photographs


def collect(
    outcomes: Sequence[Outcome],
    command: str,
    *,
    others: Sequence[str] = (),
    notes: Sequence[str] = (),
    repeats: Sequence[str] = (),
) -> dict[str, Any]:
    """Returns everything that the page shows. `others` and `notes`: lines on what is no outcome,
    such as a model that did not fit; the former fail. `repeats`: commands that repeat each."""
    gates = [gate_report.row(o.comparison) if o.comparison else None for o in outcomes]
    runs = [
        {"values": values(o)} | _run(o.run, o.verdict, gate)
        for o, gate in zip(outcomes, gates, strict=True)
    ]
    for run, repeat in zip(runs, repeats, strict=False):
        run["command"] = repeat
    found = [cause(f"{r['model']} {r['board']}: {r['reason']}", r) for r in runs if not r["ok"]]
    found += [each for gate in gates if gate for each in causes(gate)]
    found += [cause(line) for line in others]
    return {
        "version": VERSION,
        "boardless": __version__,
        "command": command,
        "ok": not found,
        "causes": found,
        "notes": list(notes),
        "runs": runs,
    }


def render(data: dict[str, Any]) -> str:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("boardless.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    environment.filters["n"] = lambda number: f"{number:,.0f}"
    environment.filters["percent"] = lambda part: "?" if part is None else f"{part:.2%}"
    environment.filters["breaks"] = breaks
    environment.filters["share"] = lambda part, whole: 100 * part / whole if whole else 0.0
    columns = column.present(COLUMNS, [run["values"] for run in data["runs"]])
    return environment.get_template("report.html.j2").render(data, columns=columns)


def cause(line: str, about: dict[str, Any] | None = None) -> dict[str, str]:
    """Why something fails; `about`: the run, or the gate's row."""
    title = f"{about['model']} on {about['board']}" if about else "boardless"
    return {"line": line, "title": title, "file": (about or {}).get("file", "")}


def causes(gate: dict[str, Any]) -> list[dict[str, str]]:
    """Returns the causes in a row of `boardless gate --json`."""
    return [cause(f["line"], gate) for f in gate["findings"] if f["fails"] and not gate["ok"]]


def breaks(name: str) -> markupsafe.Markup:
    """A long name may go on in the next line behind "_" and ":"."""
    return markupsafe.Markup(re.sub("([_:])", r"\1<wbr>", str(markupsafe.escape(name))))


def _run(run: Run, verdict: Verdict, gate: dict[str, Any] | None) -> dict[str, Any]:
    board = run.build.board
    memory = measures.memory(run.build, run.stack_bytes)
    return {
        "id": f"{run.build.model}-{board.name}".replace(":", "-"),
        "model": run.build.model,
        "board": board.name,
        "description": board.description,
        "core": board.core,
        "ok": verdict.ok,
        "reason": verdict.reason,
        "pictures": {"count": len(run.pictures), "origin": run.pictures.origin},
        "agreement": verdict.agreement,
        "exact": "bit-exact"
        if verdict.bit_exact
        else f"within {verdict.max_abs_error:.2g} of the reference",
        "accuracy": verdict.accuracy_device,
        "instructions": measures.spread(run.counts.instructions),
        "estimates": [
            {"text": estimates.summary(c), "told": c.told, "median": c.median} for c in run.cycles
        ],
        "measured": record.told_by_device(run),
        "confusion": _confusion(run),
        "galleries": _galleries(run, verdict),
        "file": gate["file"] if gate else "",
        "gate": gate
        and {
            "ok": gate["ok"],
            "verdict": gate["verdict"],
            "lines": [finding["line"] for finding in gate["findings"]],
        },
        "layers": _layers(run, gate),
        "memory": memory
        | {
            "flash_total": board.memory.flash_bytes,
            "ram_total": board.memory.ram_bytes,
            "other_bytes": run.build.static_ram_bytes - run.build.arena_bytes,
        },
        "arena": _arena(run),
        "tools": {
            "compiler": run.build.toolchain,
            "emulator": f"{run.emulator} {run.emulator_version}",
            "build id": run.build.build_id,
            "link": run.link,
        },
        "command": f"boardless run {run.build.model} --board {board.name} "
        f"--limit {len(run.pictures)}" + (" --port DEVICE" if run.counts.hardware else ""),
        "notes": list(run.notes),
    }


def _layers(run: Run, gate: dict[str, Any] | None) -> dict[str, Any]:
    """Returns the bars of layers: cycles of the first target, or instructions if none could be
    estimated. If the gate has judged, they show its first input, compared with the baseline."""
    first = run.cycles[0] if run.cycles else None
    measured = dict(enumerate(run.counts.hardware.layers)) if run.counts.hardware else {}
    now = {
        x.index: float(run.counts.layers[x.index]) for x in run.build.layers if run.counts.layers
    }
    if first:
        now = {x.index: first.regions.get(x.index, 0.0) for x in run.build.layers}
    before: dict[int, float] = {}
    if gate:
        key = ("cycles", first.target.name) if first else ("instructions",)
        now = _by_layer(gate["figures"], key) or now
        before = _by_layer(gate["baseline"], key)
    rows = [
        {
            "index": layer.index,
            "op": layer.op,
            "macs": layer.macs,
            "value": now.get(layer.index, 0.0),
            "baseline": before.get(layer.index),
            "measured": measured.get(layer.index),
            "per_mac": now.get(layer.index, 0.0) / layer.macs if layer.macs else None,
        }
        for layer in run.build.layers
    ]
    most = max([*now.values(), *before.values()], default=0.0)
    unit = f"estimated cycles, {first.target.name}" if first else "instructions"
    return {"unit": unit, "rows": rows, "most": most} | {
        "compared": bool(before),
        "measured": bool(measured),
    }


def _by_layer(figures: dict[str, Any] | None, key: tuple[str, ...]) -> dict[int, float]:
    """Layer number -> count, of the gate's figures ("conv 3" -> count)."""
    found: Any = figures or {}
    for name in key:
        found = found.get(name) or {}
    return {int(name.rsplit(" ", 1)[1]): float(n) for name, n in found.get("layers", {}).items()}


def _confusion(run: Run) -> dict[str, Any] | None:
    """Rows: what the label says; columns: what the device says."""
    labels = run.pictures.labels
    if labels is None:
        return None
    n = run.build.output_count
    counts = np.zeros((n, n), np.int64)
    np.add.at(counts, (labels, run.outputs.argmax(axis=1)), 1)
    names = run.pictures.classes or tuple(map(str, range(n)))
    return {"classes": list(names), "counts": counts.tolist()}


def _galleries(run: Run, verdict: Verdict) -> list[dict[str, Any]]:
    """Pictures that are worth a look: other than the reference, other than the label."""
    device, reference = run.outputs.argmax(axis=1), run.reference.argmax(axis=1)
    labels = run.pictures.labels
    names = run.pictures.classes
    kinds: list[tuple[str, list[int]]] = [("other than the reference", list(verdict.mismatches))]
    if labels is not None:
        wrong = np.flatnonzero(device != labels).tolist()
        kinds.append(("misclassified, by the reference too", wrong))

    def name(k: int) -> str:
        return names[k] if k < len(names) else str(k)

    return [
        {
            "title": title,
            "count": len(found),
            "pictures": [
                {
                    "index": i,
                    "source": _thumbnail(run.pictures, i),
                    "device": name(int(device[i])),
                    "reference": name(int(reference[i])),
                    "label": None if labels is None else name(int(labels[i])),
                }
                for i in found[:GALLERY]
            ],
        }
        for title, found in kinds
        if found
    ]


def _thumbnail(pictures: Pictures, index: int) -> str:
    """A data URI. Inputs are in the model's own type, so the brightest of all is white."""
    inputs = pictures.inputs
    low, high = float(inputs.min()), float(inputs.max())
    values = (inputs[index].astype(np.float64) - low) / ((high - low) or 1.0) * 255
    pixels: npt.NDArray[np.uint8] = values.round().astype(np.uint8)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        pixels = pixels.reshape(1, -1, 1)
    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    kind = "PNG" if max(image.size) <= EXACT else "JPEG"
    image.thumbnail((THUMBNAIL, THUMBNAIL))
    out = io.BytesIO()
    image.save(out, kind, optimize=True)
    return f"data:image/{kind.lower()};base64," + base64.b64encode(out.getvalue()).decode()


def _arena(run: Run) -> dict[str, Any]:
    """Buffers as rectangles: steps to the right, bytes upwards."""
    buffers = run.build.arena_plan
    return {
        "bytes": run.build.arena_bytes,
        "steps": max((b["last"] for b in buffers), default=0) + 1,
        "buffers": buffers,
    }
