"""A device as tests see it: what it predicts, how it crashes, how it comes back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from boardless.core.errors import BadInput, DeviceFault, LinkError, ToolFailed
from boardless.data import pictures
from boardless.device.records import Build
from boardless.front.booted import Device
from boardless.model import zoo

pytestmark = pytest.mark.emulated
BOARD = "mps2-an386"
Built = Callable[[str, str], Build]


@pytest.fixture
def device(built: Built, request: pytest.FixtureRequest) -> Iterator[Device]:
    name = getattr(request, "param", "digits_cnn:int8")
    with Device.open(zoo.find(name), built(name, BOARD), "qemu") as device:
        yield device


def frames(device: Device) -> list[str]:
    """Function names of the backtrace."""
    return [line.split()[2].split("+")[0] for line in device.backtrace()]


def test_predictions_counts_and_stack(device: Device) -> None:
    fed = pictures.load(device.model, None, 3)
    assert np.array_equal(device.predict_all(fed.inputs), device.reference(fed.inputs))
    prediction = device.predict(fed.inputs[0])
    assert fed.labels is not None
    assert prediction.top == fed.labels[0]
    layers = device.layer_instructions()
    assert list(layers) == ["0 CONV_2D", "1 MAX_POOL_2D", "2 FULLY_CONNECTED"]
    assert prediction.instructions is not None
    assert 0 < prediction.instructions - sum(layers.values()) < 100
    assert 0 < device.stack_bytes() < 2048


@pytest.mark.parametrize("device", ["digits_cnn:int8", "digits_cnn:float32"], indirect=True)
def test_a_crash_shows_the_calls_that_led_to_it(device: Device) -> None:
    """float32 uses the FPU, whose registers then lie on the stack as well."""
    device.predict(pictures.load(device.model, None, 1).inputs[0])
    device.command("results")
    with pytest.raises(DeviceFault, match="BusFault"):
        device.command("fault b")
    assert frames(device)[:4] == ["hal_fault", "run_fault", "bl_serve", "main"]
    assert device.backtrace()[0].endswith(")")
    assert "(startup.c:" in device.backtrace()[0]


def test_a_stack_overflow_shows_who_is_on_the_stack(device: Device) -> None:
    with pytest.raises(DeviceFault, match="stack overflow"):
        device.command("fault s")
    assert any(re.search(r"overflow\S* \(\w+\.[ch]:\d+\)", line) for line in device.backtrace())


@pytest.mark.parametrize("kind", ["b", "l"])
def test_after_a_crash_only_reset_helps(device: Device, kind: str, tmp_path: Path) -> None:
    fed = pictures.load(device.model, None, 1)
    before = device.predict(fed.inputs[0])
    with pytest.raises((DeviceFault, ToolFailed)):
        device.command(f"fault {kind}")
    with pytest.raises(LinkError, match=r"has crashed; reset\(\) boots it again"):
        device.command("name")
    kept = {path.name for path in device.keep(tmp_path / "kept")}
    assert kept >= {"uart.log", "firmware.elf", "model.tflite", "input.npy"}
    assert ("fault.txt" in kept) == (kind == "b")  # a lock-up cannot report
    assert f"> fault {kind}" in (tmp_path / "kept" / "uart.log").read_text()
    device.reset()
    assert device.backtrace() == []
    after = device.predict(fed.inputs[0])
    assert (after.output.tolist(), after.instructions) == (
        before.output.tolist(),
        before.instructions,
    )


def test_a_reset_forgets_what_was(device: Device) -> None:
    device.predict(pictures.load(device.model, None, 1).inputs[0])
    assert device.command("timestamp") != ["m-lap-us-0"]
    device.reset()
    assert device.command("timestamp") == ["m-lap-us-0"]


def test_a_picture_of_another_shape_or_type_is_refused(device: Device) -> None:
    with pytest.raises(BadInput, match="the picture is int8 7x7, the model takes int8 1x8x8x1"):
        device.predict(np.zeros((7, 7), np.int8))
    with pytest.raises(BadInput, match="the picture is float64 8x8"):
        device.predict(np.zeros((8, 8)))


def test_cycles_come_with_their_error(device: Device) -> None:
    picture = pictures.load(device.model, None, 1).inputs[0]
    cycles = device.cycles(picture)
    instructions = device.predict(picture).instructions
    assert instructions is not None
    assert instructions < cycles.median < 3 * instructions
    assert cycles.basis.startswith("cortex-m4, ")
    assert device.cycles(picture, "cortex-m7").median < cycles.median
