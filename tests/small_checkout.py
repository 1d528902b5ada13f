"""A copy of the checkout with one model, to plant regressions in.

checkout = Checkout(tmp_path)
assert checkout.gate("digits_cnn:int8").returncode == 0
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from boardless import paths, zoo
from boardless.gate import baseline
from conftest import Cli, Completed


class Checkout:
    """A copy of what a firmware is made of, with one model, and the command run on it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cli = Cli()
        for name in ("sim/boardless", "firmware", "models/zoo/digits_cnn"):
            ignored = shutil.ignore_patterns("__pycache__", "examples")
            shutil.copytree(paths.ROOT / name, root / name, ignore=ignored)
        for name in ("platformio.ini", "models/gate.toml"):
            shutil.copyfile(paths.ROOT / name, root / name)
        (root / ".gitignore").write_text("__pycache__/\n/build\n/.pio\n")
        for board in (root / "firmware/boards").glob("*/board.toml"):  # one default board is enough
            if board.parent.name != "mps2-an386":
                text = board.read_text()
                board.write_text(text.replace("default = true", "default = false"))

    @property
    def environment(self) -> dict[str, str]:
        search = [str(self.root / "sim"), os.environ.get("PYTHONPATH", "")]
        return {
            "PYTHONPATH": os.pathsep.join(filter(None, search)),
            "BOARDLESS_BUILD_DIR": str(self.root / "build"),
        }

    def gate(self, *arguments: str, **environment: str) -> Completed:
        return self.cli("gate", *arguments, **(self.environment | environment))

    def fails(self, status: int, *arguments: str, **environment: str) -> str:
        return self.cli.fails(status, "gate", *arguments, **(self.environment | environment))

    def baseline(self) -> Path:
        return self.root / baseline.path("digits_cnn", "mps2-an386").relative_to(paths.ROOT)

    def edit(self, file: str | Path, old: str, new: str) -> None:
        path = self.root / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new.format(old=old)))

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
