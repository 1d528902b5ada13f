"""pytest plugin: tests of a model on emulated boards, in anybody's repository.

    @pytest.mark.models("model.tflite")
    def test_it_predicts_the_same(boardless_device, boardless_pictures):
        inputs = boardless_pictures.inputs
        assert (boardless_device.predict_all(inputs) == boardless_device.reference(inputs)).all()

Fixtures: `boardless_board` and `boardless_model` (each test runs once for each of them),
`boardless_firmware` (their build), `boardless_pictures` (inputs and labels), `boardless_device`
(booted once per module, reset before each test). A failed test is shown with the last lines of the
UART, and its files are saved in build/failures. Without the prefix `boardless` the same fixtures
and options are there where no other plugin has one of that name (`pytest_aliases`).
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from boardless.front import pytest_aliases

if TYPE_CHECKING:  # imported where needed: a pytest run without boards pays nothing
    from boardless.data.records import Pictures
    from boardless.device.records import Board, Build
    from boardless.front.booted import Device
    from boardless.model.zoo import Model

LAST_LINES = 20  # of the UART, in the report of a failure
NONE_LEFT = "none"  # the parameter of a test whose boards were all deselected
USED = pytest.StashKey["Device"]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("boardless", "models on microcontroller boards")
    group.addoption(
        "--boardless-board",
        action="append",
        default=[],
        metavar="BOARD",
        help="run on this board (`boardless boards` lists them); may be given more than once",
    )
    group.addoption(
        "--boardless-emulator",
        metavar="EMULATOR",
        help="default: the board's first that is installed",
    )
    group.addoption(
        "--boardless-port",
        metavar="DEVICE",
        help="a real board on this serial port; write --boardless-port=DEVICE, with the equals "
        "sign, or pytest takes the device's folder for the root folder",
    )
    group.addoption(
        "--boardless-reference",
        metavar="NAME",
        default="litert",
        help="whose bits the firmware has to give: litert (the default), tflm or xnnpack",
    )
    group.addoption(
        "--boardless-images", metavar="PATH", help="pictures for the fixture `boardless_pictures`"
    )
    parser.addini("boardless_boards", "boards of tests without a marker", "args", ["mps2-an386"])
    parser.addini("boardless_models", "models of tests without a marker", "args", [])
    parser.addini("boardless_images", "default of --boardless-images, relative to the root folder")


def pytest_configure(config: pytest.Config) -> None:
    for line in (
        "boards(*names): the boards that this test is for; --boardless-board chooses among them",
        "models(*names): MODELs as for `boardless run`; paths are relative to the root folder",
    ):
        config.addinivalue_line("markers", line)
    if config.getoption("boardless_board"):
        from boardless.core.errors import BadInput
        from boardless.core.printable import one_line
        from boardless.device import boards

        try:
            for name in config.getoption("boardless_board"):
                boards.load(name)
        except BadInput as error:
            raise pytest.UsageError(one_line(str(error))) from error
    if config.getoption("boardless_port") and config.getoption("numprocesses", None):
        raise pytest.UsageError(
            "--boardless-port is one board: it cannot be shared by workers; leave out -n"
        )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(
    parser: pytest.Parser,
) -> Generator[None, None, None]:
    """Adds the short options once all plugins and conftest.py files have added theirs."""
    yield
    pytest_aliases.add_options(parser)


def pytest_plugin_registered(
    plugin: object, plugin_name: str, manager: pytest.PytestPluginManager
) -> None:
    """Adds the short fixtures once those of all plugins are known."""
    if plugin_name == "funcmanage":  # pytest's own name for its fixtures
        pytest_aliases.add_fixtures(plugin, manager)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A parameter per board and per model, for tests that use this plugin's fixtures."""
    for fixture, names in (("boardless_board", _boards), ("_boardless_model_name", _models)):
        if fixture in metafunc.fixturenames:
            metafunc.parametrize(fixture, names(metafunc), indirect=True, scope="module")


def _marked(metafunc: pytest.Metafunc, marker: str) -> list[str]:
    """Arguments of the nearest marker, else of the setting in the configuration file."""
    mark = metafunc.definition.get_closest_marker(marker)
    return list(mark.args) if mark else list(metafunc.config.getini(f"boardless_{marker}"))


def _boards(metafunc: pytest.Metafunc) -> list[object]:
    wanted, chosen = _marked(metafunc, "boards"), metafunc.config.getoption("boardless_board")
    if chosen and metafunc.definition.get_closest_marker("boards"):
        reason = f"this test is for {', '.join(wanted)}"
        wanted = [name for name in chosen if name in wanted]
        return [*wanted] or [pytest.param(NONE_LEFT, marks=pytest.mark.skip(reason=reason))]
    return [*(chosen or wanted)]


