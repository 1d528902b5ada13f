"""models/zoo/<model>/baseline/<board>.toml: the figures that were accepted, one per line.

baseline = read("mobile_lenet", "mps2-an386")
baseline = read("mobile_lenet", place("mps2-an386", "bakenn:portable"))

Those of another runtime are in a folder of its name: baseline/bakenn/portable/mps2-an386.toml.
"""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import msgspec

from boardless.core import checked, files, paths
from boardless.core.errors import BadInput
from boardless.device import boards
from boardless.device.records import OURS
from boardless.judge.figures import MEMORY, Figures
from boardless.judge.growth import beyond_board
from boardless.judge.toolchain import Tools
from boardless.model import zoo

MOST = 10**13  # instructions or cycles of an inference: hours of a fast core
FASTEST, SLOWEST = 4, 1000  # instructions per cycle, cycles per instruction


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One file: all types of one model on one board, made by one tool chain."""

    inputs: str  # which inputs, with their digest
    toolchain: Tools
    runtime: str = ""  # version of a runtime that is not our own
    int8: Figures | None = None
    float32: Figures | None = None

    @property
    def types(self) -> dict[str, Figures]:
        found = {kind: getattr(self, kind) for kind in zoo.TYPES}
        return {kind: figures for kind, figures in found.items() if figures}


def place(board: str, runtime: str = OURS) -> str:
    """Returns where the baselines of a board lie in the folder of a model, without the suffix."""
    return board if runtime == OURS else f"{runtime.replace(':', '/')}/{board}"


def of_place(text: str) -> tuple[str, str]:
    """Returns (board, runtime) of a place."""
    *runtime, board = text.split("/")
    return board, ":".join(runtime) or OURS


def has_place(runtime: str) -> bool:
    """Returns whether a runtime can have baselines: not where its variant names a folder, which is
    one of a single machine."""
    return bool(re.fullmatch(r"\w[\w.-]*(:\w[\w.-]*)*", runtime))


def path(model: str, place: str) -> Path:
    return paths.ZOO / model / "baseline" / f"{place}.toml"


def every(model: str = "*") -> list[tuple[str, str]]:
    """Returns (model, place) of each file that is there."""
    found = []
    for folder in sorted(paths.ZOO.glob(f"{model}/baseline")):
        for file in sorted(folder.rglob("*.toml")):
            found.append((folder.parent.name, file.relative_to(folder).with_suffix("").as_posix()))
    return found


def shown(file: Path) -> str:
    """Returns the path of a baseline as messages name it."""
    return str(file.relative_to(paths.ROOT) if file.is_relative_to(paths.ROOT) else file)


def read(model: str, place: str) -> Baseline | None:
    """None where there is none; BadInput where it is damaged."""
    file = path(model, place)
    return load(file, accept(model, place)) if file.exists() else None


def load(file: Path, again: str) -> Baseline:
    """Returns the content of a file; BadInput where it is damaged. `again` is the command that
    makes it anew."""
    try:
        found = checked.file(file, Baseline)
        for kind, figures in found.types.items():
            if sorted(figures.memory) != sorted(MEMORY):
                raise BadInput(f"[{kind}.memory] must hold {', '.join(MEMORY)}")
            if why := absurd(figures, file.stem):
                raise BadInput(f"[{kind}]: {why}, so no device has measured it")
    except BadInput as error:
        raise BadInput(
            f"damaged baseline ({error.what})",
            where=shown(file),
            hint=f"take it from git, or delete it and run {again}",
        ) from error
    return found


def absurd(figures: Figures, board: str) -> str:
    """Says why these figures cannot be those of a device, "" where they can: with them the gate
    would let everything pass."""
    size = figures.memory
    if size["flash_bytes"] != size["code_bytes"] + size["weights_bytes"]:
        return "flash_bytes is not the sum of code_bytes and weights_bytes"
    if size["static_ram_bytes"] < size["arena_bytes"]:
        return "static_ram_bytes is less than arena_bytes"
    if board in boards.names():
        memory = boards.load(board).memory
        if beyond := beyond_board(size, memory.flash_bytes, memory.ram_bytes):
            return str(beyond[0])
    counts = {f"cycles.{core}": spent for core, spent in figures.cycles.items()}
    if figures.instructions:
        counts["instructions"] = figures.instructions
    for name, spent in counts.items():
        # Layers of a core's cycles are rounded one by one.
        if not 0 < spent.whole < MOST or spent.overhead < -len(spent.layers):
            return f"{name}: a whole of {spent.whole:,}, layers of {sum(spent.layers.values()):,}"
        if spent.worst < spent.whole:
            return f"{name}: the worst of all inputs is less than the first"
        if figures.instructions and not (
            figures.instructions.whole <= FASTEST * spent.whole
            and spent.whole <= SLOWEST * figures.instructions.whole
        ):
            return f"{name}: {spent.whole:,} for {figures.instructions.whole:,} instructions"
    return ""


def text(model: str, place: str, content: Baseline) -> str:
    """The file: tables and names in a fixed order, layers as they are executed."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    first = ("inputs", "runtime", "toolchain")
    ordered = {name: plain[name] for name in (*first, *sorted(content.types)) if name in plain}
    board, _ = of_place(place)
    head = f"# {model} on {board}, as accepted by `{accept(model, place)}`; do not edit.\n"
    import tomlkit  # here, because only who writes needs it

    return head + tomlkit.dumps(ordered).rstrip("\n") + "\n"


def write(model: str, place: str, content: Baseline) -> Path | None:
    """The file, which appears whole or not at all; None where it is the same already."""
    file, new = path(model, place), text(model, place, content).encode()
    try:
        if file.is_file() and file.read_bytes() == new:
            return None
        file.parent.mkdir(parents=True, exist_ok=True)
        files.write(file, new)
    except OSError as error:
        raise BadInput(f"cannot write ({error.strerror})", where=shown(file)) from error
    return file


def accept(model: str, place: str) -> str:
    """The command that accepts what runs now."""
    board, runtime = of_place(place)
    words = ["boardless", "gate", "--update", model]
    if not (board in boards.names() and boards.load(board).default):
        words += ["--board", board]
    return shlex.join([*words, *(["--runtime", runtime] if runtime != OURS else [])])


def unused(models: tuple[str, ...] = ()) -> dict[Path, str]:
    """Files of `models` (default: of all folders of the zoo) that belong to nothing, and why."""
    found = {}
    for model, place in every():
        file, (board, _) = path(model, place), of_place(place)
        if models and model not in models:
            continue
        if model not in zoo.names():
            found[file] = f"there is no model {model}"
        elif board not in boards.names():
            found[file] = f"there is no board {board}"
        elif not zoo.types(model):
            found[file] = "the model has no type any more"
    return found


def remove(file: Path) -> None:
    try:
        file.unlink()
    except OSError as error:
        raise BadInput(f"cannot delete ({error.strerror})", where=shown(file)) from error
