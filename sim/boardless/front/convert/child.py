"""A converter in a process of its own, which may end over a model, and whose noise goes to a log.

with Converter("keras", python, log, folder) as converter:
    versions = converter.float32(Path("net.keras"), "", Path("net.tflite")).versions
"""

from __future__ import annotations

import json
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from boardless.core import children
from boardless.core.errors import BadInput, ToolFailed, ToolMissing

WORKER = Path(__file__).with_name("worker.py")
KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME")
LONGEST_LINE = 1 << 16


@dataclass(frozen=True)
class About:
    """The versions of the packages that have converted a model, and the meaning of pixels to it
    where that cannot be seen in the .tflite, such as 0..255; else ""."""

    versions: dict[str, str]
    pixels: str


class Converter(children.Companion):
    """One process, for one model. What it writes goes to `log`, its temporary files to `folder`,
    where nothing stays."""

    def __init__(self, name: str, python: str, log: IO[bytes], folder: Path) -> None:
        self.name, self.python, self.log, self.folder = name, python, log, folder
        environment = {key: os.environ[key] for key in KEPT if key in os.environ} | {
            "TMPDIR": str(folder),
            "KERAS_HOME": str(folder),
            "KERAS_BACKEND": "tensorflow",
            "PYTHONSAFEPATH": "1",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "",  # a result depends on the machine there
            "HF_HUB_OFFLINE": "1",
        }
        command = [python, str(WORKER), name]
        super().__init__(f"the converter by {python}", command, stderr=log, env=environment)

    def float32(self, path: Path, function: str, file: Path) -> About:
        """Writes a .tflite without quantisation."""
        about = {"path": str(path.absolute()), "function": function, "folder": str(self.folder)}
        answer = self._ask(where=str(path), do="float32", file=str(file), **about)
        return About(answer["versions"], answer["pixels"])

    def int8(self, path: Path, inputs: Path, file: Path) -> None:
        """Writes a .tflite of int8 of the model that float32() was asked for; ranges are those of
        a .npy of `inputs`."""
        self._ask(where=str(path), do="int8", inputs=str(inputs), file=str(file))

    def close(self) -> None:
        children.kill_group(self.process.pid)  # it may be busy, and may have started others
        super().close()

    def _ask(self, where: str, **about: str) -> dict[str, Any]:
        """BadInput where the converter refuses the model, ToolMissing where it is not installed,
        ToolFailed where it fails or ends."""
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(json.dumps(about).encode() + b"\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline(LONGEST_LINE)
        except OSError:
            line = b""
        if not line.endswith(b"\n"):
            raise self._ended(where)
        answer = self._read(line, where)
        match answer.get("error"):
            case "refused":
                raise BadInput(answer["what"], where=where, hint=answer["hint"])
            case "missing":
                raise ToolMissing(
                    f"{answer['what']} is not installed, which converts it",
                    where=where,
                    hint=f"pip install 'boardless[{self.name}]', or --python names another Python "
                    "that has it",
                )
            case "failed":
                raise ToolFailed(
                    f"the converter fails: {answer['what']}", where=where, hint=self._more()
                )
        return answer

    def _read(self, line: bytes, where: str) -> dict[str, Any]:
        try:
            answer: dict[str, Any] = json.loads(line)
            return answer | {}  # refuses what is no dict
        except (ValueError, TypeError) as error:
            raise ToolFailed(
                f"{self.python} says what no converter does: {line[:60]!r}",
                where=where,
                hint="--python names a Python that has the converter",
            ) from error

    def _ended(self, where: str) -> ToolFailed:
        status = self.process.wait()
        how = f"status {status}" if status >= 0 else signal.Signals(-status).name
        last = f": {line}" if (line := self._logged()) else ""
        return ToolFailed(
            f"the converter ended with {how} on this model{last}", where=where, hint=self._more()
        )

    def _more(self) -> str:
        return "--log FILE keeps all that it wrote"

    def _logged(self) -> str:
        """Returns the last line that it has written, "" where there is none."""
        size = os.fstat(self.log.fileno()).st_size
        lines = os.pread(self.log.fileno(), 1 << 16, max(0, size - (1 << 16))).splitlines()
        texts = (line.decode("utf8", "replace").strip()[:200] for line in reversed(lines))
        return next(filter(None, texts), "")
