"""Hostile devices, models and pictures in suites of pytest and Robot Framework: each test fails
with one message, and nothing reaches the terminal that it would obey."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from boardless.core import paths
from robot.api import ExecutionResult

COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]")  # what a terminal may obey
BAD = "a\x1b]0;x\x07\u202e.tflite"
PICTURES = "pic\x1b[2Jtures"
TESTS = f"""
import numpy as np
import pytest
from hostile_suite import answer_with

@pytest.mark.parametrize("how", ["fault", "lines"])
def test_a_device(boardless_device, how):
    answer_with(how)
    boardless_device.predict(np.zeros((8, 8, 1), np.int8))

@pytest.mark.models({BAD!r})
def test_a_model_for_a_device(boardless_device):
    pass

@pytest.mark.models({BAD!r})
def test_a_model(boardless_model):
    pass

def test_pictures(boardless_pictures):
    pass
"""
SUITE = """
*** Settings ***
Library           hostile_suite
Library           boardless.robot_library.Boardless    fake
Test Setup        Booted
Test Teardown     Reset Emulation

*** Test Cases ***
Crashes
    Answer With    fault
    Predict Picture    0

Crashes later
    Answer With    fault
    Write Line To Uart    predict%    waitForEcho=false
    Wait For Line On Uart    never    timeout=1

Predicts nothing
    Answer With    lines
    Predict Picture    0

Says what is no answer
    Answer With    lines
    ${lines}    Ask Device    predict
    Should Be Empty    ${lines}

A model
    Load Firmware    %{BAD_MODEL}    host

Pictures
    Use Pictures    %{BAD_PICTURES}

*** Keywords ***
Booted
    Load Firmware    digits_cnn:int8    host
    Create Terminal Tester    sysbus.uart0    timeout=5
    Start Emulation
    Wait For Line On Uart    m-ready
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / BAD).write_bytes(b"TFL3\x1b[2J")
    (tmp_path / PICTURES / "class \x1b[1m").mkdir(parents=True)
    (tmp_path / PICTURES / "class \x1b[1m" / "1\x1b[2J.png").write_bytes(b"none")
    return tmp_path


def run(words: list[str], folder: Path) -> str:
    """Returns what a suite writes to the terminal."""
    places = [str(paths.ROOT / "tests"), *filter(None, sys.path)]
    done = subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=os.environ
        | {
            "PYTHONPATH": os.pathsep.join(places),
            "BAD_MODEL": str(folder / BAD),
            "BAD_PICTURES": str(folder / PICTURES),
            "BOARDLESS_BUILD_DIR": str(folder / "build"),
        },
        capture_output=True,
        timeout=120,
        check=False,
    )
    said = (done.stdout + done.stderr).decode()
    assert done.returncode, said
    assert not COMMANDS.search(said), COMMANDS.findall(said)
    return said


def test_pytest(folder: Path) -> None:
    ini = f"[pytest]\nboardless_models = digits_cnn:int8\nboardless_images = {PICTURES}\n"
    (folder / "pytest.ini").write_text(ini)
    (folder / "conftest.py").write_text("import hostile_suite\n")
    (folder / "test_it.py").write_text(TESTS)
    words = ["pytest", "-p", "no:cacheprovider", "--boardless-board", "host", "--color=no"]
    said = run(words, folder)
    assert re.search(r"\b2 failed, 3 errors", said), said
    assert r"the firmware crashed: \x1b[2J\x1b]0;title\x07" in said
    lines = [line for line in said.splitlines() if line.startswith("boardless: ")]
    assert len(lines) == 3, said
    assert "During handling" not in said
    assert all("not a TensorFlow Lite model" in line for line in lines[:2]), lines
    assert r"class \x1b[1m/1\x1b[2J.png" in lines[2]


def test_robot(folder: Path) -> None:
    (folder / "suite.robot").write_text(SUITE)
    words = ["robot", "--loglevel", "DEBUG", "--consolecolors", "off", "suite.robot"]
    said = run(words, folder)
    assert "6 tests, 0 passed, 6 failed" in said
    result = ExecutionResult(str(folder / "output.xml"))
    messages = {test.name: test.message for test in result.suite.tests}
    assert not any(COMMANDS.search(message) for message in messages.values()), messages
    for name in ("A model", "Pictures"):
        assert len(messages[name].splitlines()) == 1
        assert messages[name].startswith("BadInput: ")
    assert r"\x1b]0;title\x07" in messages["Crashes"]
    page = (folder / "log.html").read_text()
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f]", page)
