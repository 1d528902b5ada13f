"""boardless sweep: every picture once, whatever is killed, and nothing left running."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless.core import paths
from boardless.device.records import Build
from boardless.front.sweep import cluster, store
from command_line import Cli, Completed, all_ended, end, failure, marked_processes

pytestmark = pytest.mark.emulated
Built = Callable[[str, str], Build]
BOARD = "mps2-an386"
DIGITS = ("digits_cnn:int8", "--boards", BOARD)
LENET = ("mobile_lenet:int8", "--boards", BOARD, "--limit", "240", "--chunk", "24", "--jobs", "2")


class Sweep:
    """The command in a folder of its own, with its results file."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.cli = folder, Cli(folder)
        self.file = folder / "sweep.sqlite"
        self.started: list[subprocess.Popen[str]] = []

        # It outlives a sweep of this process, so a test's mark must not be in it.
        resource_tracker.ensure_running()

    def words(self, *arguments: str) -> list[str]:
        jobs = () if {"--jobs", "--scheduler"} & {*arguments} else ("--jobs", "1")
        return ["sweep", *arguments, *jobs]

    def __call__(self, *arguments: str, **changes: str) -> Completed:
        """Sweeps in this process, which has imported dask before; the workers are others."""
        done = self.cli(*self.words(*arguments), **changes)
        assert "Traceback" not in done.stderr
        return done

    def fails(self, status: int, *arguments: str, **changes: str) -> str:
        """The one line that says why."""
        done = self(*arguments, **changes)
        assert done.returncode == status, done.stderr
        said = [x for x in done.stderr.splitlines() if x.startswith(("boardless: ", "Error: "))]
        assert len(said) == 1, done.stderr
        return said[0]

    def records(self, *arguments: str, status: int = 0, **changes: str) -> list[dict[str, Any]]:
        done = self(*arguments, "--json", "-", **changes)
        assert done.returncode == status, done.stderr
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Starts a sweep as from a terminal: its Ctrl-C goes to the process group."""
        process = subprocess.Popen(
            [sys.executable, "-m", "boardless", *self.words(*arguments)],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=self.cli.environment(),
            start_new_session=True,
        )
        self.started.append(process)
        return process

    def ask(self, question: str) -> list[Any]:
        with closing(sqlite3.connect(f"file:{self.file}?mode=ro", uri=True)) as connection:
            return connection.execute(question).fetchall()

    def pictures(self) -> list[int]:
        """Numbers of the pictures in the file."""
        try:
            return [row[0] for row in self.ask("SELECT picture FROM results ORDER BY picture")]
        except sqlite3.OperationalError:  # not made yet
            return []

    def processes(self) -> dict[int, str]:
        """Living processes that the command has started: number and command line."""
        return marked_processes(self.cli.mark)

    def until(self, what: Callable[[], object], process: subprocess.Popen[str]) -> None:
        """Returns when `what` is true; bounded by the life of the process."""
        pause = threading.Event()
        while not what():
            assert process.poll() is None, "it ended before"
            pause.wait(0.02)

    def ended(self) -> bool:
        """All that was started, within ten seconds."""
        return all_ended(self.cli.mark)


@pytest.fixture
def sweep(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Sweep]:
    for wait in ("ANSWER", "ALONE"):  # a machine that runs all tests may take longer
        monkeypatch.setattr(cluster, wait, 120.0)
    folder = tmp_path / "here"
    folder.mkdir()
    made = Sweep(folder)
    yield made
    for pid in made.processes():  # a failed test must not leave them
        os.kill(pid, signal.SIGKILL)
    end(made.started)


def parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def listening(pids: list[int]) -> list[str]:
    """Addresses, in hexadecimal as the kernel writes them, on which these processes listen."""
    inodes = set()
    for pid in pids:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            try:
                inodes.add(os.readlink(entry))
            except OSError:
                continue
    found = []
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/net/{table}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == "0A" and f"socket:[{words[9]}]" in inodes:
                found.append(words[1].partition(":")[0])
    return found


# ---- results ----


def test_the_figures_are_those_of_run(sweep: Sweep) -> None:
    (record,) = sweep.records(*DIGITS, "--chunk", "50", "--jobs", "2")
    done = sweep.cli("run", "digits_cnn:int8", "--board", BOARD, "--json", "-")
    alone = json.loads(done.stdout)
    for key in ("model", "board", "build_id", "toolchain", "agreement", "bit_exact", "accuracy"):
        assert record[key] == alone[key], key
    assert record["emulator"] == alone["emulator"]
    assert record["instructions"] == alone["instructions"]
    assert record["dataset"] == "digits"
    assert (record["pictures"], record["asked"], record["ok"]) == (359, 359, True)
    assert sweep.pictures() == list(range(359))
    outputs = np.array(alone["outputs"]).argmax(axis=1)
    assert [row[0] for row in sweep.ask("SELECT prediction FROM results")] == outputs.tolist()
    # prices are of a chunk's own mix of ways through the code
    cycles = record["cycles"]["cortex-m4"]["median"]
    assert cycles == pytest.approx(alone["cycles"]["cortex-m4"]["median"], rel=1e-3)
    assert sorted(path.name for path in sweep.folder.iterdir()) == ["sweep.sqlite"]


def test_a_complete_file_is_left_alone(sweep: Sweep) -> None:
    first = sweep(*DIGITS, "--limit", "40", "--chunk", "16")
    content = sweep.file.read_bytes()
    second = sweep(*DIGITS, "--limit", "40")
    assert (first.returncode, second.returncode) == (0, 0)
    assert second.stdout == first.stdout
    assert "inferring" in first.stderr
    assert "inferring" not in second.stderr
    assert sweep.file.read_bytes() == content
    assert sweep(*DIGITS, "--limit", "50").returncode == 0
    assert sweep.pictures() == list(range(50))
    shown = sweep("--show", str(sweep.file))
    assert shown.stdout == sweep(*DIGITS, "--limit", "50").stdout


def test_several_models_boards_and_data_sets(sweep: Sweep, tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8, 1)).astype(np.uint8)
    for name, n in (("a", 9), ("b", 20)):
        np.savez(tmp_path / f"{name}.npz", images=images[:n], labels=np.zeros(n, np.int64))
    data = [word for n in "ab" for word in ("--images", f"{n}={tmp_path / n}.npz")]
    models = ("digits_cnn", "digits_cnn:int8", "digits_cnn:float32")
    found = sweep.records(*models, "--boards", f"{BOARD},host", *data)
    cases = {(r["model"], r["board"], r["dataset"]): r["pictures"] for r in found}
    assert cases == {
        (f"digits_cnn:{kind}", board, name): n
        for kind in ("int8", "float32")
        for board in (BOARD, "host")
        for name, n in (("a", 9), ("b", 20))
    }
    assert {r["board"]: r["instructions"] is None for r in found} == {BOARD: False, "host": True}


def test_a_model_that_does_not_fit(sweep: Sweep) -> None:
    arguments = ("mobile_lenet:float32", "--boards", "microbit", "--limit", "2")
    (record,) = sweep.records(*arguments)
    assert "RAM is too small" in record["misfit"]
    assert (record["ok"], record["pictures"]) == (None, 0)
    again = sweep(*arguments)
    assert again.returncode == 0
    assert "fit" not in again.stderr  # it was not tried again
    assert "does not fit" in again.stdout


# ---- deaths ----


def test_a_killed_worker_loses_nothing(sweep: Sweep, built: Built) -> None:
    built("mobile_lenet:int8", BOARD)
    process = sweep.start(*LENET, "--json", "-")
    sweep.until(lambda: len(sweep.pictures()) >= 24, process)

    def emulators() -> dict[int, int]:
        """Emulator -> the worker that runs it."""
        found = {}
        for pid, line in sweep.processes().items():
            if line.startswith("qemu-system"):
                try:
                    found[pid] = parent(pid)
                except OSError:
                    continue
        return found

    seen: dict[int, int] = {}
    sweep.until(lambda: seen.update(emulators()) or seen, process)
    emulator, worker = next(iter(seen.items()))
    addresses = listening(list(sweep.processes()))
    os.kill(worker, signal.SIGKILL)
    sweep.until(lambda: emulator not in sweep.processes(), process)
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    assert "Traceback" not in err
    (record,) = json.loads(out)
    assert (record["pictures"], record["agreement"], record["failures"]) == (240, 1.0, [])
    assert sweep.pictures() == list(range(240))
    assert set(addresses) == {"0100007F"}  # 127.0.0.1
    assert sweep.ended()
    assert sorted(path.name for path in sweep.folder.iterdir()) == ["sweep.sqlite"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_what_stops_it_leaves_a_file_to_go_on_with(
    sweep: Sweep, built: Built, number: signal.Signals
) -> None:
    built("mobile_lenet:int8", BOARD)
    process = sweep.start(*LENET)
    sweep.until(lambda: len(sweep.pictures()) >= 24, process)
    if number == signal.SIGINT:
        os.killpg(process.pid, number)
    else:
        process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert sweep.ended(), sweep.processes()
    if number != signal.SIGKILL:
        assert process.returncode == 130
        assert err.splitlines()[-1] == "boardless: interrupted"
        assert err.split("\n", 1)[0] == "mobile_lenet:int8 mps2-an386 bloodmnist inferring"
        assert len(err.splitlines()) <= 3  # click ends the line of a Ctrl-C
    assert "Traceback" not in err
    assert out == ""
    before = sweep.ask("SELECT picture, cycles FROM results")
    assert 24 <= len(before) < 240
    assert sweep.ask("PRAGMA integrity_check") == [("ok",)]
    assert sweep(*LENET).returncode == 0
    assert sweep.pictures() == list(range(240))
    after = set(sweep.ask("SELECT picture, cycles FROM results"))
    assert set(before) <= after


def wrapper(folder: Path, when: str) -> str:
    """A PATH on which QEMU fails to boot a firmware where the shell's `when` is true."""
    folder.mkdir()
    script = folder / "qemu-system-arm"
    real = shutil.which("qemu-system-arm")
    script.write_text(
        f'#!/bin/sh\ncase "$*" in *-kernel*) if {when}; then exit 7; fi;; esac\nexec {real} "$@"\n'
    )
    script.chmod(0o755)
    return os.pathsep.join([str(folder), os.environ["PATH"]])


