"""Figures of earlier runs: what a runtime took of a model on a board, when, and by which versions.

rows = recorded.load("tflm")          # of runtimes/tflm/recorded.toml, () where there is none
path.write_text(recorded.text(rows))

The page of runtimes shows them where a runtime or a model's file is not there to be measured. A
model is known by the digest of its file, whatever that is called. `nox -s compare` writes these
files; the reader checks each field.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from boardless import runtimes
from boardless.core import checked
from boardless.core.errors import BadInput

HEAD = """\
# Figures of the last runs, written by `nox -s compare`.
# sim/boardless/runtimes/recorded.py says what each field is.
"""


class Figure(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One runtime on one board with one model: figures, or the reason why it refuses the model."""

    runtime: str  # and its variant, such as "tflm:cmsis_nn"; never a folder of one machine
    version: str  # of its code, exactly: a release or a commit, and the back end
    model: str  # a name for readers, such as "kws"
    digest: str  # SHA-256 of the model's .tflite file, 64 hexadecimal digits
    board: str
    date: str  # of the run: YYYY-MM-DD
    boardless: str  # the version that has measured
    refused: str = ""  # the runtime's own reason; then all of the following is left out
    compiler: str = ""  # such as "arm-none-eabi-gcc 12.2.1"
    pictures: int = 0  # that were run
    reference: str = ""  # the one whose bits the runtime gives, such as "tflm"
    own: str = ""  # against that reference: "exact", or how far off
    common: str = ""  # against the reference that all have in common (litert), the same
    instructions: int | None = None  # of the median inference
    core: str = ""  # that `cycles` are estimated for
    cycles: int | None = None
    part: str = ""  # that the next two are estimated for
    milliseconds: float | None = None  # of the median inference
    millijoules: float | None = None
    flash_bytes: int | None = None  # of the whole firmware
    ram_bytes: int | None = None  # .data, .bss and the deepest stack
    stack_bytes: int | None = None  # None: not known
    notes: tuple[str, ...] = ()  # what the runtime has changed in the model

    @property
    def key(self) -> tuple[str, str, str]:
        """Returns what a later run replaces."""
        return self.digest, self.board, self.runtime


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    figures: tuple[Figure, ...]


def load(runtime: str) -> tuple[Figure, ...]:
    """Returns what is recorded of a runtime, by its name without a variant. BadInput where its file
    is wrong, or the runtime unknown."""
    path = file(runtime)
    return read(path) if path.is_file() else ()


def every() -> tuple[Figure, ...]:
    """Returns what is recorded of all runtimes, our own first."""
    others = [name for name in runtimes.names() if name != runtimes.OURS]
    return tuple(figure for name in (runtimes.OURS, *others) for figure in load(name))


def file(runtime: str) -> Path:
    """Returns where the figures of a runtime lie, or would."""
    return runtimes.load(runtime).folder / runtimes.RECORDED


def read(path: Path) -> tuple[Figure, ...]:
    """Returns the figures in a file; BadInput says what is wrong with one."""
    figures = checked.file(path, _File).figures
    for figure in figures:
        where = f"{path}: {figure.runtime} {figure.model} {figure.board}"
        wrong = _wrong(figure, path.parent.name)
        if wrong:
            raise BadInput(wrong, where=where)
    if len({figure.key for figure in figures}) < len(figures):
        raise BadInput("the same runtime, model and board stand there twice", where=str(path))
    return figures


def _wrong(figure: Figure, folder: str) -> str:
    """Returns what contradicts itself in a figure, "" for nothing."""
    if figure.runtime.partition(":")[0] != folder:
        return f"is of another runtime than its folder, {folder}"
    if "/" in figure.runtime or "\\" in figure.runtime:
        return "names a folder of one machine as its variant"
    if not re.fullmatch("[0-9a-f]{64}", figure.digest):
        return "digest is no SHA-256 of 64 hexadecimal digits"
    try:
        datetime.date.fromisoformat(figure.date)
    except ValueError:
        return "date is not YYYY-MM-DD"
    needed = (figure.instructions, figure.flash_bytes, figure.ram_bytes)
    words = (figure.compiler, figure.reference, figure.own, figure.common)
    if figure.refused:
        return "has a reason of refusal and figures" if any(needed) or any(words) else ""
    if None in needed or not all(words):
        names = "compiler, reference, own, common, instructions, flash_bytes, ram_bytes"
        return f"needs all of {names}, or else `refused`"
    return ""


def merged(old: Iterable[Figure], new: Iterable[Figure]) -> tuple[Figure, ...]:
    """Returns the new figures and those old ones that no new one replaces. A figure that has only
    another date keeps the old one, so that a run that changes nothing changes no file."""
    found = {figure.key: figure for figure in old}
    for figure in new:
        before = found.get(figure.key)
        if before is None or not same(before, figure):
            found[figure.key] = figure
    return tuple(found.values())


def same(a: Figure, b: Figure) -> bool:
    """Says whether two figures differ in nothing but their dates."""
    return msgspec.structs.replace(a, date=b.date) == b


def text(figures: Sequence[Figure]) -> str:
    """Returns the content of a file, a line for each figure, sorted by model, board and runtime."""
    lines = [HEAD, "figures = [\n"]
    for figure in sorted(figures, key=lambda f: (f.model, f.digest, f.board, f.runtime)):
        fields = {
            k: v for k, v in msgspec.structs.asdict(figure).items() if v not in ("", None, ())
        }
        pairs = (
            f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()
        )
        lines.append(f"    {{ {', '.join(pairs)} }},\n")
    return "".join([*lines, "]\n"])
