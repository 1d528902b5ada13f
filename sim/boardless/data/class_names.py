"""Folders of pictures as classes of a model: in alphabetical order, or as a file of names says.

    numbers = class_names.numbers(["daisy", "tulips"], Path("labels.txt"), 5)

The file has a class in each line, 0 first.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from boardless.core.errors import BadInput

SHOWN = 8  # classes that a line names
MOST_BYTES = 1 << 20  # of a file of names


def read(path: Path, classes: int) -> tuple[str, ...]:
    """Returns the names of a model's classes; BadInput where it has another number of them."""
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise BadInput("this is not a file of names", where=str(path))
        text = path.read_text("utf8")
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"cannot read the names of classes ({error})", where=str(path)) from error
    names = tuple(line.strip() for line in text.splitlines() if line.strip())
    hint = "one line for each class of the model, class 0 first"
    if len(names) != classes:
        raise BadInput(
            f"{len(names)} names, the model tells {classes} classes apart",
            where=str(path),
            hint=hint,
        )
    if double := [name for name in names if names.count(name) > 1]:
        raise BadInput(f"{double[0]!r} is there twice", where=str(path), hint=hint)
    return names


def numbers(folders: Sequence[str], names: Sequence[str], path: Path | None) -> list[int]:
    """Returns the class of each folder: its line in the file, whose `names` these are."""
    if path is None:
        return list(range(len(folders)))
    for folder in folders:
        if folder not in names:
            raise BadInput(
                f"there is no class {folder!r}, of which a folder has pictures",
                where=str(path),
                hint="rename the folder, or add the line",
            )
    return [names.index(folder) for folder in folders]


def described(folders: Sequence[str], classes: Sequence[int], path: Path | None) -> str:
    """Returns a line that says which folder is which class."""
    pairs = [f"{k} {name}" for k, name in sorted(zip(classes, folders, strict=True))]
    if len(pairs) > SHOWN:
        pairs = [*pairs[: SHOWN - 1], "...", pairs[-1]]
    how = f"as in {path}" if path else "folders in alphabetical order; --labels FILE changes it"
    return f"classes: {', '.join(pairs)} ({how})"


def doubts(folders: Sequence[str], classes: int, path: Path | None) -> list[str]:
    """Returns what may be wrong with folders that were mapped without a file of names."""
    if path is not None or classes < 2:
        return []
    found = []
    if len(folders) < classes:
        found.append(
            f"{len(folders)} class folder{'s' * (len(folders) > 1)} for {classes} classes: they "
            "count as the first ones, "
            "from 0 on; if that is not so, name all classes in a file: --labels FILE"
        )
    if all(name.isdecimal() for name in folders) and list(folders) != sorted(folders, key=int):
        found.append(
            "folders with numbers count in alphabetical order, 10 before 2, as Keras does; if the "
            "model was trained otherwise, name its classes in a file: --labels FILE"
        )
    return found