def test_a_failure_is_repeated(sweep: Sweep, tmp_path: Path, built: Built) -> None:
    built("digits_cnn:int8", BOARD)
    path = wrapper(tmp_path / "bin", f"mkdir {tmp_path / 'once'} 2>/dev/null")
    (record,) = sweep.records(*DIGITS, "--limit", "40", "--chunk", "10", PATH=path)
    assert (tmp_path / "once").is_dir()  # it did fail
    assert (record["pictures"], record["ok"], record["failures"]) == (40, True, [])


def test_what_fails_twice_is_recorded_and_tried_again(
    sweep: Sweep, tmp_path: Path, built: Built
) -> None:
    built("digits_cnn:int8", BOARD)
    built("digits_cnn:int8", "host")
    path = wrapper(tmp_path / "bin", "true")
    arguments = ("digits_cnn:int8", "--boards", f"{BOARD},host", "--limit", "20", "--chunk", "10")
    bad, good = sweep.records(*arguments, PATH=path, status=3)
    assert (good["board"], good["pictures"], good["ok"]) == ("host", 20, True)
    assert (bad["pictures"], bad["ok"]) == (0, None)
    assert [(f["first"], f["last"], f["status"]) for f in bad["failures"]] == [
        (0, 9, 3),
        (10, 19, 3),
    ]
    assert "qemu-system-arm ended in mid-run with status 7" in bad["failures"][0]["reason"]
    said = sweep("--show", str(sweep.file))
    assert said.returncode == 3
    assert "pictures 0-9, 10-19: qemu-system-arm ended" in said.stdout
    found = sweep.records(*arguments)
    assert [(r["pictures"], r["failures"]) for r in found] == [(20, []), (20, [])]


