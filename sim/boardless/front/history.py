"""The history of a repository: what its baselines accepted at each commit, and the order of
commits.

entries = accepted(["digits_cnn"], ["mps2-an386"])
"""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from boardless.core import paths
from boardless.core.errors import BoardlessError, ToolFailed
from boardless.front import revisions
from boardless.judge.history import Entry
from boardless.model import zoo

MARK = "commit:"
BASELINES = ":(glob)models/zoo/*/baseline/*.toml"


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
    for (commit, date, name, board, _), text in zip(
        wanted, _contents([(c, path) for c, *_, path in wanted]), strict=True
    ):
        for kind, about in _types(text).items():
            if not models or {name, f"{name}:{kind}"} & {*models}:
                found.append(_entry(commit, date, f"{name}:{kind}", board, about))
    return found


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


def _types(text: bytes) -> dict[str, dict[str, Any]]:
    try:
        table = tomllib.loads(text.decode())
    except ValueError:  # such as a baseline with a conflict that was committed
        return {}
    return {kind: table[kind] for kind in zoo.TYPES if isinstance(table.get(kind), dict)}


def _entry(commit: str, date: str, model: str, board: str, about: dict[str, Any]) -> Entry:
    """Returns a baseline's figures; older baselines lack some of them."""
    memory, counted = about.get("memory", {}), about.get("instructions", {})
    by_core: dict[str, dict[str, Any]] = about.get("cycles", {})
    target = min(by_core, default="")
    cycles = by_core.get(target, {})
    static, stack = memory.get("static_ram_bytes"), memory.get("stack_bytes", 0)
    return Entry(
        commit=commit[:12],
        date=date,
        model=model,
        board=board,
        accepted=True,
        target=target,
        cycles=cycles.get("whole"),
        instructions=counted.get("whole"),
        ram=None if static is None else static + stack,
        flash=memory.get("flash_bytes"),
        layers=(cycles or counted).get("layers", {}),
    )
