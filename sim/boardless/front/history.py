"""The history of a repository: what its baselines accepted at each commit, and the order of
commits.

entries = accepted(["digits_cnn"], ["mps2-an386"])
"""

from __future__ import annotations

import contextlib
import subprocess
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated

import msgspec

from boardless.core import checked, paths
from boardless.core.errors import BoardlessError, ToolFailed
from boardless.front import revisions
from boardless.judge.figures import Count
from boardless.judge.history import Entry
from boardless.model import zoo

MARK = "commit:"
BASELINES = ":(glob)models/zoo/*/baseline/*.toml"


class Counted(msgspec.Struct, frozen=True):
    """Instructions or cycles of an inference, as a baseline has them."""

    whole: Count | None = None
    layers: dict[str, Count] = {}


class Card(msgspec.Struct, frozen=True):
    """The accuracy of each type of a model on its held-out pictures, 0 to 1, as its card has it."""

    accuracy: dict[str, Annotated[float, msgspec.Meta(ge=0, le=1)]] = {}
    test_pictures: Count = 0


class Accepted(msgspec.Struct, frozen=True):
    """The figures of a baseline that are shown; older ones lack some of them."""

    memory: dict[str, Count] = {}
    instructions: Counted = Counted()
    cycles: dict[str, Counted] = {}  # by core


def order(folder: Path) -> dict[str, int]:
    """Returns the number of each commit that leads to HEAD, by its first 12 digits; none where
    `folder` is in no repository."""
    try:
        text = revisions.git("rev-list", "--topo-order", "--reverse", "HEAD", cwd=folder)
    except BoardlessError:
        return {}
    return {commit[:12]: number for number, commit in enumerate(text.split())}


def accepted(models: Sequence[str], boards: Sequence[str]) -> list[Entry]:
    """Returns what the baselines of the zoo accepted, at every commit that changed them. Without
    names: of all models, of all boards. Empty where the checkout is in no repository."""
    try:
        log = revisions.git(
            "log", "--reverse", f"--format={MARK}%H %cI", "--name-only", "--diff-filter=AM", "--",
            BASELINES,
        )  # fmt: skip
    except BoardlessError:
        return []
    wanted = []
    commit = date = ""
    for line in filter(None, log.splitlines()):
        if line.startswith(MARK):
            commit, _, date = line.removeprefix(MARK).partition(" ")
            continue
        name, board = Path(line).parts[-3], Path(line).stem
        named = {text for text in models if text.partition(":")[0] == name}
        if (named or not models) and (board in boards or not boards):
            wanted.append((commit, date, name, board, line))
    found = []
    cards = {(commit, name): f"models/zoo/{name}/results.toml" for commit, _, name, *_ in wanted}
    asked = [(c, path) for c, *_, path in wanted] + [(c, path) for (c, _), path in cards.items()]
    texts = dict(zip(asked, _contents(asked), strict=True))
    for commit, date, name, board, path in wanted:
        card = _card(texts[commit, cards[commit, name]])
        for entry in entries(texts[commit, path], card, commit, date, name, board):
            if not models or {name, entry.model} & {*models}:
                found.append(entry)
    return found


def accepted_of(cases: Iterable[tuple[str, str]]) -> list[Entry]:
    """Returns what the baselines accepted of (model, board), at every commit; nothing where the
    current folder is in a repository of the user's own, whose models may have names of the zoo."""
    if not Path.cwd().is_relative_to(paths.ROOT):
        return []
    names = zoo.names()
    wanted = {(m, b) for m, b in cases if m.partition(":")[0] in names}
    if not wanted:
        return []
    found = accepted(sorted({m for m, _ in wanted}), sorted({b for _, b in wanted}))
    return [entry for entry in found if (entry.model, entry.board) in wanted]


def _contents(wanted: Sequence[tuple[str, str]]) -> Iterator[bytes]:
    """Yields the content of each (commit, path): one process reads them all."""
    if not wanted:
        return
    asked = "".join(f"{commit}:./{path}\n" for commit, path in wanted).encode()
    try:
        done = subprocess.run(
            ["git", "cat-file", "--batch"],
            input=asked,
            cwd=paths.ROOT,
            capture_output=True,
            check=True,
            timeout=120,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolFailed(f"git: {error}") from error
    data, at = done.stdout, 0
    for _ in wanted:
        end = data.index(b"\n", at)
        head = data[at:end].split()
        if head[-1] == b"missing":
            at = end + 1
            yield b""
            continue
        size = int(head[2])
        yield data[end + 1 : end + 1 + size]
        at = end + 1 + size + 1


def _card(text: bytes) -> Card:
    """Returns what the card of a model states; nothing where there is none, or a damaged one."""
    try:
        return checked.convert(tomllib.loads(text.decode()), Card)
    except (ValueError, RecursionError, msgspec.ValidationError):
        return Card()


def entries(text: bytes, card: Card, commit: str, date: str, name: str, board: str) -> list[Entry]:
    """Returns what a baseline accepted of each type of a model; none of what is damaged, such as a
    file with a conflict that was committed."""
    try:
        table = tomllib.loads(text.decode())
    except (ValueError, RecursionError):
        return []
    found = []
    for kind in zoo.TYPES:
        if kind in table:
            with contextlib.suppress(msgspec.ValidationError):
                about = checked.convert(table[kind], Accepted)
                accuracy = card.accuracy.get(kind)
                entry = _entry(commit, date, f"{name}:{kind}", board, about)
                of = 0 if accuracy is None else card.test_pictures
                found.append(msgspec.structs.replace(entry, accuracy=accuracy, of=of))
    return found


def _entry(commit: str, date: str, model: str, board: str, about: Accepted) -> Entry:
    memory, counted, by_core = about.memory, about.instructions, about.cycles
    target = min(by_core, default="")
    cycles = by_core.get(target, Counted())
    static, stack = memory.get("static_ram_bytes"), memory.get("stack_bytes", 0)
    return Entry(
        commit=commit[:12],
        date=date,
        model=model,
        board=board,
        accepted=True,
        target=target,
        cycles=cycles.whole,
        instructions=counted.whole,
        ram=None if static is None else static + stack,
        flash=memory.get("flash_bytes"),
        layers=cycles.layers if target else counted.layers,
    )
