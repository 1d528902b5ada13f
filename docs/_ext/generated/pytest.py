"""The pytest plugin's options, settings, markers, fixtures, and the methods of its device."""

from __future__ import annotations

import inspect
from typing import Any

from boardless.front import pytest_plugin
from boardless.front.booted import Device

from generated.writing import code, prose, sentence, table

INTERNAL = "_"  # how fixtures begin that tests do not ask for


class Recorder:
    """Plays pytest's parser and configuration, and keeps what the plugin tells them."""

    def __init__(self) -> None:
        self.options: list[list[str]] = []
        self.settings: list[list[str]] = []
        self.markers: list[list[str]] = []
        pytest_plugin.pytest_addoption(self)  # type: ignore[arg-type]
        pytest_plugin.pytest_configure(self)  # type: ignore[arg-type]

    def getgroup(self, *_: str) -> Recorder:
        return self

    def addoption(self, name: str, help: str, metavar: str = "", **_: Any) -> None:
        self.options.append([code(f"{name}={metavar or name[2:].upper()}"), sentence(help)])

    def addini(self, name: str, help: str, type: str = "string", default: object = None) -> None:
        told = sentence(help) + (f" (default: {', '.join(map(str, default))})" if default else "")  # type: ignore[call-overload]
        self.settings.append([code(name), told])

    def getoption(self, *_: object) -> None:
        return None

    def addinivalue_line(self, _: str, line: str) -> None:
        name, told = line.split(": ", 1)
        self.markers.append([code(f"@pytest.mark.{name}"), sentence(told)])


def fixtures() -> dict[str, str]:
    """Name -> docstring, of those that tests ask for."""
    found = {}
    for name, thing in vars(pytest_plugin).items():
        function = getattr(thing, "_fixture_function", None)
        if function is not None and not name.startswith(INTERNAL):
            found[name] = prose(function)
    return found


def methods() -> dict[str, str]:
    """Call -> docstring, of what a test may ask of `boardless_device`."""
    found = {}
    for name, function in inspect.getmembers(Device, inspect.isfunction):
        if not name.startswith("_") and function.__doc__:
            names = [p for p in inspect.signature(function).parameters if p != "self"]
            found[f"device.{name}({', '.join(names)})"] = prose(function)
    return found


def markdown(what: str) -> str:
    told = Recorder()
    if what == "device":
        return table(("call", "what"), [[code(call), doc] for call, doc in methods().items()])
    if what == "fixtures":
        return table(("fixture", "what"), [[code(name), doc] for name, doc in fixtures().items()])
    return {
        "options": table(("option", "what"), told.options),
        "settings": table(("setting", "what"), told.settings),
        "markers": table(("marker", "what"), told.markers),
    }[what]
