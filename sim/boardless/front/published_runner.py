"""MLPerf Tiny's own runner, unmodified, with an emulated board for its device.

    status = run(lent, Runner(folder, dataset, "accuracy"))

The runner looks for a serial port with the USB vendor of a board in its device list; a
pseudo-terminal has none. So its main.py is executed by mlperf_port.py, which offers ours.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue

from boardless.core import children, scratch
from boardless.core.errors import BadInput, BoardlessError, ToolFailed
from boardless.device.emulators import Session
from boardless.front import mlperf_port, serve

MODES = {"accuracy": "a", "performance": "p"}
# The runner refuses a performance run that is over in less than 10 seconds of its own clock.
ENOUGH, WINDOWS = 11.0, 5
PATIENCE = 10.0  # seconds for the pseudo-terminal to open, and to close
DEVICES = f"""- name: boardless
  type: dut
  baud: 115200
  usb:
    {mlperf_port.VENDOR:#06x}: {mlperf_port.PRODUCT:#06x}
"""


@dataclass(frozen=True)
class Runner:
    """A checkout of the runner, and what it is asked to do."""

    folder: Path  # benchmark/runner of mlcommons/tiny
    dataset: Path  # holds a folder per benchmark, such as vww01, with y_labels.csv in it
    mode: str  # a key of MODES
    python: str = sys.executable  # has what the runner imports

    def check(self, benchmark: str) -> None:
        """Raises BadInput where a file is missing without which the runner ends in a traceback."""
        for path, hint in (
            (self.folder / "main.py", "--runner is the folder benchmark/runner of mlcommons/tiny"),
            (self.script, "--runner is the folder benchmark/runner of mlcommons/tiny"),
            (self.dataset / benchmark / "y_labels.csv", "see docs/howto/mlperf.md"),
        ):
            if not path.is_file():
                raise BadInput("there is no such file", where=str(path), hint=hint)

    @property
    def least(self) -> float:
        """Seconds that an answer to `infer` takes at least."""
        return ENOUGH / WINDOWS if self.mode == "performance" else 0.0

    @property
    def script(self) -> Path:
        return self.folder / f"tests_{self.mode}.yaml"

    def command(self, port: str, devices: Path) -> list[str]:
        return [
            *(self.python, mlperf_port.__file__, port, str(self.folder.absolute())),
            *("-d", str(devices), "-t", str(self.script.absolute())),
            *("-s", str(self.dataset.absolute()), "-m", MODES[self.mode]),
        ]


def run(session: Session, runner: Runner) -> None:
    """Runs the runner with `session` as its device; its output goes where ours goes, its folder
    `sessions` into the working directory. ToolFailed where it fails, or the device does."""
    opened: SimpleQueue[str | BoardlessError] = SimpleQueue()
    errors: list[BoardlessError] = []
    over = threading.Event()

    def lend() -> None:
        try:
            serve.pty(session, opened.put)
        except BoardlessError as error:
            if not over.is_set():  # else it is the end that we have made
                errors.append(error)
                opened.put(error)

    lender = threading.Thread(target=lend, daemon=True)
    lender.start()
    try:
        port = opened.get(timeout=PATIENCE)
        if isinstance(port, BoardlessError):
            raise port
        with scratch.folder("mlperf") as folder:
            devices = folder / "devices.yaml"
            devices.write_text(DEVICES)
            with children.group(runner.command(port, devices)) as process:
                status = process.wait()
    finally:
        over.set()
        with contextlib.suppress(OSError):
            session.terminate()
        lender.join(PATIENCE)
    if errors:
        raise errors[0]
    if status:
        raise ToolFailed(f"the runner ended with status {status}", hint="see its output above")


def available(python: str) -> None:
    """Raises ToolFailed where the runner's Python lacks a package that it imports."""
    needed = ["matplotlib", "numpy", "serial", "sklearn", "yaml"]
    code = (
        "import sys, importlib.util as u; print(*(n for n in sys.argv[1:] if not u.find_spec(n)))"
    )
    try:
        done = subprocess.run(
            [python, "-c", code, *needed], capture_output=True, text=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolFailed(f"cannot run {python}: {error}", hint="--python PROGRAM") from error
    if missing := done.stdout.split():
        names = {"serial": "pyserial", "sklearn": "scikit-learn", "yaml": "pyyaml"}
        packages = " ".join(names.get(name, name) for name in missing)
        raise ToolFailed(
            f"the runner needs packages that {python} lacks: {packages}",
            hint=f"{python} -m pip install {packages}, or --python PROGRAM",
        )