def test_what_kills_its_workers_fails_alone(sweep: Sweep, tmp_path: Path, built: Built) -> None:
    built("digits_cnn:int8", BOARD)
    built("digits_cnn:int8", "host")
    path = wrapper(tmp_path / "bin", "kill -9 $PPID")
    arguments = ("digits_cnn:int8", "--boards", f"{BOARD},host", "--limit", "10")
    bad, good = sweep.records(*arguments, PATH=path, status=3)
    assert (good["board"], good["pictures"], good["failures"]) == ("host", 10, [])
    (failure,) = bad["failures"]
    assert failure["reason"] == "its workers were killed, or ran out of memory"


def test_a_data_set_of_another_shape_fails_alone(sweep: Sweep, tmp_path: Path) -> None:
    np.savez(tmp_path / "large.npz", images=np.zeros((3, 9, 9, 1), np.uint8))
    np.savez(tmp_path / "right.npz", images=np.zeros((3, 8, 8, 1), np.uint8))
    data = [word for n in ("large", "right") for word in ("--images", f"{n}={tmp_path / n}.npz")]
    bad, good = sweep.records("digits_cnn:int8", "--boards", "host", *data, status=2)
    assert (good["pictures"], good["ok"], good["accuracy"]) == (3, True, None)
    assert "pictures are 9 x 9 x 1, the model takes 8 x 8 x 1" in bad["failures"][0]["reason"]


