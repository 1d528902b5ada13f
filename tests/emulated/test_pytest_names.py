"""The names of the pytest plugin's options and fixtures, alone and among plugins of others."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
import pytest_plugins_of_others as others
import shared
from command_line import Cli
from pytest_project import Project, with_checkout_builds

pytestmark = pytest.mark.emulated

SHORT = """
def test_it(device, board, model, firmware, pictures, pytestconfig):
    assert device.command("hello")[1:3] == [f"m-board-[{board.name}]", f"m-model-[{model.name}]"]
    assert len(pictures.inputs) and firmware.flash_bytes
    assert pytestconfig.getoption("--images") == pytestconfig.getoption("--boardless-images")
"""


@pytest.fixture
def project(site: Path, tmp_path: Path) -> Project:
    settings = "boardless_models = digits_cnn:int8\nboardless_boards = host\n"
    (tmp_path / "pytest.ini").write_text(f"[pytest]\n{settings}")
    return Project(site, tmp_path)


def test_short_names_where_nobody_else_has_them(project: Project) -> None:
    project.test(SHORT)
    said = project.pytest("--board", "mps2-an386", "--board", "host", **with_checkout_builds())
    assert re.search(r"\b2 passed in", said), said
    assert "test_it[mps2-an386-digits_cnn:int8]" in project.pytest(
        "--co", "-q", "--board=mps2-an386"
    )
    said = project.pytest("--help")
    assert "--boardless-port=DEVICE" in said
    assert re.search(r"--port=DEVICE +as --boardless-port", said)


OF_A_CONFTEST = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--port", type=int)

@pytest.fixture(scope="session")
def board(pytestconfig):
    return pytestconfig.getoption("--port")

@pytest.fixture
def device(device):
    return [device]
"""


def test_a_conftest_has_its_own_names_and_may_extend_ours(project: Project) -> None:
    (project.folder / "conftest.py").write_text(OF_A_CONFTEST)
    project.test(
        "def test_it(board, device, boardless_device, pytestconfig):\n"
        "    assert board == 7\n"
        "    assert device == [boardless_device]\n"
        '    assert pytestconfig.getoption("--boardless-port") is None\n'
        '    assert boardless_device.command("name") == ["m-name-dut-[boardless]"]\n'
    )
    said = project.pytest("--port", "7", "--board=host", **with_checkout_builds())
    assert re.search(r"\b1 passed in", said), said


TOGETHER = """
def test_ours(boardless_device, boardless_board, boardless_model, boardless_pictures, pytestconfig):
    assert boardless_device.command("name") == ["m-name-dut-[boardless]"]
    assert (boardless_board.name, boardless_model.name) == ("host", "digits_cnn:int8")
    assert pytestconfig.getoption("--boardless-port") is None

def test_of_a_browser(device, browser_context_args):
    assert device == "a phone"
    assert browser_context_args == {"device": device}

def test_of_a_serial_port(dut, port):
    assert (dut, port) == ("on /dev/none", "/dev/none")

def test_of_the_greedy(board, model, firmware, pictures):
    assert board is True
    assert pictures == f"theirs of {model}"
"""


@pytest.mark.parametrize("ours_first", [True, False])
def test_others_keep_their_names(project: Project, tmp_path: Path, ours_first: bool) -> None:
    """Whoever is found first: the plugins of others work, and so do ours, in two workers, too."""
    folder = tmp_path / "others"
    folder.mkdir()
    others.install(folder, embedded=others.EMBEDDED, browser=others.BROWSER, greedy=others.GREEDY)
    project.test(TOGETHER)
    search = [str(project.site), str(folder)]
    said = project.pytest(
        *("--port=/dev/none", "--device=a phone", "--board", "--emulator=theirs"),
        *(("-n", "2") if ours_first else ("--boardless-board=host",)),
        **with_checkout_builds(),
        PYTHONPATH=os.pathsep.join(search if ours_first else search[::-1]),
    )
    assert re.search(r"\b5 passed in", said), said
    for plugin in ("embedded-plugin-1.0", "browser-plugin-1.0", "greedy-plugin-1.0", "boardless-"):
        assert plugin in said


AMONG_PUBLISHED = """
import labwired, pytest_embedded_serial

def test_ours(boardless_device, boardless_pictures):
    for _ in range(2):
        prediction = boardless_device.predict(boardless_pictures.inputs[0])
        assert prediction.top == boardless_pictures.labels[0]

def test_of_embedded(port, pytestconfig):
    assert port == pytestconfig.getoption("--port") == "/dev/none"

def test_of_playwright(device, pytestconfig):
    assert device == pytestconfig.getoption("--device") == "a phone"

def test_of_labwired(sim):
    assert callable(sim)
"""


def test_published_plugins_together(
    project: Project, tmp_path_factory: pytest.TempPathFactory, cli: Cli
) -> None:
    """pytest-embedded, pytest-xdist, pytest-playwright and labwired, as they are published: on an
    emulated board in two workers, and on a serial port that a pseudo-terminal stands in for."""
    folder = shared.once(tmp_path_factory, "plugins", others.install_published) / "site"
    project.test(AMONG_PUBLISHED)
    path = os.pathsep.join([str(project.site), str(folder)])
    environment = {**with_checkout_builds(), "PYTHONPATH": path}
    theirs = ("--port=/dev/none", "--device=a phone", "--labwired-chip=none")
    process = cli.start("serve", "digits_cnn:int8", "--board", "host", "--pty")
    assert process.stdout is not None
    terminal = process.stdout.readline().strip()
    for ours in (("-n", "2"), (f"--boardless-port={terminal}",)):
        said = project.pytest(*theirs, *ours, **environment)
        assert "4 passed" in said, said
        for plugin in ("embedded-2", "playwright-0", "labwired-0", "xdist-3", "boardless-"):
            assert plugin in said
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
