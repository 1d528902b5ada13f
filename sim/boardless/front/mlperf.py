"""MLPerf Tiny's accuracy and performance runs, in the manner of its runner, on an emulated board.

    boardless mlperf digits_cnn --board mps2-an386 --mode accuracy

Only commands of the device protocol are used, and results as it prints them. So what passes here
works with the published runner over `boardless serve`. Seconds are those of the emulator's virtual
time, in which an instruction takes 64 ns: good to compare two builds, not a board's figure.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.core.errors import LinkError, ToolFailed
from boardless.data.records import Pictures
from boardless.device import emulators
from boardless.device.link.client import Client
from boardless.device.link.mlperf import identify, infer, load
from boardless.device.link.plain import PlainLine
from boardless.device.records import Build
from boardless.judge import predictions
from boardless.model import profiles, reference
from boardless.model.compiler import quantise
from boardless.model.zoo import Model

WINDOWS = 5
SECONDS = 10.0  # of device time in a window, at least
WARMUPS = 10
ROUNDING = 0.00051  # results have 3 decimals


@dataclass(frozen=True)
class Accuracy:
    """Results (N, classes) as the device printed them; top_1 and auc are None without labels, auc
    also where only one class occurs. `worst` is the largest difference from the reference."""

    results: npt.NDArray[np.float64]
    top_1: float | None
    auc: float | None
    worst: float

    @property
    def ok(self) -> bool:
        return not self.worst > ROUNDING  # NaN: both have it


@dataclass(frozen=True)
class Window:
    """One stretch of a performance run, in virtual time."""

    inferences: int
    microseconds: int

    @property
    def throughput(self) -> float:
        """Inferences per second."""
        return self.inferences / (self.microseconds / 1e6)


def connect(build: Build, emulator: str) -> PlainLine:
    """A booted device; the caller closes `terminal.session`."""
    session = emulators.load(emulator).start(build.board, build.elf, shared=False)
    try:
        Client(session).boot()
        terminal = PlainLine(session)
        identify(terminal)
    except BaseException:
        session.close()
        raise
    return terminal


def accuracy(
    terminal: PlainLine, model: Model, pictures: Pictures, progress: Callable[[int], None]
) -> Accuracy:
    """Each picture once, without warm-ups."""
    results = []
    for picture in pictures.inputs:
        load(terminal, picture.tobytes())
        results.append(infer(terminal, 1, 0)[0])
        if len(results[-1]) != model.graph.output_tensor.count:
            raise LinkError(f"the device answers {len(results[-1])} results: is it this model?")
        progress(1)
    got = np.array(results)
    profile = model.graph.profile
    raw = reference.predict(model.reference, pictures.inputs, profile=profile)
    expected = as_real(model, raw)
    labels = pictures.labels
    return Accuracy(
        results=got,
        top_1=None if labels is None else float((got.argmax(axis=1) == labels).mean()),
        auc=None if labels is None else _auc(got, labels),
        worst=predictions.largest(predictions.errors(got, expected)),
    )


def as_real(model: Model, outputs: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """Raw outputs as the real numbers that they stand for."""
    tensor = model.graph.output_tensor
    if tensor.dtype == "float32":
        return outputs.astype(np.float64)
    q = quantise.of(tensor)
    real: npt.NDArray[np.float64] = q.scale * (outputs.astype(np.float64) - q.zero_point)
    return real


def _auc(results: npt.NDArray[np.float64], labels: npt.NDArray[np.int64]) -> float | None:
    """Area under the ROC curve, the mean of each class against the others."""
    from sklearn.metrics import roc_auc_score  # takes a second to import

    classes = np.unique(labels)
    if len(classes) < 2:
        return None
    return float(np.mean([roc_auc_score(labels == c, results[:, c]) for c in classes]))


def performance(
    terminal: PlainLine,
    inputs: npt.NDArray[Any],
    progress: Callable[[int], None],
    windows: int = WINDOWS,
    seconds: float = SECONDS,
) -> list[Window]:
    """`windows` stretches of at least `seconds` of device time, each with the next of `inputs`."""
    load(terminal, inputs[0].tobytes())
    _, microseconds = infer(terminal, WARMUPS, 0)
    if not microseconds:
        raise ToolFailed("this board has no timer", hint="take another board, or --mode accuracy")
    count = math.ceil(seconds * 1e6 / (microseconds / WARMUPS) * 1.02)
    measured = []
    for i in range(windows):
        load(terminal, inputs[i % len(inputs)].tobytes())
        measured.append(Window(count, infer(terminal, count, WARMUPS)[1]))
        if not measured[-1].microseconds:
            raise LinkError("the device's timer stands still")
        progress(1)
    return measured


def median_throughput(windows: Iterable[Window]) -> float:
    """Inferences per second, of the median window."""
    return statistics.median(window.throughput for window in windows)


def run(
    mode: str,
    model: Model,
    build: Build,
    emulator: str,
    pictures: Pictures,
    seconds: float,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    """Returns the results of an "accuracy" or "performance" run of `boardless mlperf`."""
    done = 0
    steps = len(pictures) if mode == "accuracy" else WINDOWS

    def advance(n: int) -> None:
        nonlocal done
        done += n
        progress(mode, done, steps)

    about: dict[str, Any] = {"model": build.model, "board": build.board.name, "mode": mode}
    about["reference"] = profiles.load(build.profile).named
    terminal = connect(build, emulator)
    assert terminal.session is not None
    try:
        if mode == "performance":
            windows = performance(terminal, pictures.inputs, advance, seconds=seconds)
            return about | {
                "windows": [[w.inferences, w.microseconds] for w in windows],
                "virtual_seconds_per_window": min(w.microseconds for w in windows) / 1e6,
                "inferences_per_virtual_second": median_throughput(windows),
            }
        found = accuracy(terminal, model, pictures, advance)
    finally:
        terminal.session.close()
    return about | {
        "pictures": pictures.origin,
        "images": len(pictures),
        "ok": found.ok,
        "top_1": found.top_1,
        "auc": found.auc,
        "max_abs_error": found.worst,
        "results": found.results.tolist(),
    }
