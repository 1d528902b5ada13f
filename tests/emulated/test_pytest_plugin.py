"""The pytest plugin in other people's repositories: an installed wheel, not the checkout."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import own_model
import pytest
from boardless.core import paths
from command_line import Cli

pytestmark = pytest.mark.emulated
QEMU = "mps2-an386"


class Project:
    """Somebody's repository, with boardless installed."""

    def __init__(self, site: Path, folder: Path) -> None:
        self.site, self.folder = site, folder

    def test(self, source: str) -> None:
        (self.folder / "test_it.py").write_text(source)

    def pytest(self, *arguments: str, **changes: str) -> str:
        """Returns the output of pytest, with its exit status in the last line."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("BOARDLESS", "PYTEST"))}
        environment = kept | {"PYTHONPATH": str(self.site)} | changes
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        return f"{done.stdout}{done.stderr}\nstatus {done.returncode}"


@pytest.fixture
def project(site: Path, tmp_path: Path) -> Project:
    (tmp_path / "pytest.ini").write_text("[pytest]\nboardless_models = digits_cnn:int8\n")
    return Project(site, tmp_path)


def with_checkout_builds() -> dict[str, str]:
    """Nothing is built twice: the wheel's firmware has the checkout's build id."""
    return {"BOARDLESS_BUILD_DIR": str(paths.build_root())}


def test_the_committed_example_is_what_its_maker_makes() -> None:
    assert (own_model.FOLDER / "model.tflite").read_bytes() == own_model.model()
    assert {p.name for p in (own_model.FOLDER / "pictures").iterdir()} == set(own_model.CLASSES)


def test_the_example_repository_passes_against_the_wheel(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own firmware"
    shutil.copytree(own_model.FOLDER, folder, ignore=shutil.ignore_patterns("build", "*cache*"))
    where = "import boardless\ndef pytest_report_header():\n    return boardless.__file__\n"
    (folder / "conftest.py").write_text(where)
    said = Project(site, folder).pytest("--board", QEMU, "--board", "host")
    assert re.search(r"\b7 passed, 1 skipped in", said), said
    assert str(site / "boardless") in said
    assert (folder / "build" / QEMU / "model" / "firmware.elf").is_file()


def test_the_example_fails_with_another_model_in_the_firmware(site: Path, tmp_path: Path) -> None:
    """Its tests can see red: filters of the other direction."""
    folder = tmp_path / "own"
    shutil.copytree(own_model.FOLDER, folder, ignore=shutil.ignore_patterns("build", "*cache*"))
    path = folder / "model.tflite"
    votes = bytes([127, 127, 129, 129, 129, 129, 127, 127])
    assert path.read_bytes().count(votes) == 1
    path.write_bytes(path.read_bytes().replace(votes, votes[4:] + votes[:4]))
    said = Project(site, folder).pytest("--board", "host")
    assert "test_it_tells_the_classes_apart[host-model]" in said
    assert re.search(r"\b1 failed, 2 passed, 1 skipped", said), said


LIFE = """
import pytest
pids = set()

def pid(device):
    pids.add(device.line.session.process.pid)
    return len(pids)

def test_one_boot(device, pictures):
    assert pid(device) == 1
    assert device.predict(pictures.inputs[0]).top == pictures.labels[0]
    assert device.command("timestamp") != ["m-lap-us-0"]

def test_reset_each_time(device):
    assert pid(device) == 1
    assert device.command("timestamp") == ["m-lap-us-0"]

def test_it_crashes(device, pictures):
    device.predict(pictures.inputs[1])
    device.command("fault b")

def test_the_next_one_boots_again(device, pictures):
    assert pid(device) == 2
    assert device.predict(pictures.inputs[0]).top == pictures.labels[0]
    spent = device.predict(pictures.inputs[0]).instructions
    assert 0 < sum(device.layer_instructions().values()) < spent
    assert 0 < device.stack_bytes() < 2048
