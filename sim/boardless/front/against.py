"""Two revisions, built by the same tool chain: no baseline is needed.

The old revision runs its own sources in processes of its own and is read through the JSON of
`boardless run`, which every revision writes. The working tree goes the usual path, on the same
inputs.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from boardless.core import children, paths, scratch, unpack
from boardless.core.errors import BadInput, BoardlessError, ToolFailed, ToolMissing, TooSmall
from boardless.device.records import Run
from boardless.judge import figures, growth, predictions
from boardless.judge.figures import Spent
from boardless.judge.gating import no_cycles, wrong
from boardless.judge.growth import Finding
from boardless.judge.records import Case, Comparison, Judgement, Misfit
from boardless.judge.tolerances import Tolerances
from boardless.model import graph, zoo
from boardless.path import FIRST, GATE, Progress, Request, named, prepare
from boardless.path.cases import measurements

TIMEOUT = 1800  # seconds for one call of one revision; it only guards a hang
NO_CYCLES = no_cycles("the run estimated none")


def against(
    revision: str,
    cases: Sequence[Case],
    tolerances: Tolerances,
    progress: Progress,
) -> Judgement:
    """Compares the working tree, with what is not committed, with `revision`."""
    cases, misfits = fitting(cases, progress)
    with checkout(revision) as (commit, tree), scratch.folder("against") as folder:
        before = Tree(tree, revision, folder / "old", folder / "build")
        inputs = {name: figures.inputs(name) for name in dict.fromkeys(c.name for c in cases)}
        known = [case for case in cases if before.has(case, inputs[case.name])]
        old, new = measure_both(before, known, cases, inputs, progress)
        gone = before.models() - {(name, kind) for name in zoo.names() for kind in zoo.types(name)}
    after = f"against {revision}"
    rows = []
    for case in cases:
        made, was = new[case.names], old.get(case.names)
        row = Comparison(case, made.reason, inputs[case.name].name, made.figures, after)
        found = wrong(row)
        if found:
            pass
        elif was is None:
            found = [Finding("skipped", "", f"not in {revision}, or there of another input shape")]
        else:
            same = was.toolchain == made.toolchain
            found = growth.compare(
                was.figures,
                made.figures,
                tolerances.of(case.model, case.board.name),
                core=case.board.core,
                exact_outputs=same or case.kind == "int8",
                same_compiler=same,
                no_cycles="" if made.figures.cycles else NO_CYCLES,
            )
            if not same:
                text = f"not comparable: built by {made.toolchain}, before by {was.toolchain}"
                found.append(Finding("skipped", "", text))
            row = replace(row, old=was.figures, comparable=same)
        rows.append(replace(row, findings=tuple(found)))
    notes = [f"against {revision} ({commit[:12]})"]
    if git("status", "--porcelain", "--untracked-files=no"):
        notes.append("what is not committed in the working tree was compared, too")
    if gone:
        names = ", ".join(f"{name}:{kind}" for name, kind in sorted(gone))
        notes.append(f"only in {revision}: {names}")
    return Judgement(tuple(rows), notes=tuple(notes), misfits=tuple(misfits))


def fitting(cases: Sequence[Case], progress: Progress) -> tuple[list[Case], list[Misfit]]:
    """Returns (cases that fit into their boards now, the others)."""
    fit, others = [], []
    for case in cases:
        try:
            prepare(Request(case.model, case.board.name), named(progress, case.names))
            fit.append(case)
        except TooSmall as error:
            others.append(Misfit(case, error.what, fitted=False))
    return fit, others


@dataclass(frozen=True)
class Side:
    """The figures of one case at one revision."""

    figures: figures.Figures
    reason: str  # why the outputs are wrong, "" where they are right
    toolchain: str


@dataclass
class Tree:
    """The sources of one revision, run by processes of their own that build into `build`."""

    root: Path
    name: str
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

    def measure(
        self,
        cases: Sequence[Case],
        inputs: dict[str, figures.Inputs],
        stop: threading.Event,
        progress: Progress,
    ) -> dict[str, Side]:
        """Runs each case twice: on all inputs, and on the first, for its count of instructions."""
        self.scratch.mkdir(exist_ok=True)
        found = {}
        for name, board in dict.fromkeys((case.name, case.board.name) for case in cases):
            group = [c for c in cases if (c.name, c.board.name) == (name, board)]
            images = self.scratch / f"{name}.npz"
            np.savez(images, images=inputs[name].images)
            progress(f"{self.name}: {name} {board}", 0, 0)
            whole = self.run([c.model for c in group], board, images, stop)
            first = self.run([c.model for c in group], board, images, stop, "--limit", "1")
            for case, data, one in zip(group, whole, first, strict=True):
                counts = one["instructions"]
                instructions = (counts["median"],) if counts else ()
                cycles = figures.cycles_from_json(one)
                made = figures.from_json(data, self.graph(case), instructions, cycles)
                found[case.names] = Side(made, data["reason"], data["toolchain"])
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
            data = json.loads(result.read_bytes())
            return data if isinstance(data, list) else [data]
        lines = log.read_text(errors="replace").strip().splitlines()
        said = [line for line in lines if line.startswith("boardless: ")] or lines[-1:]
        what = said[-1].removeprefix("boardless: ") if said else f"it ended with status {status}"
        kind = BadInput if status == 2 else ToolFailed
        raise kind(f"{self.name} does not run: {what}")

    def end(self) -> None:
        """Ends what runs, with its compilers."""
        for process in self.processes:
            children.end(process)


def measure_both(
    before: Tree,
    old: Sequence[Case],
    new: Sequence[Case],
    inputs: dict[str, figures.Inputs],
    progress: Progress,
) -> tuple[dict[str, Side], dict[str, Side]]:
    """Returns what is compared (of the old revision, of the working tree), measured at the same
    time."""
    stop = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        try:
            was = pool.submit(before.measure, old, inputs, stop, progress)
            now = measure_now(new, was, progress)
            return was.result(), now
        except BaseException:
            stop.set()
            before.end()
            raise


def measure_now(
    cases: Sequence[Case], other: Future[dict[str, Side]], progress: Progress
) -> dict[str, Side]:
    """Returns what is compared of the working tree; raises what went wrong here or in `other`."""
    requests = [Request(case.model, case.board.name, sets=(GATE, FIRST), jobs=1) for case in cases]
    found = {}
    for case, made in zip(cases, measurements(requests, progress), strict=True):
        if other.done():
            other.result()
        if isinstance(made, BoardlessError):
            raise made
        gate, first = made.runs[GATE], made.runs[FIRST]
        reason = predictions.compare(gate.outputs, gate.reference).reason
        found[case.names] = Side(
            figures.gather(gate, like_json(first)), reason, gate.build.toolchain
        )
    return found


def like_json(run: Run) -> dict[str, Spent]:
    """Returns cycles per core of a run of one input, as `figures.cycles_from_json` reads them from
    an older revision's JSON: layers have two decimals there, and the worst input is not known."""
    names = {x.index: figures.label({"op": x.op, "index": x.index}) for x in run.build.layers}
    return {
        c.target.name: Spent(
            whole=round(c.median),
            layers={name: round(round(c.regions.get(k, 0.0), 2)) for k, name in names.items()},
            table=c.table,
        )
        for c in run.cycles
    }