# ---- what must not be mixed ----


def test_another_build_is_not_mixed_with_the_old_one(sweep: Sweep, own_board: Path) -> None:
    arguments = ("digits_cnn:int8", "--boards", f"my-board,{BOARD}", "--chunk", "8")
    old, other = sweep.records(*arguments, "--limit", "16")
    source = own_board / "board.c"
    source.write_text(source.read_text() + "/* changed */\n")
    content = sweep.file.read_bytes()
    line = sweep.fails(2, *arguments, "--limit", "20")
    assert "digits_cnn:int8 my-board digits: build id " in line
    assert f"instead of {old['build_id']}" in line
    assert line.endswith("--restart runs them again, -o FILE keeps these")
    assert sweep.file.read_bytes() == content
    new, same = sweep.records(*arguments, "--limit", "20", "--restart")
    assert new["build_id"] != old["build_id"]
    assert same["build_id"] == other["build_id"]
    assert [(r["pictures"], r["ok"]) for r in (new, same)] == [(20, True)] * 2


def test_other_pictures_are_not_mixed_with_the_old_ones(sweep: Sweep, tmp_path: Path) -> None:
    images = np.zeros((8, 8, 8, 1), np.uint8)
    data = tmp_path / "mine.npz"
    arguments = ("digits_cnn:int8", "--boards", "host", "--images", f"mine={data}")
    np.savez(data, images=images)
    assert sweep(*arguments).returncode == 0
    images[5] = 1
    np.savez(data, images=images)
    assert "picture 5 of mine is another one" in sweep.fails(2, *arguments)
    assert sweep(*arguments, "--restart").returncode == 0


# ---- bad input ----


def test_bad_input_is_one_line(sweep: Sweep, tmp_path: Path) -> None:
    sweep.file.write_text("not a database, but long enough to be looked at " * 30)
    assert "file is not a database" in sweep.fails(2, *DIGITS)
    sweep.file.unlink()
    with closing(sqlite3.connect(sweep.file)) as connection:
        connection.execute("CREATE TABLE mine (a)")
    assert "not a file that this version of" in sweep.fails(2, *DIGITS)
    assert "no such file" in sweep.fails(2, "--show", str(tmp_path / "nothing"))
    assert "cannot write here" in sweep.fails(2, *DIGITS, "-o", str(tmp_path / "no" / "file"))
    assert "unknown model" in sweep.fails(2, "nonsense")
    assert "no such file or folder" in sweep.fails(2, *DIGITS, "--images", "a=/nonsense")
    assert "is not NAME=PATH" in sweep.fails(2, *DIGITS, "--images", "nonsense")
    for folder in "ab":
        (tmp_path / folder).mkdir()
        shutil.copyfile(paths.ZOO / "digits_cnn" / "int8.tflite", tmp_path / folder / "net.tflite")
    both = [str(tmp_path / folder / "net.tflite") for folder in "ab"]
    assert "are both called net" in sweep.fails(2, *both, "--boards", "host")