"""


def test_life_of_a_device_and_what_a_crash_shows(project: Project) -> None:
    project.test(LIFE)
    said = project.pytest(**with_checkout_builds())
    assert re.search(r"\b1 failed, 3 passed", said), said
    for line in (
        r"-+ UART, last 20 lines -+",
        r"> fault b",
        r"e-\[fault BusFault pc=0x",
        r"-+ backtrace -+",
        r"#0 0x\w+ hal_fault\+0x\w+ \(startup\.c:\d+\)",
        r"#1 0x\w+ run_fault\+0x\w+ \(server\.c:\d+\)",
        r"#3 0x\w+ main\+0x\w+ \(main\.c:\d+\)",
    ):
        assert re.search(line, said), (line, said)
    kept = re.search(r"-+ kept -+\n(.+): (.+)\n", said)
    assert kept, said
    folder = Path(kept[1])
    assert folder.name == "test_it.py_test_it_crashes_mps2-an386-digits_cnn_int8"
    names = ["fault.txt", "firmware.elf", "input.npy", "model.tflite", "uart.log"]
    assert kept[2].split(", ") == names
    assert "> predict" in (folder / "uart.log").read_text()
    assert "hal_fault" in (folder / "fault.txt").read_text()
    shutil.rmtree(folder)


def test_a_board_on_a_serial_port(project: Project, cli: Cli) -> None:
    """A pseudo-terminal to an emulated board stands in for it."""
    process = cli.start("serve", "digits_cnn:int8", "--board", QEMU, "--pty")
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    project.test(
        "def test_it(device, pictures):\n"
        "    for _ in range(2):\n"
        "        prediction = device.predict(pictures.inputs[0])\n"
        "        assert prediction.top == pictures.labels[0]\n"
        "        device.reset()\n"
    )
    said = project.pytest(f"--port={port}", **with_checkout_builds())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert re.search(r"\b1 passed in", said), said


MARKED = """
import pytest

@pytest.mark.boards("mps2-an386")
def test_only_there(device):
    pass

@pytest.mark.boards("host", "mps2-an386")
@pytest.mark.models("digits_cnn:int8", "digits_cnn:float32")
def test_pairs(device, model, board):
    assert device.command("hello")[1:3] == [f"m-board-[{board.name}]", f"m-model-[{model.name}]"]

def test_no_board_at_all():
    pass
"""


def test_boards_and_models_by_marker_and_option_in_two_workers(project: Project) -> None:
    project.test(MARKED)
    said = project.pytest("-n", "2", "-v", "--strict-markers", **with_checkout_builds())
    assert re.search(r"\b6 passed in", said), said
    for name in ("host-digits_cnn:int8", "mps2-an386-digits_cnn:float32"):
        assert f"test_pairs[{name}]" in said
    said = project.pytest("-rs", "--board", "host", **with_checkout_builds())
    assert re.search(r"\b3 passed, 1 skipped in", said), said
    assert "this test is for mps2-an386" in said


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--board", "nowhere"], 4, "ERROR: unknown board 'nowhere'; known boards: "),
        (["--port", "/dev/ttyACM0", "-n", "2"], 4, "ERROR: --port is one board"),
        (["--emulator", "renode", "--board", "host"], 1, "does not run on renode; it runs on"),
        (["--images", "no/such.npz"], 1, "boardless: no/such.npz: "),
    ],
)
def test_bad_usage_gets_one_line(
    project: Project, arguments: list[str], status: int, text: str
) -> None:
    project.test("def test_it(device, pictures):\n    pass\n")
    said = project.pytest(*arguments, **with_checkout_builds())
    assert text in said
    assert said.endswith(f"status {status}")
    assert "Traceback" not in said
    assert "pytest_plugin.py" not in said


def test_a_test_without_a_model_says_how_to_name_one(project: Project) -> None:
    (project.folder / "pytest.ini").write_text("[pytest]\n")
    project.test("def test_it(device):\n    pass\n")
    said = project.pytest()
    assert "no model; mark the test with @pytest.mark.models" in said
    assert said.endswith("status 2")
