"""MLPerf Tiny: its runner's dialogue replayed over the pseudo-terminal, and runs in its manner."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import mlperf_runner
import numpy as np
import numpy.typing as npt
import pytest
import serial
from boardless.core import paths
from boardless.data import pictures
from boardless.device.link.benchmark import BENCHMARKS, PIXELS, Answers
from boardless.device.records import Build
from boardless.front import mlperf, published_runner
from boardless.model import reference, zoo
from boardless.model.graph import read
from command_line import Cli
from one_operator import Tensor, model

MODEL = "digits_cnn:int8"
BOARD = "mps2-an386"
pytestmark = pytest.mark.emulated


class Replay:
    """The dialogue of the published runner's device class, written anew.

    A thread reads byte by byte and knows only line ends; a command is followed by '%', without
    clearing what was received before; its answer ends with the first line that contains m-ready;
    5 s without a line is a failure. So one line too many shifts every later answer by one.
    """

    def __init__(self, device: str) -> None:
        self.port = serial.Serial(device, 115200, timeout=0.1)
        self.lines: Queue[str] = Queue()
        self.running = True
        self.thread = Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self) -> None:
        line = ""
        while self.running:
            byte = self.port.read(1).decode()
            if byte == "\n":
                self.lines.put(line)
                line = ""
            elif byte not in ("", "\r", "\0"):
                line += byte

    def close(self) -> None:
        self.running = False
        self.thread.join()
        self.port.close()

    def ask(self, command: str) -> list[str]:
        self.port.write(command.encode())
        self.port.write(b"%")
        lines: list[str] = []
        while not lines or "m-ready" not in lines[-1]:
            try:
                lines.append(self.lines.get(timeout=5.0))
            except Empty:
                pytest.fail(f"no response to command {command}")
        return lines

    def names(self) -> dict[str, str]:
        found = {}
        for line in [*self.ask("name"), *self.ask("profile")]:
            if m := re.match(r"^m-(name)-dut-\[([^]]+)]$", line):
                found[m[1]] = m[2]
            if m := re.match(r"^m-(model|profile)-\[([^]]+)]$", line):
                found[m[1]] = m[2]
        return found

    def load(self, data: bytes) -> None:
        self.ask(f"db load {len(data)}")
        for i in range(0, len(data), 31):
            self.ask("db " + "".join(f"{b:02x}" for b in data[i : i + 31]))

    def infer(self, number: int, warmups: int) -> tuple[list[float], int]:
        results: list[float] = []
        times = []
        for line in self.ask(f"infer {number} {warmups}"):
            if m := re.match(r"^m-results-\[([^]]+)\]$", line):
                results = [float(v) for v in m[1].split(",") if v.strip()]
            if m := re.match(r"^m-lap-us-([0-9]+)$", line):
                times.append(int(m[1]))
        return results, times[1] - times[0]


@contextmanager
def served(cli: Cli, *arguments: str) -> Iterator[Replay]:
    process = cli.start("serve", *arguments, "--board", BOARD, "--pty")
    assert process.stdout is not None
    replay = Replay(process.stdout.readline().strip())
    try:
        yield replay
    finally:
        replay.close()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err


@pytest.fixture
def runner(cli: Cli, built: Callable[[str, str], Build]) -> Iterator[Replay]:
    built(MODEL, BOARD)
    with served(cli, MODEL) as replay:
        yield replay


def expected(name: str, inputs: npt.NDArray[np.int8]) -> npt.NDArray[np.float64]:
    model = zoo.find(name)
    return mlperf.as_real(model, reference.predict(model.content, inputs))


def test_the_runners_accuracy_run(runner: Replay) -> None:
    assert runner.names() == {
        "name": "boardless",
        "profile": "boardless protocol 1",
        "model": MODEL,
    }
    fed = pictures.load(zoo.find(MODEL), None, 12)
    results = []
    for picture in fed.inputs:
        runner.load(picture.tobytes())
        results.append(runner.infer(1, 0)[0])
    assert np.abs(np.array(results) - expected(MODEL, fed.inputs)).max() <= mlperf.ROUNDING
    assert fed.labels is not None
    assert list(np.argmax(results, axis=1)) == list(fed.labels)


def test_the_runners_performance_run(runner: Replay, built: Callable[[str, str], Build]) -> None:
    fed = pictures.load(zoo.find(MODEL), None, 5)
    windows = []
    runner.load(fed.inputs[0].tobytes())
    count = 10_500_000 * 10 // runner.infer(10, 0)[1]  # a little over 10 s
    for picture in fed.inputs:
        runner.load(picture.tobytes())
        results, microseconds = runner.infer(count, 10)
        windows.append(mlperf.Window(count, microseconds))
    assert np.abs(np.array(results) - expected(MODEL, fed.inputs)[-1]).max() <= mlperf.ROUNDING
    assert all(w.microseconds >= 10_000_000 for w in windows)  # 10 s of device time each
    terminal = mlperf.connect(built(MODEL, BOARD), "qemu")
    assert terminal.session is not None
    try:
        ours = mlperf.performance(terminal, fed.inputs, lambda n: None)
    finally:
        terminal.session.close()
    theirs = mlperf.median_throughput(windows)
    assert mlperf.median_throughput(ours) == pytest.approx(theirs, rel=1e-3)


def test_pixels_as_mlperf_tiny_sends_them(cli: Cli) -> None:
    fed = pictures.load(zoo.find(MODEL), None, 2)
    with served(cli, MODEL, "--uint8") as replay:
        results = []
        for picture in fed.inputs:
            replay.load((picture.view(np.uint8) ^ 0x80).tobytes())
            results.append(replay.infer(1, 0)[0])
    assert np.abs(np.array(results) - expected(MODEL, fed.inputs)).max() <= mlperf.ROUNDING


def test_only_bytes_of_the_input_are_changed() -> None:
    class Sent:
        data = b""

        def send(self, data: bytes) -> None:
            self.data += data

    line = Sent()
    graph = zoo.find(MODEL).graph
    session = Answers(line, PIXELS, graph)  # type: ignore[arg-type]
    for piece in (b"name%db load 2%d", b"b 00", b"ff%\r\ndb 80%db print%db 123%", b"infer 1 0%"):
        session.send(piece)
    assert line.data == b"name%db load 2%db 807f%\r\ndb 00%db print%db 123%infer 1 0%"


# ---- as the firmware of a benchmark ----


def benchmark_model(name: str) -> bytes:
    """A model with the inputs of ic01, or with inputs and outputs of ad01, of a single operator."""
    if name == "ad01":
        return model(
            "QUANTIZE",
            [Tensor((1, 640), "int8", (0.5,), (90,))],
            Tensor((1, 640), "int8", (0.75,), (40,)),
        )
    axes = Tensor((2,), "int32", data=np.array([1, 2]))
    source = Tensor((1, 32, 32, 3), "int8", (1 / 255,), (-128,))
    output = Tensor((1, 3), "int8", (1 / 255,), (-128,))
    return model("MEAN", [source, axes], output, {"keepDims": False})


def data_set(folder: Path, name: str, inputs: list[bytes]) -> None:
    (folder / name).mkdir(parents=True)
    rows = []
    for i, data in enumerate(inputs):
        (folder / name / f"{i}.bin").write_bytes(data)
        rows.append(f"{i}.bin,2,{i % 2},{len(data)},512\n")
    (folder / name / "y_labels.csv").write_text("".join(rows))


def test_the_published_runner(cli: Cli, tmp_path: Path) -> None:
    """It finds the device, reads the benchmark's name and sends what the benchmark has."""
    random = np.random.default_rng(3)
    pixels = random.integers(0, 256, (2, 32 * 32 * 3), np.uint8)
    reals = random.normal(-20, 15, (2, 640)).astype("<f4")
    data_set(tmp_path / "data", "ic01", [x.tobytes() for x in pixels])
    data_set(tmp_path / "data", "ad01", [x.tobytes() for x in reals])
    mlperf_runner.install(tmp_path / "a runner")
    cli.folder = tmp_path
    found = {}
    for name in ("ic01", "ad01"):
        (tmp_path / f"{name}.tflite").write_bytes(benchmark_model(name))
        asked = ("--runner", "a runner", "--as", name, "--dataset", "data")
        done = cli("mlperf", f"{name}.tflite", *asked)
        assert done.returncode == 0, done.stderr
        found[name] = np.array(json.loads((tmp_path / "found.json").read_text()))
    means = pixels.reshape(2, -1, 3).mean(axis=1) / 255
    assert found["ic01"] == pytest.approx(means, abs=0.6 / 255 + mlperf.ROUNDING)
    inputs = np.clip(np.floor(np.abs(reals / 0.5) + 0.5) * np.sign(reals) + 90, -128, 127)
    outputs = reference.predict(benchmark_model("ad01"), inputs.astype(np.int8)[:, None, :])
    errors = (((outputs.reshape(2, 640) - 40.0) * 0.75 - reals) ** 2).mean(axis=1)
    assert found["ad01"][:, 0] == pytest.approx(errors, abs=mlperf.ROUNDING)


