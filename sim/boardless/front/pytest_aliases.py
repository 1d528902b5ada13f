"""Short names of the pytest plugin, such as `--port` for `--boardless-port`.

A name is given only where nobody else has it: pytest-embedded has `--port`, pytest-playwright has a
fixture `device`, and those stay theirs.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from boardless.data.records import Pictures
    from boardless.device.records import Board, Build
    from boardless.front.booted import Device
    from boardless.model.zoo import Model

OPTIONS: dict[str, dict[str, Any]] = {
    "board": {"action": "append", "default": [], "metavar": "BOARD"},
    "emulator": {"metavar": "EMULATOR"},
    "port": {"metavar": "DEVICE"},
    "reference": {"metavar": "NAME", "default": "litert"},
    "images": {"metavar": "PATH"},
}


def add_options(parser: pytest.Parser) -> None:
    """Adds each short option that no other plugin and no conftest.py has added."""
    group = parser.getgroup("boardless")
    for name, settings in OPTIONS.items():
        if not _is_taken(parser, f"--{name}"):
            full = f"--boardless-{name}"
            group.addoption(f"--{name}", dest=f"boardless_{name}", help=f"as {full}", **settings)


def _is_taken(parser: pytest.Parser, option: str) -> bool:
    try:
        unknown = parser.parse_known_and_unknown_args([f"{option}=1"])[1]
    except pytest.UsageError:  # the option is known and refuses this value, or others are missing
        return True
    return not unknown


def add_fixtures(known: Any, manager: pytest.PytestPluginManager) -> None:
    """Adds each short fixture that no other plugin has. `known` is pytest's manager of fixtures,
    when it knows those of plugins: what comes later, a conftest.py, may define or extend ours."""
    free = {
        name: fixture
        for name, fixture in FIXTURES.items()
        if all(map(_is_of_conftest, known.getfixturedefs(name, known.session) or ()))
    }
    plugin = types.ModuleType("boardless_short_fixtures")
    vars(plugin).update(free)
    manager.register(plugin, "boardless_short_fixtures")


def _is_of_conftest(fixture: pytest.FixtureDef[Any]) -> bool:
    """Tells a definition that overrides those of plugins from one that a plugin made."""
    return fixture.func.__module__.rpartition(".")[2] == "conftest"


@pytest.fixture(scope="module")
def board(boardless_board: Board) -> Board:
    """Returns the board of boardless_board."""
    return boardless_board


@pytest.fixture(scope="module")
def model(boardless_model: Model) -> Model:
    """Returns the model of boardless_model."""
    return boardless_model


@pytest.fixture(scope="module")
def firmware(boardless_firmware: Build) -> Build:
    """Returns the build of boardless_firmware."""
    return boardless_firmware


@pytest.fixture(scope="module")
def pictures(boardless_pictures: Pictures) -> Pictures:
    """Returns the pictures of boardless_pictures."""
    return boardless_pictures


@pytest.fixture
def device(boardless_device: Device) -> Device:
    """Returns the device of boardless_device."""
    return boardless_device


FIXTURES = {
    "board": board,
    "model": model,
    "firmware": firmware,
    "pictures": pictures,
    "device": device,
}
