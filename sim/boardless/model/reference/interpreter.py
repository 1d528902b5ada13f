"""An interpreter in a process of its own: a model that makes it abort ends that one only.

with borrowed() as interpreter:
    outputs = interpreter.predict(content, inputs, progress)

A process serves one caller at a time and stays for the next, so that only the first call waits for
its start. It gets none of our environment but what Python needs, and ends with us: by a pipe, since
the kernel's death signal comes when the thread ends that has started it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import re
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from boardless.core import children
from boardless.core.errors import BadInput, ToolFailed
from boardless.model import profiles
from boardless.model.profiles import Answerer

WORKER = Path(__file__).with_name("worker.py")
KEPT = ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME", "TMPDIR")
LONGEST_LINE = 1 << 16
REFUSED = "check how the model was exported"
USUAL = profiles.load().answerers[0]
HINT = "the reference cannot run this model on these inputs; convert it again"

_idle: dict[Answerer, list[Interpreter]] = {}
_lock = threading.Lock()


class Interpreter(children.Companion):
    """One process."""

    def __init__(self, answerer: Answerer = USUAL) -> None:
        self.answerer = answerer
        self.log: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
        environment = {key: os.environ[key] for key in KEPT if key in os.environ}
        environment["TF_CPP_MIN_LOG_LEVEL"] = "3"  # its own log is not ours
        command = [sys.executable, "-P", str(WORKER), str(answerer.file), answerer.kernels]
        try:
            super().__init__("the reference interpreter", command, stderr=self.log, env=environment)
        except ToolFailed:
            self.log.close()
            raise

    def predict(
        self,
        content: bytes,
        inputs: npt.NDArray[Any],
        progress: Callable[[int], None],
        keep_state: bool = False,
        tensors: Sequence[int] = (),
    ) -> npt.NDArray[Any]:
        """Returns raw outputs (N, values), of no input none; or with `tensors` the bytes (N, ...)
        of these, one after another, which only LiteRT's interpreter knows. BadInput where the
        interpreter refuses the model, ToolFailed where it ends over it."""
        assert self.process.stdin
        about: dict[str, Any] = {
            "content": len(content),
            "dtype": inputs.dtype.name,
            "shape": inputs.shape,
        }
        about |= {"keep_state": keep_state, "tensors": list(tensors)}
        logged = os.fstat(self.log.fileno()).st_size
        try:
            self.process.stdin.write(json.dumps(about).encode() + b"\n" + content)
            self.process.stdin.write(np.ascontiguousarray(inputs).tobytes())
            self.process.stdin.flush()
        except OSError as error:
            raise self._ended() from error
        said = self._line()
        if "error" in said:
            why = re.sub(r"(?<=\S)Node number", ", node number", said["error"])
            if said["explained"] and (more := self._logged(logged)):
                why = f"{why.rstrip('.')}: {more}"
            raise BadInput(f"the reference interpreter refuses the model: {why}", hint=REFUSED)
        dtype, size = np.dtype(said["dtype"]), int(said["bytes"])
        outputs = []
        for _ in range(len(inputs)):
            outputs.append(np.frombuffer(self._exactly(size), dtype))
            progress(1)
        return np.stack(outputs) if outputs else np.zeros((0, size // dtype.itemsize), dtype)

    def close(self) -> None:
        self.process.kill()  # it may be busy with a model
        super().close()
        self.log.close()

    def _line(self) -> dict[str, Any]:
        assert self.process.stdout
        line = self.process.stdout.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise self._ended()
        said: dict[str, Any] = json.loads(line)
        return said

    def _exactly(self, size: int) -> bytes:
        assert self.process.stdout
        data = self.process.stdout.read(size)
        if len(data) < size:
            raise self._ended()
        return data

    def _ended(self) -> ToolFailed:
        status = self.process.wait()
        how = f"status {status}" if status >= 0 else signal.Signals(-status).name
        why = f": {line}" if (line := self._logged()) else ""
        return ToolFailed(
            f"the reference interpreter ended with {how} on this model{why}", hint=HINT
        )

    def _logged(self, since: int = 0) -> str:
        """Returns the last line that it has written to standard error since it had written this
        many bytes, "" where there is none."""
        lines = os.pread(self.log.fileno(), 1 << 16, since).decode("utf8", "replace").splitlines()
        return next((line.strip()[:200] for line in reversed(lines) if line.strip()), "")


@contextlib.contextmanager
def borrowed(answerer: Answerer = USUAL) -> Iterator[Interpreter]:
    """A process that nobody else uses meanwhile; it is ended where the block fails."""
    with _lock:
        waiting = _idle.setdefault(answerer, [])
        found = waiting.pop() if waiting else None
    if found is not None and not found.alive():
        found.close()
        found = None
    found = found or Interpreter(answerer)
    whole = False
    try:
        yield found
        whole = True
    except BadInput:
        whole = found.alive()  # it has refused a model, and can go on
        raise
    finally:
        if whole:
            with _lock:
                _idle[answerer].append(found)
        else:
            found.close()


@atexit.register
def _close() -> None:
    with _lock:
        for waiting in _idle.values():
            while waiting:
                waiting.pop().close()
