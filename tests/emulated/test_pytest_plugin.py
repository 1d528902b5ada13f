"""The pytest plugin in other people's repositories: an installed wheel, not the checkout."""

from __future__ import annotations

import re
import shutil
import signal
from pathlib import Path

import own_model
import pytest
from command_line import Cli
from pytest_project import Project, with_checkout_builds

pytestmark = pytest.mark.emulated
QEMU = "mps2-an386"


@pytest.fixture
def project(site: Path, tmp_path: Path) -> Project:
    (tmp_path / "pytest.ini").write_text("[pytest]\nboardless_models = digits_cnn:int8\n")
    return Project(site, tmp_path)


def test_the_committed_example_is_what_its_maker_makes() -> None:
    assert (own_model.FOLDER / "model.tflite").read_bytes() == own_model.model()
    assert {p.name for p in (own_model.FOLDER / "pictures").iterdir()} == set(own_model.CLASSES)


def test_the_example_repository_passes_against_the_wheel(site: Path, tmp_path: Path) -> None:
    folder = tmp_path / "own firmware"
    shutil.copytree(own_model.FOLDER, folder, ignore=shutil.ignore_patterns("build", "*cache*"))
    where = "import boardless\ndef pytest_report_header():\n    return boardless.__file__\n"
    (folder / "conftest.py").write_text(where)
    said = Project(site, folder).pytest("--boardless-board", QEMU, "--boardless-board", "host")
    assert re.search(r"\b7 passed, 1 skipped in", said), said
    assert str(site / "boardless") in said
    for file in ("py.typed", "topics/tools.txt", "report/templates/report.css"):
        assert (site / "boardless" / file).is_file()
    assert (folder / "build" / QEMU / "model" / "firmware.elf").is_file()


def test_the_example_fails_with_another_model_in_the_firmware(site: Path, tmp_path: Path) -> None:
    """Its tests can see red: filters of the other direction."""
    folder = tmp_path / "own"
    shutil.copytree(own_model.FOLDER, folder, ignore=shutil.ignore_patterns("build", "*cache*"))
    path = folder / "model.tflite"
    votes = bytes([127, 127, 129, 129, 129, 129, 127, 127])
    assert path.read_bytes().count(votes) == 1
    path.write_bytes(path.read_bytes().replace(votes, votes[4:] + votes[:4]))
    said = Project(site, folder).pytest("--boardless-board", "host")
    assert "test_it_tells_the_classes_apart[host-model]" in said
    assert re.search(r"\b1 failed, 2 passed, 1 skipped", said), said


LIFE = """
import pytest
pids = set()

@pytest.fixture
def it(boardless_device):
    pids.add(boardless_device.line.session.process.pid)
    return boardless_device

def test_one_boot(it, boardless_pictures):
    assert len(pids) == 1
    assert it.predict(boardless_pictures.inputs[0]).top == boardless_pictures.labels[0]
    assert it.command("timestamp") != ["m-lap-us-0"]

def test_reset_each_time(it):
    assert len(pids) == 1
    assert it.command("timestamp") == ["m-lap-us-0"]

def test_it_crashes(it, boardless_pictures):
    it.predict(boardless_pictures.inputs[1])
    it.command("fault b")

def test_the_next_one_boots_again(it, boardless_pictures):
    assert len(pids) == 2
    assert it.predict(boardless_pictures.inputs[0]).top == boardless_pictures.labels[0]
    spent = it.predict(boardless_pictures.inputs[0]).instructions
    assert 0 < sum(it.layer_instructions().values()) < spent
    assert 0 < it.stack_bytes() < 2048
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
        "def test_it(boardless_device, boardless_pictures):\n"
        "    for _ in range(2):\n"
        "        prediction = boardless_device.predict(boardless_pictures.inputs[0])\n"
        "        assert prediction.top == boardless_pictures.labels[0]\n"
        "        boardless_device.reset()\n"
    )
    said = project.pytest(f"--boardless-port={port}", **with_checkout_builds())
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    assert re.search(r"\b1 passed in", said), said


MARKED = """
import pytest

@pytest.mark.boards("mps2-an386")
def test_only_there(boardless_device):
    pass

@pytest.mark.boards("host", "mps2-an386")
@pytest.mark.models("digits_cnn:int8", "digits_cnn:float32")
def test_pairs(boardless_device, boardless_model, boardless_board):
    said = boardless_device.command("hello")
    assert said[1:3] == [f"m-board-[{boardless_board.name}]", f"m-model-[{boardless_model.name}]"]

def test_no_board_at_all():
    pass
"""


def test_boards_and_models_by_marker_and_option_in_two_workers(project: Project) -> None:
    project.test(MARKED)
    said = project.pytest("-n", "2", "-v", "--strict-markers", **with_checkout_builds())
    assert re.search(r"\b6 passed in", said), said
    for name in ("host-digits_cnn:int8", "mps2-an386-digits_cnn:float32"):
        assert f"test_pairs[{name}]" in said
    said = project.pytest("-rs", "--boardless-board", "host", **with_checkout_builds())
    assert re.search(r"\b3 passed, 1 skipped in", said), said
    assert "this test is for mps2-an386" in said


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (["--boardless-board", "nowhere"], 4, "ERROR: unknown board 'nowhere'; known boards: "),
        (["--boardless-port=/dev/x", "-n", "2"], 4, "ERROR: --boardless-port is one board"),
        (["--emulator", "renode", "--board", "host"], 1, "does not run on renode; it runs on"),
        (["--images", "no/such.npz"], 1, "boardless: no/such.npz: "),
    ],
)
def test_bad_usage_gets_one_line(
    project: Project, arguments: list[str], status: int, text: str
) -> None:
    project.test("def test_it(device, boardless_pictures):\n    pass\n")
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
