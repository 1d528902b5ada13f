"""A copy of the checkout, and a shell in it as a reader of the documentation has one."""

from __future__ import annotations

import contextlib
import doctest
import fcntl
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import kept
from boardless.core import paths
from boardless.device import boards
from boardless.judge import baseline, toolchain

SECONDS = 180  # for one command
PROGRESS = re.compile(
    r"^\S+( \S+)? (building|reference|inferring|pricing|accuracy|performance|counting)$"
)
MATCH = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LINES = re.compile(r"\s*^\.\.\.$\s*", re.MULTILINE)  # any number of lines, none as well
FIGURE = r"\d(?:[\d,.]*\d)?"
GIT = ("-c", "user.name=reader", "-c", "user.email=reader@example.com")


@dataclass(frozen=True)
class Done:
    status: int
    output: str  # standard output and error, without the progress of steps


class Shell:
    """Commands one after the other; folder, variables and exit status last from one to the next."""

    def __init__(self, folder: Path, shared: Path) -> None:
        """Works in `folder`; what all shells have in common is in `shared`."""
        self.root = folder / "boardless"
        self._state = folder / "state.sh"
        self._status = 0
        self._groups: list[int] = []
        shutil.copytree(clone(shared), self.root, symlinks=True)
        share_builds(self.root)
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
        python = os.pathsep.join(
            filter(None, [str(self.root / "sim"), os.environ.get("PYTHONPATH")])
        )
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "GIT_"))}
        for name in (
            "BOARDLESS_BUILD_DIR",
            "BOARDLESS_BOARDS",
            "BOARDLESS_RUNTIMES",
            "CI",
            "NO_COLOR",
            "COV_CORE_SOURCE",
        ):
            kept.pop(name, None)
        self._environment = kept | {
            "PATH": path,
            "PYTHONPATH": python,
            "PYTHONUNBUFFERED": "1",  # so that the two streams mix as on a terminal
            "NOX_DEFAULT_VENV_BACKEND": "none",  # what a session needs is installed here
            "GIT_CONFIG_GLOBAL": os.devnull,
            **{
                f"GIT_{who}_{what}": f"reader{'@example.com' * (what == 'EMAIL')}"
                for who in ("AUTHOR", "COMMITTER")
                for what in ("NAME", "EMAIL")
            },
        }
        self._state.write_text(f"cd {shlex.quote(str(self.root))}\n")

    def run(self, command: str) -> Done:
        state = shlex.quote(str(self._state))
        script = (
            f". {state}\n(exit {self._status})\n{command}\n"
            f'_status=$?\n{{ export -p; echo "cd $(printf %q "$PWD")"; }} >{state}\n'
            "exit $_status\n"
        )
        process = subprocess.Popen(
            ["bash", "-c", script],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=self._environment,
            start_new_session=True,
        )
        self._groups.append(process.pid)
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            self.close()
            output, _ = process.communicate()
            output += f"\nnot done within {SECONDS} s"
        self._status = process.returncode
        lines = [line for line in output.splitlines() if not PROGRESS.match(line)]
        return Done(self._status, "\n".join(lines))

    def write(self, name: str, text: str) -> None:
        """A file, as seen from the folder that the shell is in."""
        target = Path(self.run("pwd").output) / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def close(self) -> None:
        """Nothing that a page has started outlives it."""
        for group in self._groups:
            try:
                os.killpg(group, signal.SIGKILL)
            except ProcessLookupError:
                continue


def clone(shared: Path) -> Path:
    """Returns a copy of the checkout in `shared`, which the first makes who asks; others wait."""
    found, half = shared / "clone", shared / "clone-half"
    with (shared / "clone.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not found.is_dir():
            shutil.rmtree(half, ignore_errors=True)
            copy(half)
            half.rename(found)
    return found


def copy(target: Path) -> None:
    """The checkout as a reader would clone it, with what is not committed yet, and what Python has
    made of its modules, so that not each page compiles them again."""
    git = ["git", "-C", str(paths.ROOT)]
    listed = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        source = paths.ROOT / name
        if source.is_file():  # else deleted, but not yet committed
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target / name)
        if source.suffix == ".py":
            for made in (source.parent / "__pycache__").glob(f"{source.stem}.*.pyc"):
                place = (target / name).parent / made.parent.name
                place.mkdir(exist_ok=True)
                shutil.copy2(made, place)
    for command in ("init -q -b main", "add -A", "commit -q -m clone", "repack -adq"):
        run = ["git", *GIT, *command.split()]
        subprocess.run(run, cwd=target, check=True, capture_output=True)


def share_builds(target: Path) -> None:
    """Copies the checkout's builds of the pages' usual model, so that they are not built again for
    each page. A page that changes a kernel builds something else under the same name, so links
    would not do, except to objects that are named by what they were made of."""
    (target / "build").mkdir()
    (paths.build_root() / "plugin").mkdir(parents=True, exist_ok=True)
    (target / "build" / "plugin").symlink_to(paths.build_root() / "plugin")
    kept.objects().mkdir(parents=True, exist_ok=True)
    (target / "build" / "tests").mkdir()
    (target / "build" / "tests" / "objects").symlink_to(kept.objects())
    kept.share_objects(target, boards.names())
    for name in boards.names():
        for built in (paths.build_root() / name).glob("digits_cnn-*"):
            with contextlib.suppress(shutil.Error):  # in mid-build: then it is no use, either
                shutil.copytree(built, target / "build" / name / built.name)


def same_toolchain() -> bool:
    """Returns True if the tool chain is that of the baselines; then figures are those of the
    pages."""
    board = boards.load("mps2-an386")
    accepted = baseline.read("digits_cnn", board.name)
    return accepted is not None and accepted.toolchain == toolchain.identity(board)


def matches(expected: str, printed: str, *, figures: bool) -> bool:
    """Returns True if `printed` is what a page shows; without `figures`, numbers may differ."""
    texts = [LINES.sub("...", expected), printed]
    texts = [re.sub(r"-{2,}", "--", text) for text in texts]  # a table's borders
    if not figures:
        texts = [re.sub(r"\d[\d,.]*", "#", text) for text in texts]
    want, got = (text.strip() + "\n" for text in texts)
    return doctest.OutputChecker().check_output(want, got, MATCH)


def renewed(expected: str, printed: str) -> str | None:
    """`expected` with the figures that were `printed`; None where more than figures differ."""
    pieces = re.split(
        rf"({LINES.pattern}|\.\.\.|{FIGURE}|-{{2,}}|\s+)", expected, flags=re.MULTILINE
    )
    pattern, figures = "", []
    for i, piece in enumerate(pieces):
        if "..." in piece:
            pattern += ".*?"
        elif piece[:1].isdigit():
            figures.append(i)
            pattern += f"({FIGURE})"
        elif piece.isspace():
            pattern += r"\s+"
        else:
            pattern += "-{2,}" if piece.startswith("--") else re.escape(piece)
    found = re.fullmatch(rf"\s*{pattern}\s*", printed, re.DOTALL)
    if found is None:
        return None
    for i, figure in zip(figures, found.groups(), strict=True):
        in_table = "".join(pieces[:i]).rpartition("\n")[2].startswith("|")
        pieces[i] = figure.rjust(len(pieces[i])) if in_table else figure
    return "".join(pieces)
