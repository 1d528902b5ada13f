"""A copy of the checkout with one model, to plant regressions in.

checkout = Checkout(tmp_path)
assert checkout.gate("digits_cnn:int8").returncode == 0
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import kept
from boardless.core import paths
from boardless.device import boards
from boardless.judge import baseline
from boardless.model import compiler, zoo
from command_line import Cli, Completed, failure

BUILT = (".git", ".pio", "build")
ROOM = ("code_bytes", "flash_bytes")


class Checkout:
    """A copy of what a firmware is made of, with one model, and the command run on it. `built`
    objects of the board are copied, too."""

    def __init__(self, root: Path, *, built: bool = True) -> None:
        self.root = root
        self.cli = Cli()
        self.known: dict[Path, tuple[str, bytes]] = {}  # file -> (its state, its content)
        for name in ("sim/boardless", "firmware", "models/zoo/digits_cnn"):
            shutil.copytree(
                paths.ROOT / name, root / name, ignore=shutil.ignore_patterns("examples")
            )
        if built:
            kept.share_objects(root, ["mps2-an386"])
        shutil.copyfile(paths.ROOT / "platformio.ini", root / "platformio.ini")
        self.judge_only("digits_cnn", "mps2-an386")
        # A planted loop takes bytes, too; the tests are about its time.
        (root / "models/gate.toml").write_text(
            "".join(f'[[tolerance]]\nmetric = "{m}"\npercent = 1\n' for m in ROOM)
        )
        (root / ".gitignore").write_text("__pycache__/\n/build\n/.pio\n")
        for board in (root / "firmware/boards").glob("*/board.toml"):  # one default board is enough
            if board.parent.name != "mps2-an386":
                text = board.read_text()
                board.write_text(text.replace("default = true", "default = false"))

    @classmethod
    def copied(cls, other: Path, root: Path) -> Checkout:
        """Returns a copy of a checkout, with all that was built and measured in it."""
        shutil.copytree(other, root, symlinks=True)
        made = cls.__new__(cls)
        made.root, made.cli, made.known = root, Cli(), {}
        return made

    def judge_only(self, model: str, board: str) -> None:
        """Leaves this model's baseline on this board, and its cases of those that are judged."""
        folder = self.root / "models/zoo" / model / "baseline"
        for file in folder.rglob("*.toml"):
            if file != folder / f"{board}.toml":
                file.unlink()
        text = f'[{model}]\n{board} = ["float32", "int8"]\n'
        (self.root / "models/judged.toml").write_text(text)

    def without_float32(self) -> None:
        """Leaves one type, which is enough for most tests and takes half of the time."""
        (self.root / "models/zoo/digits_cnn/float32.tflite").unlink()
        head, mark, int8 = self.baseline().read_text().partition("[int8]")
        self.baseline().write_text(head.partition("[float32]")[0] + mark + int8)
        judged = self.root / "models/judged.toml"
        judged.write_text(judged.read_text().replace('"float32", ', ""))

    @property
    def environment(self) -> dict[str, str]:
        search = [str(self.root / "sim"), os.environ.get("PYTHONPATH", "")]
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, search)),
            "BOARDLESS_BUILD_DIR": str(self.root / "build"),
        }

    def gate(self, *arguments: str, **environment: str) -> Completed:
        return self.cli.process("gate", *arguments, **(self.environment | environment))

    def fails(self, status: int, *arguments: str, **environment: str) -> str:
        return failure(self.gate(*arguments, **environment), status)

    def baseline(self) -> Path:
        return self.root / baseline.path("digits_cnn", "mps2-an386").relative_to(paths.ROOT)

    def edit(self, file: str | Path, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new.format(old=old)))

    def plant(self, code: str) -> None:
        """C at the beginning of what computes the pooling layer on this board."""
        variants = boards.load("mps2-an386").variants
        program = compiler.compile_graph(zoo.find("digits_cnn:int8").graph, variants)
        head = re.compile(rf"(bl_status {program.layers[1].call.function}\([^{{]*\{{)")
        sources = (self.root / "firmware/kernels/max_pool_2d").glob("*.c")
        (file,) = [source for source in sources if head.search(source.read_text())]
        file.write_text(head.sub(lambda found: f"{found[1]}\n  {code}", file.read_text()))

    def slow(self) -> None:
        """A few bytes more, and a tenth of the cycles of an inference."""
        self.plant('__asm__ volatile("mov r12, #400\\n1: subs r12, #1\\nbne 1b" ::: "r12", "cc");')

    def accept(self, more: int) -> int:
        """Moves what was accepted of the pooling layer's instructions; what they really are."""
        head, _, int8 = self.baseline().read_text().partition("[int8]")
        counts, _, rest = int8.partition("[int8.cycles")
        (layer,) = map(int, re.findall(r'"max pool 1" = (\d+)', counts))
        (whole,) = map(int, re.findall(r"whole = (\d+)", counts))
        counts = counts.replace(f'"max pool 1" = {layer}', f'"max pool 1" = {layer + more}')
        counts = counts.replace(f"whole = {whole}", f"whole = {whole + more}")
        counts = counts.replace(f"worst = {whole}", f"worst = {whole + more}")
        self.baseline().write_text(f"{head}[int8]{counts}[int8.cycles{rest}")
        return layer

    @contextlib.contextmanager
    def undone(self) -> Iterator[None]:
        """Undoes what the block changes in the sources, which are all but what is built."""
        kept = self.sources()
        for path, state in kept.items():
            if self.known.get(path, ("", b""))[0] != state:
                self.known[path] = state, path.read_bytes()
        try:
            yield
        finally:
            now = self.sources()
            for path in now.keys() - kept.keys():
                path.unlink()
            for path, state in kept.items():
                if now.get(path) != state:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(self.known[path][1])

    def sources(self) -> dict[Path, str]:
        """Returns each file with what changes whenever somebody writes it."""
        found: dict[Path, str] = {}
        for folder, folders, files in os.walk(self.root):
            top = Path(folder) == self.root
            folders[:] = [f for f in folders if f != "__pycache__" and not (top and f in BUILT)]
            for path in (Path(folder, name) for name in files):
                if path.is_file():
                    about = path.stat()
                    found[path] = f"{about.st_ino} {about.st_mtime_ns} {about.st_ctime_ns}"
        return found

    def flip(self) -> None:
        """The lowest bit of one weight of the convolution."""
        path = self.root / "models/zoo/digits_cnn/int8.tflite"
        graph = zoo.find("digits_cnn:int8").graph
        weights = graph.tensors[graph.operators[0].inputs[1]].data
        assert weights is not None
        content = bytearray(path.read_bytes())
        content[bytes(content).index(weights.tobytes()) + 4] ^= 1
        path.write_bytes(content)

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
        done = subprocess.run(
            ["git", *who, *arguments], cwd=self.root, capture_output=True, text=True, check=True
        )
        return done.stdout.strip()
