"""Another revision of boardless, which runs its own sources in processes of its own.

It is read through the JSON of `boardless run`, which every revision writes.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import threading
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from boardless.core import checked, children, paths
from boardless.core.errors import BadInput, BoardlessError, ToolFailed
from boardless.core.programs import identity
from boardless.core.store import Store
from boardless.core.surroundings import in_ci
from boardless.device import build, compilers, emulators, platformio
from boardless.device.plugin import counter
from boardless.device.records import OURS, Board
from boardless.judge import figures, judged
from boardless.judge.records import Case
from boardless.model import graph, zoo
from boardless.path import Progress, keys

TIMEOUT = 1800  # seconds for one call of one revision; it only guards a hang


@dataclass(frozen=True)
class Side:
    """The figures of one case at one revision."""

    figures: figures.Figures
    reason: str  # why the outputs are wrong, "" where they are right
    toolchain: str


def side(data: Any, one: Any, graph: graph.Graph, stack: int, name: str) -> Side:
    """Returns what the JSON of two runs at revision `name` says of a case: of all inputs, and of
    the first. `stack` bytes are reserved. ToolFailed where it does not say it."""
    try:
        counts = one["instructions"]
        made = figures.from_json(
            data,
            graph,
            (counts["median"],) if counts else (),
            figures.cycles_from_json(one),
            reserved_stack_bytes=stack,
        )
        plain = {"figures": msgspec.to_builtins(made)}
        plain |= {key: data[key] for key in ("reason", "toolchain")}
        return checked.convert(plain, Side)
    except (LookupError, TypeError, ValueError, AttributeError, OverflowError) as error:
        what = f"its JSON is of another form ({type(error).__name__}: {error})"
        raise ToolFailed(what, where=name) from error


@dataclass
class Tree:
    """The sources of one revision, run by processes of their own that build into `build`."""

    root: Path
    name: str
    commit: str
    scratch: Path
    build: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def has(self, case: Case, inputs: figures.Inputs) -> bool:
        """Returns whether it can run `case` on these inputs."""
        own = not case.board.folder.is_relative_to(paths.BOARDS)
        board = self.root / "firmware" / "boards" / case.board.name / "board.toml"
        if (case.name, case.kind) not in self.models() or not (own or board.is_file()):
            return False
        return self.graph(case).input_tensor.shape[1:] == inputs.images.shape[1:]

    def models(self) -> set[tuple[str, str]]:
        found = (self.root / "models" / "zoo").glob("*/*.tflite")
        return {(p.parent.name, p.stem) for p in found if p.stem in zoo.TYPES}

    def graph(self, case: Case) -> graph.Graph:
        file = self.root / "models" / "zoo" / case.name / f"{case.kind}.tflite"
        return graph.read(file.read_bytes(), case.model)

    def card_accuracy(self, case: Case) -> float | None:
        """Returns what the card of a model stated, 0 to 1; None where it had none."""
        file = self.root / "models" / "zoo" / case.name / "results.toml"
        try:
            found = tomllib.loads(file.read_text()).get("accuracy", {}).get(case.kind)
        except (OSError, ValueError, AttributeError):
            return None
        return float(found) if isinstance(found, int | float) else None

    def judged(self) -> set[tuple[str, str, str]]:
        """Returns (model, type, board) of all that its gate judges: every model on every default
        board, and what its models/judged.toml names."""
        boards = [
            file.parent.name
            for file in (self.root / "firmware" / "boards").glob("*/board.toml")
            if self.board(file).get("default")
        ]
        found = {(name, kind, board) for name, kind in self.models() for board in boards}
        return found | judged.of_runtime(OURS, self.root / "models" / "judged.toml")

    def reserved_stack_bytes(self, board: Board) -> int:
        file = self.root / "firmware" / "boards" / board.name / "board.toml"
        if not board.folder.is_relative_to(paths.BOARDS):
            return board.memory.stack_bytes
        memory = self.board(file).get("memory")
        stack = memory.get("stack_bytes", 0) if isinstance(memory, dict) else 0
        return stack if isinstance(stack, int) else 0

    def board(self, file: Path) -> dict[str, Any]:
        """Returns the content of a board.toml, of whatever fields that revision had."""
        try:
            return tomllib.loads(file.read_text())
        except (OSError, ValueError, RecursionError) as error:
            where = str(file.relative_to(self.root))
            raise ToolFailed(f"{self.name}: {error}", where=where) from error

    def measure(
        self,
        cases: Sequence[Case],
        inputs: dict[str, figures.Inputs],
        stop: threading.Event,
        progress: Progress,
        *,
        fresh: bool = False,
    ) -> dict[str, Side | BoardlessError]:
        """Measures each case, or says why it cannot. What was measured before, by the same tools,
        comes from a store unless `fresh`: a commit never changes."""
        store = Store(paths.build_root() / "measured")
        found: dict[str, Side | BoardlessError] = {}
        stored = {case.names: self.key(case, inputs[case.name]) for case in cases}
        for case in [] if fresh or in_ci() else cases:
            known = store.get(stored[case.names])
            if isinstance(known, Side):
                found[case.names] = known
        left = [case for case in cases if case.names not in found]
        for name, board in dict.fromkeys((case.name, case.board.name) for case in left):
            group = [c for c in left if (c.name, c.board.name) == (name, board)]
            progress(f"{self.name}: {name} {board}", 0, 0)
            if stop.is_set():
                break
            for names, made in self.measure_group(group, inputs[name], stop).items():
                found[names] = made
                if isinstance(made, Side):
                    store.put(stored[names], made)
        return found

    def key(self, case: Case, inputs: figures.Inputs) -> str:
        """Returns a digest of all that the figures of a case at this commit depend on."""
        board = case.board
        own = not board.folder.is_relative_to(paths.BOARDS)
        emulator = emulators.choose(board)
        compiler = build.toolchain(board)
        parts = (
            *(keys.code()[0], self.commit, case.names, inputs.name, compiler, emulator),
            *(compilers.state(board), compilers.variables(os.environ)),
            emulators.load(emulator).version(board),
            identity(getattr(board.emulators[emulator], "program", "")),
            build.build_key(keys.NO_MODEL, board, compiler) if own else "",
        )
        return hashlib.sha256(repr(parts).encode()).hexdigest()

    def measure_group(
        self, group: Sequence[Case], inputs: figures.Inputs, stop: threading.Event
    ) -> dict[str, Side | BoardlessError]:
        """Runs types of one model on one board twice: on all inputs, and on the first, for its
        count of instructions. If one of several does not run, each runs alone."""
        self.scratch.mkdir(exist_ok=True)
        board, name = group[0].board, group[0].name
        platformio.lend(board.name, self.build)
        counter.lend(self.build)
        images = self.scratch / f"{name}.npz"
        np.savez(images, images=inputs.images)
        models = [case.model for case in group]
        try:
            whole = self.run(models, board.name, images, stop)
            first = self.run(models, board.name, images, stop, "--limit", "1")
        except BoardlessError as error:
            if len(group) == 1 or stop.is_set():
                return dict.fromkeys([case.names for case in group], error)
            alone = [self.measure_group([case], inputs, stop) for case in group]
            return {names: made for each in alone for names, made in each.items()}
        found: dict[str, Side | BoardlessError] = {}
        if not len(whole) == len(first) == len(group):
            raise ToolFailed("its JSON holds other cases than were asked for", where=self.name)
        for case, data, one in zip(group, whole, first, strict=True):
            stack = self.reserved_stack_bytes(board)
            found[case.names] = side(data, one, self.graph(case), stack, self.name)
        return found

    def run(
        self, models: list[str], board: str, images: Path, stop: threading.Event, *extra: str
    ) -> list[dict[str, Any]]:
        """Returns the JSON of `boardless run`, by this tree, for each model."""
        result, log = self.scratch / "run.json", self.scratch / "run.log"
        result.unlink(missing_ok=True)
        command = [sys.executable, "-m", "boardless", "run", *models, "--board", board]
        command += ["--jobs", "1", "--images", str(images), "--json", str(result), *extra]
        path = [str(self.root / "sim"), os.environ.get("PYTHONPATH", "")]
        environment = os.environ | {
            "PYTHONPATH": os.pathsep.join(filter(None, path)),
            "TMPDIR": str(self.scratch),  # what an interrupted compiler leaves goes with it
            "BOARDLESS_BUILD_DIR": str(self.build),
        }
        with (
            log.open("wb") as out,
            children.group(
                command, cwd=self.root, env=environment, stdout=out, stderr=subprocess.STDOUT
            ) as process,
        ):
            self.processes.append(process)
            if stop.is_set():
                process.terminate()
            try:
                status = process.wait(TIMEOUT)
            except subprocess.TimeoutExpired as error:
                raise ToolFailed(f"no end within {TIMEOUT} s", where=self.name) from error
        if status in (0, 1) and result.is_file():  # 1: outputs are wrong; the JSON says so
            try:
                data = json.loads(result.read_bytes())
            except (ValueError, RecursionError) as error:
                raise ToolFailed("it wrote no JSON", where=self.name) from error
            return data if isinstance(data, list) else [data]
        lines = log.read_text(errors="replace").strip().splitlines()
        said = [line for line in lines if line.startswith("boardless: ")] or lines[-1:]
        what = said[-1].removeprefix("boardless: ") if said else f"it ended with status {status}"
        kind = BadInput if status == 2 else ToolFailed
        raise kind(f"{self.name} does not run: {what}")

    def end(self) -> None:
        """Ends what runs, with its compilers."""
        for process in self.processes:
            if process.poll() is None:
                children.end(process)