def test_without_the_optional_package(sweep: Sweep, tmp_path: Path) -> None:
    (tmp_path / "distributed.py").write_text("raise ImportError('none here')\n")
    search = os.pathsep.join(filter(None, [str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    done = sweep.cli.process("sweep", *DIGITS, PYTHONPATH=search)
    line = failure(done, 3)
    assert "a sweep needs the packages distributed and cryptography" in line
    assert line.endswith("pip install 'boardless[sweep]'")
    assert not sweep.file.exists()


def test_one_file_has_one_writer(sweep: Sweep) -> None:
    """This process opens the file as a sweep does, and so takes as long as it has to."""
    assert sweep(*DIGITS, "--limit", "2").returncode == 0
    with store.open_file(sweep.file, new=True):
        assert "another sweep is writing this file" in sweep.fails(2, *DIGITS)
        assert DIGITS[0] in sweep("--show", str(sweep.file)).stdout  # readers may look on
    assert len(sweep.pictures()) == 2
    assert sweep(*DIGITS, "--limit", "3").returncode == 0


def test_nobody_else_can_use_the_workers() -> None:
    """Whoever can send them a task runs code as the sweep's owner."""
    dask: Any = importlib.import_module("distributed")
    another = importlib.import_module("distributed.security").Security.temporary()
    cluster.need()
    with cluster.local(1) as ours:
        address = ours.client.scheduler.address
        assert address.startswith("tls://127.0.0.1:")
        workers = ours.client.scheduler_info(n_workers=-1)["workers"]
        plain = address.replace("tls://", "tcp://")
        for where in (plain, *(name.replace("tls://", "tcp://") for name in workers)):
            with pytest.raises(OSError, match=r".*"):
                dask.Client(where, timeout=3, set_as_default=False)
        with pytest.raises(OSError, match=r".*"):
            dask.Client(address, security=another, timeout=3, set_as_default=False)
        assert ours.client.submit(int, "7").result(timeout=60) == 7


# ---- a scheduler of one's own ----


class Own:
    """A scheduler and a worker as a user starts them, on loopback."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.started = folder, list[subprocess.Popen[bytes]]()

    def schedule(self) -> None:
        file = self.folder / "scheduler.json"
        self.run("scheduler", "--port", "0", "--scheduler-file", str(file), "--no-dashboard")
        pause = threading.Event()
        while not file.is_file() or not file.read_text():
            assert self.started[0].poll() is None
            pause.wait(0.05)
        self.address: str = json.loads(file.read_text())["address"]

    def run(self, what: str, *arguments: str, **changes: str) -> None:
        options = ("--host", "127.0.0.1", *arguments)
        self.started.append(
            subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.dask_{what}", *options],
                cwd=self.folder,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=os.environ | changes,
            )
        )

    def worker(self, **changes: str) -> None:
        self.run("worker", self.address, "--nthreads", "1", "--no-dashboard", **changes)


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Own]:
    folder = tmp_path / "own"
    folder.mkdir()
    made = Own(folder)
    try:
        made.schedule()
        yield made
    finally:
        for process in reversed(made.started):
            process.terminate()
            process.wait(timeout=30)


def test_a_users_own_scheduler(sweep: Sweep, own: Own, tmp_path: Path) -> None:
    own.worker()
    model = tmp_path / "mine.tflite"
    shutil.copyfile(paths.ZOO / "digits_cnn" / "int8.tflite", model)
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 1)).astype(np.uint8)
    np.savez(tmp_path / "mine.npz", images=images, labels=np.zeros(40, np.int64))
    data = ("--images", f"noise={tmp_path / 'mine.npz'}", "--chunk", "10")
    arguments = (str(model), "--boards", BOARD, *data, "--scheduler", own.address)
    (record,) = sweep.records(*arguments)
    assert (record["model"], record["pictures"], record["ok"]) == ("mine", 40, True)
    done = sweep(*arguments)
    assert "is not protected: whoever can reach it" in done.stderr
    line = sweep.fails(2, *DIGITS, "--scheduler", own.address, "--jobs", "2")
    assert "--jobs is for workers on this machine" in line


def test_workers_that_differ_are_named(sweep: Sweep, own: Own, tmp_path: Path) -> None:
    copy = tmp_path / "checkout"
    shutil.copytree(
        paths.PACKAGE, copy / "sim/boardless", ignore=shutil.ignore_patterns("__pycache__")
    )
    for name in ("firmware", "models", "platformio.ini"):
        (copy / name).symlink_to(paths.ROOT / name)
    with (copy / "sim/boardless/judge/predictions.py").open("a") as file:
        file.write("# another one\n")
    own.worker(PYTHONPATH=str(copy / "sim"))
    line = sweep.fails(3, *DIGITS, "--scheduler", own.address)
    assert "workers differ from this machine: tcp://127.0.0.1:" in line
    assert ": sources " in line
    assert sweep.pictures() == []


def test_a_worker_without_boardless(sweep: Sweep, own: Own, tmp_path: Path) -> None:
    (tmp_path / "boardless").mkdir()
    (tmp_path / "boardless" / "__init__.py").touch()
    own.worker(PYTHONPATH=str(tmp_path))
    line = sweep.fails(3, *DIGITS, "--scheduler", own.address)
    assert "No module named 'boardless.front'" in line


def test_a_scheduler_that_is_not_there(sweep: Sweep) -> None:
    assert "no scheduler answers" in sweep.fails(3, *DIGITS, "--scheduler", "tcp://127.0.0.1:9")