def test_the_page_shows_the_device_list_that_we_write() -> None:
    page = (paths.ROOT / "docs" / "howto" / "mlperf.md").read_text()
    assert published_runner.DEVICES in page


def test_a_runner_that_fails(cli: Cli, tmp_path: Path) -> None:
    (tmp_path / "ic01.tflite").write_bytes(benchmark_model("ic01"))
    data_set(tmp_path / "data", "ic01", [bytes(3072)])
    runner = tmp_path / "runner"
    mlperf_runner.install(runner, status=7)
    cli.folder = tmp_path
    asked = ("mlperf", "ic01.tflite", "--runner", "runner", "--dataset", "data", "--as")
    assert "the runner ended with status 7; see its output above" in cli.fails(3, *asked, "ic01")
    said = cli.fails(2, *asked, "kws01")
    assert "data/kws01/y_labels.csv: there is no such file" in said
    data_set(tmp_path / "data", "kws01", [bytes(490)])
    said = cli.fails(2, *asked, "kws01")
    assert "kws01 needs an int8 model with 490 input values; the model's input is int8 1x32" in said
    (runner / "main.py").unlink()
    assert "benchmark/runner of mlcommons/tiny" in cli.fails(2, *asked, "ic01")


def test_a_served_benchmark_has_its_name(cli: Cli, tmp_path: Path) -> None:
    file = tmp_path / "mine.tflite"
    file.write_bytes(benchmark_model("ad01"))
    with served(cli, str(file), "--mlperf", "ad01") as replay:
        assert replay.names()["model"] == "ad01"
        assert replay.ask("db load 2560")[0] == "m-[Expecting 2560 bytes]"
        assert replay.ask("db 00")[-1] == "m-ready"  # a quarter of a number
        assert replay.ask("infer 1 0")[-2] == "e-[ad01: there is no whole input]"
        data = np.full(640, -45.0, "<f4")
        replay.load(data.tobytes())
        assert replay.infer(1, 0)[0] == [0.0]


