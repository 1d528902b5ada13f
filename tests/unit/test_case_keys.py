"""The key of a case holds everything that its results depend on."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless.core import paths
from boardless.device import build, emulators
from boardless.device.link.faults import Faults
from boardless.judge.budgets import Budgets
from boardless.model import zoo
from boardless.model.zoo import Model
from boardless.path import GATE, PICTURES, Request, keys
from boardless.path.measuring import inputs

REQUEST = Request("digits_cnn:int8", "host", sets=(GATE, PICTURES), limit=2)
PICKED = (
    "images",
    "limit",
    "pixels",
    "labels",
    "groups",
    "pictures",
)  # they pick the inputs
OTHER: dict[str, Any] = {
    "model": "digits_cnn:float32",
    "board": "mps2-an386",
    "runtime": "bakenn",
    "reference": "tflm",
    "other_references": True,
    "elf": Path(__file__),
    "region": "begin:end",
    "uint8": True,
    "budgets": Budgets(flash=1),
    "sets": (PICTURES,),
    "emulator": "fake",
    "link": "uart",
    "port": "/dev/ttyACM0",
    "baud": 9600,
    "flash": True,
    "clock": 1_000_000,
    "jobs": 2,
    "bad_line": Faults(),
    "fold": False,
    "keep_input": True,
    "keep_state": True,
    "cycles": False,
    "metrics": ("top-5",),
    "cores": ("cortex-m4",),
    "parts": ("stm32l4r5",),
}


def key(request: Request = REQUEST, model: Model | None = None) -> str:
    model = model or zoo.find(REQUEST.model)
    return keys.key(request, model, inputs(request, model))


def test_the_same_case_has_the_same_key() -> None:
    assert key() == key()
    # Two ways to the same pictures are the same case.
    few = inputs(REQUEST, zoo.find(REQUEST.model))[PICTURES]
    assert key(dataclasses.replace(REQUEST, limit=None, pictures=few)) == key()


@pytest.mark.parametrize(
    "name", [f.name for f in dataclasses.fields(Request) if f.name not in PICKED]
)
def test_every_part_of_a_request_counts(name: str) -> None:
    assert key(dataclasses.replace(REQUEST, **{name: OTHER[name]})) != key()


def test_inputs_and_labels_count() -> None:
    assert key(dataclasses.replace(REQUEST, limit=3)) != key()
    model = zoo.find(REQUEST.model)
    fed = inputs(REQUEST, model)
    labels = fed[PICTURES].labels
    assert labels is not None
    for changes in (
        {"inputs": fed[PICTURES].inputs ^ np.int8(1)},
        {"labels": labels + 1},
        {"labels": None},
        {"origin": "elsewhere"},
    ):
        other = fed | {PICTURES: dataclasses.replace(fed[PICTURES], **changes)}
        assert keys.key(REQUEST, model, other) != key()


def test_the_model_counts() -> None:
    model = zoo.find(REQUEST.model)
    assert key(model=dataclasses.replace(model, content=model.content + b"\0")) != key()
    assert key(model=dataclasses.replace(model, name="other")) != key()


def test_sources_of_the_firmware_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = key()
    firmware = tmp_path / "firmware"
    shutil.copytree(paths.FIRMWARE, firmware)
    monkeypatch.setattr(paths, "FIRMWARE", firmware)
    assert key() == before
    kernel = firmware / "kernels" / "conv_2d" / "conv_2d_ref.c"
    kernel.write_text(kernel.read_text() + "\n")
    assert key() != before


def test_tools_count(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = {key()}
    for place, name in (
        (build, "toolchain"),
        (emulators.load("fake"), "version"),
        (keys, "identity"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(place, name, lambda _: "another one")
            seen.add(key())
    assert len(seen) == 4


def test_our_own_code_and_its_packages_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, _ = keys.code()
    assert keys.unchanged()
    names = {path.relative_to(paths.PACKAGE).as_posix() for path in keys.files()}
    assert {"cycles/price.py", "cycles/cores/cortex-m4.toml", "device/plugin/abi.h"} <= names
    assert not [name for name in names if name.startswith(("report/", "commands/"))]
    with monkeypatch.context() as patch:
        version = importlib.metadata.version
        patch.setattr(importlib.metadata, "version", lambda name: f"{version(name)}.1")
        keys.code.cache_clear()
        assert keys.code()[0] != before
    package = tmp_path / "boardless"
    shutil.copytree(paths.PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(paths, "PACKAGE", package)
    keys.code.cache_clear()
    assert keys.code()[0] == before
    changed = package / "cycles" / "price.py"
    changed.write_text(changed.read_text() + "\n")
    assert not keys.unchanged()
    keys.code.cache_clear()
    assert keys.code()[0] != before
    monkeypatch.undo()
    keys.code.cache_clear()
