"""models/judged.toml: which cases the gate judges, so that none is lost without a word.

(name, kind, place) in cases()     # cases() of ("digits_cnn", "int8", "mps2-an386") and others

It holds what the baselines hold, but at one place of its own: whoever deletes a model's folder, a
baseline or a board leaves an entry here, and the gate fails until somebody accepts that by name.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from boardless.core import checked, files, paths
from boardless.core.errors import BadInput
from boardless.device import boards
from boardless.judge import baseline
from boardless.model import zoo

Entry = tuple[str, str, str]  # model, type, place: see baseline.place
Table = dict[str, dict[str, list[str]]]  # model -> place -> types
HEAD = "# The cases that were judged when `boardless gate --update` accepted them; do not edit.\n"


def cases(file: Path | None = None) -> set[Entry]:
    """Returns the entries of the file, of the checkout unless another is named; none where there is
    none. BadInput where it is damaged."""
    file = file or paths.ZOO.parent / "judged.toml"
    if not file.exists():
        return set()
    table = checked.file(file, Table, hint="take it from git")
    return {(m, kind, p) for m, by in table.items() for p, kinds in by.items() for kind in kinds}


def of_runtime(runtime: str, file: Path | None = None) -> set[tuple[str, str, str]]:
    """Returns (model, type, board) of the entries of a runtime."""
    found = set()
    for model, kind, place in cases(file):
        board, whose = baseline.of_place(place)
        if whose == runtime:
            found.add((model, kind, board))
    return found


def accepted(models: Iterable[str] = ()) -> set[Entry]:
    """Returns the cases that have a baseline, of `models` (default: all) and boards that exist."""
    found, here = set(), set(boards.names())
    wanted = set(zoo.names()).intersection(models or zoo.names())
    for model, place in baseline.every():
        if model not in wanted or baseline.of_place(place)[0] not in here:
            continue
        try:
            content = baseline.read(model, place)
        except BadInput:  # it is damaged: whoever compares it reports that
            found |= {entry for entry in cases() if entry[0::2] == (model, place)}
        else:
            found |= {(model, kind, place) for kind in (content.types if content else ())}
    return found


def gone(models: Iterable[str]) -> list[str]:
    """Returns a line for each case of `models` (default: all) that was judged and has no model,
    type or board any more, and for each that has a baseline and is not in the file."""
    lines = []
    names = set(models)
    known, there = cases(), accepted(names)
    for model, kind, place in sorted(known | there):
        if names and model not in names:
            continue
        entry, why = (model, kind, place), ""
        if entry not in known:
            why = "it has a baseline, but is not in models/judged.toml"
        elif model not in zoo.names():
            why = "it was judged, and there is no such model any more"
        elif kind not in zoo.types(model):
            why = f"it was judged, and the model has no {kind} any more"
        elif baseline.of_place(place)[0] not in boards.names():
            why = "it was judged, and there is no such board any more"
        if why:
            how = f"boardless gate --update {model}"
            lines.append(f"{model}:{kind} {place}: {why}; accept: {how}")
    return lines


def update(models: Iterable[str]) -> bool:
    """Writes what baselines hold of `models` (default: all) now; returns whether it is new."""
    names = set(models)
    known, there = cases(), accepted(names)
    kept = {entry for entry in known if names and entry[0] not in names}
    wanted = kept | {entry for entry in there if not names or entry[0] in names}
    if wanted == known:
        return False
    table: Table = {}
    for model, kind, place in sorted(wanted):
        table.setdefault(model, {}).setdefault(place, []).append(kind)
    file = paths.ZOO.parent / "judged.toml"
    try:
        import tomlkit  # here, because only who writes needs it

        files.write(file, (HEAD + tomlkit.dumps(table).rstrip("\n") + "\n").encode())
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=str(file)) from error
    return True