def test_numbers_that_no_model_has_seen() -> None:
    """A client may send NaN, infinity, or more than it has announced."""

    class Sent:
        data = b""

        def send(self, data: bytes) -> None:
            self.data += data

    line = Sent()
    graph = read(benchmark_model("ad01"), "ad01")
    session = Answers(line, BENCHMARKS["ad01"], graph)  # type: ignore[arg-type]
    values = np.array([np.nan, np.inf, -np.inf, 1e30, -0.25, 0.25], "<f4").tobytes()
    session.send(b"db load 24%db " + values.hex().encode() + b"%")
    assert line.data == b"db load 6%db 007f807f595b%"
    for _ in range(400):
        session.send(b"db " + values.hex().encode() + b"%")
    assert len(session.reals) <= 4 * 641


# ---- boardless mlperf ----


def test_an_accuracy_run(cli: Cli) -> None:
    done = cli("mlperf", MODEL, "--limit", "64", "--json", "-")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    run = json.loads(cli("run", MODEL, "--limit", "64", "--json", "-").stdout)
    assert (result["ok"], result["images"]) == (True, 64)
    assert result["top_1"] == run["accuracy"]["device"]
    assert 0.99 < result["auc"] <= 1.0
    assert np.array(result["results"]).shape == (64, 10)


def test_a_performance_run_is_the_same_every_time(cli: Cli) -> None:
    runs = []
    for _ in range(2):
        done = cli("mlperf", MODEL, "--mode", "performance", "--seconds", "0.5", "--json", "-")
        assert done.returncode == 0, done.stderr
        runs.append(json.loads(done.stdout))
    assert runs[0] == runs[1]
    assert len(runs[0]["windows"]) == 5
    assert runs[0]["virtual_seconds_per_window"] >= 0.5
    instructions = 1e9 / 64 / runs[0]["inferences_per_virtual_second"]
    run = json.loads(cli("run", MODEL, "--limit", "4", "--json", "-").stdout)
    assert instructions == pytest.approx(run["instructions"]["median"], rel=0.01)


def test_a_board_without_a_timer_is_refused(cli: Cli) -> None:
    said = cli.fails(3, "mlperf", MODEL, "--board", "host", "--mode", "performance")
    assert said.endswith("this board has no timer; take another board, or --mode accuracy")


def test_wrong_results_fail_an_accuracy_run(
    built: Callable[[str, str], Build], tmp_path: Path
) -> None:
    import dataclasses

    good = built(MODEL, BOARD)
    weights = (good.elf.parent / "generated" / "weights.bin").read_bytes()
    elf = tmp_path / "broken.elf"
    elf.write_bytes(good.elf.read_bytes().replace(weights, bytes(b ^ 4 for b in weights)))
    model = zoo.find(MODEL)
    fed = pictures.load(model, None, 4)
    broken = dataclasses.replace(good, elf=elf)
    result = mlperf.run("accuracy", model, broken, "qemu", fed, 1.0, lambda *_: None)
    assert result["ok"] is False
