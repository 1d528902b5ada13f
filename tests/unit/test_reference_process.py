"""The reference interpreter runs in a process of its own: a model that makes it abort is refused,
the next one goes on, and nothing is left behind."""

from __future__ import annotations

import dataclasses
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BadInput, ToolFailed, ToolMissing
from boardless.model import profiles, reference, zoo
from boardless.model.reference import interpreter
from one_operator import Tensor, model

DIGITS = zoo.find("digits_cnn:int8").content
INPUTS = np.zeros((3, 8, 8, 1), np.int8)


def aborting() -> bytes:
    """512 equal classes and more sum up to 512 in the reference's Q12.19, which it checks for."""
    source = Tensor((1, 600), "int8", (0.1,), (0,))
    output = Tensor((1, 600), "int8", (1 / 256,), (-128,))
    return model("SOFTMAX", [source], output, {"beta": 1.0})


def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves only the reference kernels, which nobody follows."""
    usual = profiles.load()
    only = dataclasses.replace(usual, answerers=usual.answerers[:1], after=())
    monkeypatch.setattr(profiles, "load", lambda name="": only)


def test_after_an_abort_the_next_model_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    before = reference.predict(DIGITS, INPUTS)
    reference.check(aborting(), "aborting")  # it aborts on some inputs only
    alone(monkeypatch)
    with pytest.raises(ToolFailed, match="the reference interpreter ended with SIGABRT") as caught:
        reference.predict(aborting(), np.zeros((1, 600), np.int8))
    assert caught.value.exit_status == 3
    np.testing.assert_array_equal(reference.predict(DIGITS, INPUTS), before)


def test_where_the_reference_kernels_die_the_next_ones_answer() -> None:
    """Each input counts once, although the first ones are computed twice."""
    steps: list[int] = []
    inputs = np.zeros((3, 600), np.int8)
    inputs[:2, 0] = 127  # the third aborts
    answer = reference.ask(aborting(), inputs, steps.append)
    assert answer.by == f"LiteRT {version('ai-edge-litert')}, optimised kernels"
    assert answer.instead.startswith("the reference interpreter ended with SIGABRT on this model")
    assert len(answer.outputs) == sum(steps) == 3


def test_what_the_reference_kernels_lack_the_optimised_ones_answer() -> None:
    tensor = Tensor((1, 4), "float32")
    inputs = np.array([[-1.5, 0.2, 1.0, 2.5]], np.float32)
    answer = reference.ask(model("CEIL", [tensor], tensor, {}), inputs)
    assert answer.outputs.tolist() == [[-1.0, 1.0, 1.0, 3.0]]
    assert "optimised kernels" in answer.by
    assert "Didn't find op for builtin opcode 'CEIL'" in answer.instead
    assert reference.ask(DIGITS, INPUTS).instead == ""


def test_a_profile_whose_package_is_missing_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing = dataclasses.replace(profiles.load("tflm"), package="not-there")
    monkeypatch.setattr(profiles, "load", lambda name: missing)
    with pytest.raises(ToolMissing, match="needs the package not-there") as caught:
        reference.predict(DIGITS, INPUTS, profile="tflm")
    assert "pip install 'boardless[tflm]'" in str(caught.value)


def test_an_unknown_profile_is_refused_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match="unknown reference 'tf'") as caught:
        zoo.find("digits_cnn", "tf")
    assert caught.value.hint == "known: litert, tflm, xnnpack"


def test_a_refusal_keeps_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    reference.predict(DIGITS, INPUTS)
    with interpreter.borrowed() as found:
        number = found.process.pid
    with pytest.raises(BadInput, match="the reference interpreter refuses the model: "):
        reference.predict(DIGITS[:400] + bytes(len(DIGITS) - 400), INPUTS)
    with interpreter.borrowed() as found:
        assert found.process.pid == number


def test_a_check_says_what_the_interpreter_refuses(monkeypatch: pytest.MonkeyPatch) -> None:
    alone(monkeypatch)
    reference.check(DIGITS, "digits")
    source, sizes = Tensor((1, 6), "float32"), Tensor((1, 2), "int32", data=np.array([[2, 3]]))
    content = model("RESHAPE", [source, sizes], Tensor((2, 3), "float32"), {})
    with pytest.raises(
        BadInput, match=r"refuses the model: .*num_input_elements.*, node number 0"
    ) as caught:
        reference.check(content, "sizes")
    assert str(caught.value).startswith("sizes: ")


def test_many_at_a_time() -> None:
    """Threads come and go; the processes that they have started stay."""
    expected = reference.predict(DIGITS, INPUTS)
    for _ in range(3):
        with ThreadPoolExecutor(4) as pool:
            for found in pool.map(lambda _: reference.predict(DIGITS, INPUTS), range(12)):
                np.testing.assert_array_equal(found, expected)


def test_progress_comes_picture_by_picture() -> None:
    steps: list[int] = []
    reference.predict(DIGITS, INPUTS, steps.append)
    assert steps == [1, 1, 1]


def test_a_process_that_is_killed_meanwhile_is_replaced() -> None:
    expected = reference.predict(DIGITS, INPUTS)
    with interpreter.borrowed() as found:
        found.process.kill()
        found.process.wait()
    np.testing.assert_array_equal(reference.predict(DIGITS, INPUTS), expected)


def test_nothing_of_our_environment_is_handed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "42")
    fresh = interpreter.Interpreter()
    try:
        environment = Path(f"/proc/{fresh.process.pid}/environ").read_bytes()
    finally:
        fresh.close()
    assert b"SECRET_TOKEN" not in environment


def alive(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_with_its_parent(number: signal.Signals) -> None:
    """However that ends, and although a thread that has ended had started it."""
    code = """if True:
        import threading, time
        from boardless.model.reference import interpreter
        def start():
            with interpreter.borrowed() as found:
                print(found.process.pid, flush=True)
        thread = threading.Thread(target=start)
        thread.start()
        thread.join()
        time.sleep(60)
    """
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    with parent:
        child = int(parent.stdout.readline())
        done = threading.Event()
        done.wait(0.5)
        assert alive(child)
        os.kill(parent.pid, number)
        parent.wait(timeout=10)
    end = time.monotonic() + 10
    while alive(child):
        assert time.monotonic() < end, "the interpreter's process has outlived its parent"
        done.wait(0.02)


def test_outputs_are_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path))
    asked: list[int] = []
    ask = reference.ask

    def counted(content: bytes, inputs: Any, *others: Any) -> Any:
        asked.append(len(inputs))
        return ask(content, inputs, *others)

    monkeypatch.setattr(reference, "ask", counted)
    done: list[int] = []
    for inputs in (INPUTS, INPUTS, INPUTS[:2], INPUTS + np.int8(1), INPUTS):
        outputs = reference.ask_once(DIGITS, inputs, done.append).outputs
        np.testing.assert_array_equal(outputs, ask(DIGITS, inputs).outputs)
    assert asked == [3, 2, 3]
    assert sum(done) == 14
    reference.predict_once(zoo.find("digits_cnn:float32").content, INPUTS.astype(np.float32))
    assert len(asked) == 4
    reference.ask_once(DIGITS, INPUTS, profile="xnnpack")
    assert len(asked) == 5
    monkeypatch.setattr(profiles, "_version", lambda package: "another one")
    reference.predict_once(DIGITS, INPUTS)
    assert len(asked) == 6
