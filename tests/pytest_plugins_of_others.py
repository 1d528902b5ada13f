"""Plugins that claim the names which others claim too, installed as packages with entry points.

EMBEDDED and BROWSER are as strict as pytest-embedded 2.9.3 and pytest-playwright 0.10.0: they claim
--port and a fixture `device` of session scope that another one of session scope needs. GREEDY
claims all the names that are left, with values that none of ours would pass.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

EMBEDDED = """
import pytest

def pytest_addoption(parser):
    serial = parser.getgroup("embedded-serial")
    serial.addoption("--port", help="serial port")
    serial.addoption("--port-location", help="USB location of it")

@pytest.fixture
def port(request):
    return getattr(request, "param", None) or request.config.getoption("port", None)

@pytest.fixture
def dut(port):
    return f"on {port}"
"""

BROWSER = """
import pytest

def pytest_addoption(parser):
    group = parser.getgroup("playwright", "Playwright")
    group.addoption("--device", default=None, action="store", help="Device to be emulated.")

@pytest.fixture(scope="session")
def device(pytestconfig):
    return pytestconfig.getoption("--device")

@pytest.fixture(scope="session")
def browser_context_args(device):
    return {"device": device} if device else {}
"""

GREEDY = """
import pytest

def pytest_addoption(parser):
    parser.addoption("--board", action="store_true")
    parser.addoption("--emulator", choices=["theirs"])
    parser.addoption("--images", type=int, default=3)

def pytest_configure(config):
    assert config.option.images == 3

@pytest.fixture(scope="session")
def board(pytestconfig):
    return pytestconfig.getoption("--board")

@pytest.fixture(scope="session", params=["one", "two"])
def model(request, board):
    return request.param

@pytest.fixture(autouse=True)
def firmware():
    return "theirs"

@pytest.fixture
def pictures(firmware, model):
    return f"{firmware} of {model}"
"""


PUBLISHED = Path(__file__).with_suffix(".txt")
UNREACHABLE = re.compile(
    r"Failed to fetch|error sending request|dns error|timed out", re.IGNORECASE
)


def install_published(folder: Path) -> None:
    """Installs the plugins that others have published; skips where no package index answers."""
    install = ("pip", "install", "--no-deps", "--require-hashes", "--target", str(folder / "site"))
    done = subprocess.run(
        [sys.executable, "-m", "uv", *install, "-r", str(PUBLISHED), "--python", sys.executable],
        cwd=folder,  # uv would take boardless's settings, which leave playwright out
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if done.returncode and UNREACHABLE.search(done.stderr):
        pytest.skip("pytest-embedded, pytest-playwright and labwired: no package index in reach")
    assert done.returncode == 0, done.stderr


def install(folder: Path, **plugins: str) -> None:
    """Makes packages of one module each, which pytest finds when `folder` is in its path."""
    for name, source in plugins.items():
        (folder / f"{name}_plugin.py").write_text(source)
        about = folder / f"{name}_plugin-1.0.dist-info"
        about.mkdir()
        (about / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}-plugin\nVersion: 1.0\n"
        )
        (about / "entry_points.txt").write_text(f"[pytest11]\n{name} = {name}_plugin\n")