@contextlib.contextmanager
def checkout(revision: str) -> Iterator[tuple[str, Path]]:
    """(commit, its sources in a temporary folder that is removed in any case).

    `git archive` leaves no trace in the repository, unlike a worktree that a kill leaves behind.
    """
    commit = resolve(revision)
    with scratch.folder("revision") as folder:
        tree, archive = folder / "tree", folder / "tree.tar"
        git("archive", "--output", str(archive), commit)
        unpack.tar(archive, tree)
        if not (tree / "sim" / "boardless" / "__main__.py").is_file():
            raise BadInput(f"revision {revision} has no sim/boardless", hint="choose a later one")
        yield commit, tree


def resolve(revision: str, folder: Path | None = None) -> str:
    """The full hash of a commit of the repository that `folder` (default: the checkout) is
    in."""
    if shutil.which("git") is None:
        raise ToolMissing("git is not installed", hint="apt-get install git")
    try:
        git("rev-parse", "--git-dir", cwd=folder)
    except ToolFailed as error:
        raise BadInput(
            f"--against needs a git checkout ({error.what})", where=str(folder or paths.ROOT)
        ) from error
    try:
        named = f"{revision}^{{commit}}"
        return git("rev-parse", "--verify", "--quiet", "--end-of-options", named, cwd=folder)
    except ToolFailed as error:
        raise BadInput(
            f"unknown revision {revision!r}", hint="see `git log`, or fetch it"
        ) from error


def git(*arguments: str, cwd: Path | None = None) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments],
            cwd=cwd or paths.ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"git: {error}") from error
    if done.returncode:
        raise ToolFailed((done.stderr.strip().splitlines() or ["git failed"])[0])
    return done.stdout.strip()
