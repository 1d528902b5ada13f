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

import numpy as np
import numpy.typing as npt
import pytest
import serial
from boardless.data import pictures
from boardless.device.link.unsigned_input import UnsignedInput
from boardless.device.records import Build
from boardless.front import mlperf
from boardless.model import reference, zoo
from command_line import Cli

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
    session = UnsignedInput(line)  # type: ignore[arg-type]
    for piece in (b"name%db load 2%d", b"b 00", b"ff%\r\ndb 80%db print%db 123%", b"infer 1 0%"):
        session.send(piece)
    assert line.data == b"name%db load 2%db 807f%\r\ndb 00%db print%db 123%infer 1 0%"


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