def _models(metafunc: pytest.Metafunc) -> list[object]:
    names = _marked(metafunc, "models")
    if not names:
        pytest.fail(
            f"{metafunc.definition.nodeid}: no model; mark the test with "
            '@pytest.mark.models("model.tflite"), or set boardless_models in the configuration',
            pytrace=False,
        )
    return [pytest.param(name, id=Path(name).stem) for name in names]


@contextmanager
def _in_one_line() -> Iterator[None]:
    """Bad input and missing tools fail a test with their own message, without a traceback."""
    from boardless.core.errors import BoardlessError
    from boardless.core.printable import one_line

    try:
        yield
    except BoardlessError as error:
        said = f"boardless: {one_line(str(error))}"
        raise pytest.fail.Exception(said, pytrace=False) from None


@pytest.fixture(scope="module")
def _boardless_model_name(request: pytest.FixtureRequest, pytestconfig: pytest.Config) -> str:
    """Returns MODEL as the command line takes it; a path is relative to the root folder."""
    inside = pytestconfig.rootpath / str(request.param)
    return str(inside) if inside.is_file() else str(request.param)


@pytest.fixture(scope="module")
def boardless_board(request: pytest.FixtureRequest) -> Board:
    """The board: name, core, memory; the test runs once for each."""
    from boardless.device import boards

    with _in_one_line():
        return boards.load(str(request.param))


@pytest.fixture(scope="module")
def boardless_model(_boardless_model_name: str, pytestconfig: pytest.Config) -> Model:
    """The model: name, graph and the content of its .tflite; the test runs once for each."""
    from boardless.model.reference import followed

    with _in_one_line():
        return followed.find(_boardless_model_name, pytestconfig.getoption("boardless_reference"))


@pytest.fixture(scope="module")
def _boardless_target(
    boardless_board: Board, _boardless_model_name: str, pytestconfig: pytest.Config
) -> tuple[Build, str]:
    """Returns (build, emulator); nothing is built twice, and workers wait for each other."""
    from boardless.core import paths
    from boardless.path import Request, prepare

    if paths.INSTALLED:  # the folder of the configuration file, wherever pytest was started
        os.environ.setdefault("BOARDLESS_BUILD_DIR", str(pytestconfig.rootpath / "build"))
    with _in_one_line():
        request = Request(
            model=_boardless_model_name,
            board=boardless_board.name,
            emulator=pytestconfig.getoption("boardless_emulator"),
            port=pytestconfig.getoption("boardless_port"),
            reference=pytestconfig.getoption("boardless_reference"),
        )
        prepared = prepare(request)
    return prepared.build, prepared.emulator


@pytest.fixture(scope="module")
def boardless_firmware(_boardless_target: tuple[Build, str]) -> Build:
    """The build: ELF, build id, layers, sizes of flash, RAM and arena in bytes."""
    return _boardless_target[0]


@pytest.fixture(scope="module")
def boardless_pictures(boardless_model: Model, pytestconfig: pytest.Config) -> Pictures:
    """The pictures of --boardless-images, else of the model's data set, else generated ones:
    inputs (N, ...) in the model's own type, and labels (N,) or None."""
    from boardless.data import pictures as loading

    given = pytestconfig.getoption("boardless_images")
    setting = pytestconfig.getini("boardless_images")
    path = Path(given) if given else pytestconfig.rootpath / setting if setting else None
    with _in_one_line():
        return loading.load(boardless_model, path)


@pytest.fixture(scope="module")
def _boardless_booted(
    boardless_model: Model, _boardless_target: tuple[Build, str]
) -> Iterator[Device]:
    from boardless.device import run
    from boardless.front.booted import Device

    build, emulator = _boardless_target
    with Device(boardless_model, build, run.Options(emulator, link="uart")) as device:
        yield device


@pytest.fixture
def boardless_device(_boardless_booted: Device, request: pytest.FixtureRequest) -> Device:
    """The firmware on its board, as after power on."""
    request.node.stash[USED] = _boardless_booted
    with _in_one_line():
        _boardless_booted.reset()
    return _boardless_booted


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    device = item.stash.get(USED, None)
    if device is not None and report.failed and report.when in ("setup", "call"):
        report.sections += _sections(device, item)
    return report


def _sections(device: Device, item: pytest.Item) -> list[tuple[str, str]]:
    """Returns the last output of the device, its crash, and the folder that holds the files."""
    from boardless.core import paths
    from boardless.core.printable import printable

    name = re.sub(r"[^\w.\-]+", "_", item.nodeid).strip("_")
    folder = paths.build_root() / "failures" / name
    sections = [(f"UART, last {LAST_LINES} lines", "\n".join(device.transcript()[-LAST_LINES:]))]
    if device.said:
        sections.append(("fault report", device.said[0]))
        sections.append(("backtrace", "\n".join(device.backtrace()) or "not known"))
    try:
        kept = ", ".join(path.name for path in device.keep(folder))
        sections.append(("kept", f"{folder}: {kept}"))
    except OSError as error:
        sections.append(("kept", f"nothing: {error}"))
    return [(title, printable(text)) for title, text in sections]
