"""The pictures of a run for the page: small, in sheets that cases share, the worst first."""

from __future__ import annotations

import base64
import io
import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from boardless.data.records import Pictures
from boardless.device.records import Run
from boardless.judge.predictions import Verdict
from boardless.report.column import Mood
from boardless.report.page_records import Grid, Group, Sheet, Tile

MOST = 64  # pictures of a case
SIDE = 64  # pixels, the longer side at most
EXACT = 16  # pixels, the longer side of pictures that are shown without loss
QUALITY = 70  # of others, as WebP
ALIKE = 4.0  # mean difference of pixels, of 255: int8 and float32 inputs of the same pictures

Pixels = npt.NDArray[np.uint8]


@dataclass
class Sheets:
    """The sheets of a report; a set of pictures that another case has shown is not added again."""

    made: list[Sheet] = field(default_factory=list)
    _seen: list[tuple[str, tuple[int, ...], Pixels]] = field(default_factory=list)

    def grid(self, run: Run, verdict: Verdict) -> Grid | None:
        """Returns the pictures of a run; None where its inputs are no pictures."""
        groups = sorted_by_trouble(run, verdict)
        chosen = sorted([i for _, _, found in groups for i in found][:MOST])
        pixels = small(run.pictures, chosen)
        if pixels is None:
            return None
        cells = {index: cell for cell, index in enumerate(chosen)}
        sheet = self._add(run.pictures.origin, tuple(chosen), pixels)
        return Grid(sheet, [_group(run, g, cells) for g in groups if g[2]])

    def _add(self, origin: str, chosen: tuple[int, ...], pixels: Pixels) -> int:
        for number, (name, indices, others) in enumerate(self._seen):
            same = (name, indices, others.shape) == (origin, chosen, pixels.shape)
            if same and np.abs(others.astype(np.int16) - pixels).mean() < ALIKE:
                return number
        self._seen.append((origin, chosen, pixels))
        self.made.append(_sheet(pixels))
        return len(self.made) - 1


def sorted_by_trouble(run: Run, verdict: Verdict) -> list[tuple[str, Mood, list[int]]]:
    """Returns (title, mood, picture numbers): other than the reference, other than the label with
    the most confident first, the rest."""
    device, labels = run.outputs.argmax(axis=1), run.pictures.labels
    differ = list(verdict.mismatches)
    wrong: list[int] = []
    if labels is not None:
        numbers = np.arange(len(device))
        outputs = run.outputs.astype(np.float64)
        margin = outputs[numbers, device] - outputs[numbers, labels]
        wrong = [int(i) for i in np.argsort(-margin, kind="stable") if device[i] != labels[i]]
        wrong = [i for i in wrong if i not in set(differ)]
    rest = [i for i in range(len(device)) if i not in {*differ, *wrong}]
    return [
        ("other than the reference", "bad", differ),
        ("misclassified, by the reference too", "", wrong),
        ("as labelled" if labels is not None else "as the reference", "good", rest),
    ]


def _group(run: Run, group: tuple[str, Mood, list[int]], cells: dict[int, int]) -> Group:
    title, mood, found = group
    device, reference = run.outputs.argmax(axis=1), run.reference.argmax(axis=1)
    labels, names = run.pictures.labels, run.pictures.classes

    def name(k: int) -> str:
        return names[k] if k < len(names) else str(k)

    tiles = [
        Tile(
            i,
            cells[i],
            name(int(device[i])),
            name(int(reference[i])),
            None if labels is None else name(int(labels[i])),
        )
        for i in found
        if i in cells
    ]
    return Group(title, len(found), tiles, mood)


def small(pictures: Pictures, chosen: list[int]) -> Pixels | None:
    """Returns pixels (N, height, width, 1 or 3) of the chosen pictures, None where inputs are no
    pictures. Inputs are in the model's own type, so the brightest of all is white."""
    inputs = pictures.inputs
    if inputs.ndim != 4 or inputs.shape[3] not in (1, 3):
        return None
    low, high = float(inputs.min()), float(inputs.max())
    values = (inputs[chosen].astype(np.float64) - low) / ((high - low) or 1.0) * 255
    pixels: Pixels = values.round().astype(np.uint8)
    height, width = pixels.shape[1:3]
    if max(height, width) <= SIDE:
        return pixels
    scale = SIDE / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    from PIL import Image  # here, because only pages need it

    images = [Image.fromarray(p.squeeze(2) if p.shape[2] == 1 else p).resize(size) for p in pixels]
    return np.stack([np.asarray(image).reshape(size[1], size[0], -1) for image in images])


def _sheet(pixels: Pixels) -> Sheet:
    from PIL import Image  # here, because only pages need it

    n, height, width, channels = pixels.shape
    columns = max(1, math.isqrt(n - 1) + 1)
    rows = -(-n // columns)
    canvas: Pixels = np.zeros((rows * columns, height, width, channels), np.uint8)
    canvas[:n] = pixels
    whole = canvas.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
    flat = whole.reshape(rows * height, columns * width, channels)
    image = Image.fromarray(flat.squeeze(2) if channels == 1 else flat)
    exact = max(height, width) <= EXACT
    kind, options = ("PNG", {"optimize": True}) if exact else ("WEBP", {"quality": QUALITY})
    out = io.BytesIO()
    image.save(out, kind, **options)
    data = base64.b64encode(out.getvalue()).decode()
    return Sheet(f"data:image/{kind.lower()};base64,{data}", columns, rows, width, height, exact)
