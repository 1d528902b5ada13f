"""`--port`: a real board's serial port, played by a pseudo-terminal before an emulated one."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import serial
from boardless.core.errors import BadInput, LinkError, ToolFailed, ToolMissing
from boardless.data import pictures
from boardless.device import boards, records, run
from boardless.device.emulators import serial_port
from boardless.device.link import answers, messages
from boardless.device.link.client import Client, WrongFirmware
from boardless.device.records import Build, HardwareCycles
from boardless.model import reference, zoo
from boardless.path import Request, measuring, preparing
from boardless.report import record
from cable import Cable, sampled
from command_line import Cli

MODEL = "digits_cnn:int8"
DEVICES = [
    pytest.param(("host", "fake"), id="fake"),
    pytest.param(("mps2-an386", "qemu"), id="qemu", marks=pytest.mark.emulated),
]
Built = Callable[[str, str], Build]


@pytest.fixture(scope="module", params=DEVICES)
def device(request: pytest.FixtureRequest, built: Built) -> tuple[Build, str]:
    board, emulator = request.param
    return built(MODEL, board), emulator


@pytest.fixture
def plug(device: tuple[Build, str]) -> Iterator[Callable[..., Cable]]:
    cables: list[Cable] = []

    def make(**options: Any) -> Cable:
        cables.append(Cable(*device, **options))
        return cables[-1]

    yield make
    for cable in cables:
        cable.close()


def on(cable: Cable, build: Build, baud: int = 115200) -> Build:
    return dataclasses.replace(build, board=serial_port.on_port(build.board, cable.port, baud))


def fed(count: int) -> Any:
    return pictures.load(zoo.find(MODEL), None, count)


def test_predictions_are_those_of_the_emulator(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    build, emulator = device
    expected = run.run(build, fed(8), run.Options(emulator), lambda n: None)
    got = run.run(on(plug(), build), fed(8), run.Options("serial_port"), lambda n: None)
    counts = got.counts
    assert np.array_equal(got.outputs, expected.outputs)
    assert counts.instructions == ()
    assert got.stack_bytes > 0 or emulator == "fake"
    if emulator == "fake":
        assert counts.hardware is not None
        assert counts.hardware.counter == "ns"
        assert len(counts.hardware.cycles) == 8
        assert all(0 < cycles < 1_000_000_000 for cycles in counts.hardware.cycles)
        assert (counts.hardware.layers, counts.hardware.clock_hz) == ((), 0)
    else:  # QEMU has no DWT: the counter reads as zero, and nothing is made of it
        assert counts.hardware is None
        assert "this core has no cycle counter" in counts.missing


def test_a_board_that_restarts_when_its_port_is_opened(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    build = on(plug(restarts=True), device[0])
    got = run.run(build, fed(2), run.Options("serial_port"), lambda n: None)
    assert np.array_equal(got.outputs, reference.predict(zoo.find(MODEL).content, fed(2).inputs))


@pytest.mark.parametrize("after", [200, 1000])
def test_unplugged_in_mid_run(
    device: tuple[Build, str], plug: Callable[..., Cable], after: int
) -> None:
    build = on(plug(pull_after=after), device[0])
    with pytest.raises(ToolFailed, match="the port vanished in mid-run; check the cable") as caught:
        run.run(build, fed(300), run.Options("serial_port"), lambda n: None)
    assert caught.value.exit_status == 3
    assert str(caught.value).startswith(serial_port.version(build.board).split()[0])


def test_bytes_that_are_damaged_on_the_way(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    """Every answer carries a checksum, so it is asked for again, and nothing wrong gets through."""
    build = on(plug(noise_every=997), device[0])
    got = run.run(build, fed(6), run.Options("serial_port"), lambda n: None)
    assert np.array_equal(got.outputs, reference.predict(zoo.find(MODEL).content, fed(6).inputs))


@pytest.mark.parametrize("baud", [9600, 230400])
def test_another_baud_rate_is_called_one(
    device: tuple[Build, str], plug: Callable[..., Cable], baud: int
) -> None:
    build = on(plug(), device[0], baud)
    with Client(serial_port.start(build.board, build.elf, shared=False)) as client:
        with pytest.raises(LinkError) as caught:
            client.attach(2.0)
        # at half the rate or less the device may make nothing of what it hears
        assert "is it another --baud?" in str(caught.value) or "silent" in str(caught.value)


def test_noise_is_called_noise() -> None:
    client = Client(Scripted(b""))
    client.heard = sampled(b"m-init-done\r\nm-ready\r\n" * 4, 115200, 9600)
    assert answers.strange(client.heard).startswith("noise comes, such as b'")
    assert sampled(b"m-ready\r\n", 115200, 115200) == b"m-ready\r\n"


class Scripted:
    """A device that answers everything with the same bytes."""

    shared = None

    def __init__(self, answer: bytes) -> None:
        self.answer, self.waiting = answer, b""

    def send(self, data: bytes) -> None:
        self.waiting = self.answer

    def receive(self, timeout: float) -> bytes:
        data, self.waiting = self.waiting, b""
        return data

    def fileno(self) -> int:
        return -1

    def terminate(self) -> None: ...

    def close(self) -> None: ...


class Slow(Scripted):
    """One that takes `seconds` for each answer."""

    def __init__(self, answer: bytes, seconds: float) -> None:
        super().__init__(answer)
        self.seconds, self.ready, self.sent = seconds, 0.0, 0

    def send(self, data: bytes) -> None:
        super().send(data)
        self.ready, self.sent = time.monotonic() + self.seconds, self.sent + 1

    def receive(self, timeout: float) -> bytes:
        left = self.ready - time.monotonic()
        time.sleep(max(0.0, min(timeout, left)))
        return super().receive(0) if timeout >= left else b""


ANSWER = ("m-ticks-[7]", "m-inferences-[1]", "m-cycles-[9]", "m-output-[00ff]", "m-ready")


def test_a_long_inference_is_waited_for_and_timed() -> None:
    """Asked again it would begin again."""
    lines = b"".join(messages.checksummed(line).encode() + b"\r\n" for line in ANSWER)
    device = Slow(lines, seconds=0.6)
    client = Client(device, patience=0.2, patience_max=0.2, tries=2, thinking=30.0)
    assert client.predict(b"") == (7, b"\x00\xff")
    assert (device.sent, client.cycles) == (1, 9)
    assert 0.6 <= client.waited < 5
    client.thinking = 0.0
    with pytest.raises(LinkError, match="the device does not answer"):
        client.predict(b"")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "the device is silent"),
        (b"\r\nERROR\r\n", "is no firmware of boardless: it says 'ERROR'"),
        (b"e-[Unknown command: sync]\r\nm-ready\r\n", "it says 'm-ready'"),
    ],
)
def test_a_device_that_is_not_ours(answer: bytes, message: str) -> None:
    with pytest.raises(LinkError) as caught:
        Client(Scripted(answer)).attach(0.2)
    assert message in str(caught.value)


def test_another_build_is_told_what_to_flash(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    board = dataclasses.replace(
        device[0].board,
        emulators={"serial_port": serial_port.Settings(flash="openocd -c 'program {elf}'")},
    )
    build = on(plug(), dataclasses.replace(device[0], board=board, build_id="0" * 16))
    with pytest.raises(WrongFirmware) as caught:
        run.open_client(build, run.Options("serial_port"), shared=False)
    said = str(caught.value)
    assert f"the firmware is build {device[0].build_id} of {MODEL}, wanted is {'0' * 16}" in said
    assert said.endswith(f"flash it: openocd -c 'program {build.elf}'")


def test_a_session_ends_from_another_thread(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    build = on(plug(), device[0])
    session = serial_port.start(build.board, build.elf, shared=False)
    timer = threading.Timer(0.2, session.terminate)
    timer.start()

    def listen() -> None:
        while True:
            session.receive(60)

    with pytest.raises(ToolFailed, match="closed"):
        listen()
    timer.join()
    session.close()


def test_the_command_line(cli: Cli, device: tuple[Build, str], plug: Callable[..., Cable]) -> None:
    port = plug().port
    arguments = ("run", MODEL, "--board", device[0].board.name, "--limit", "3", "--port", port)
    done = cli(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["bit_exact"] is True
    assert result["link"] == "uart"
    assert result["emulator"] == {"name": "serial_port", "version": f"{port} at 115,200 baud"}
    assert (result["device"] is None) == (device[1] == "qemu")
    said = cli.fails(3, "run", "digits_cnn:float32", *arguments[2:])
    assert said.startswith(f"boardless: {port} at 115,200 baud: the firmware is build ")
    assert re.search(r"digits_cnn-float32/[0-9a-f]{16}\.elf", said)
    with serial.Serial(port, exclusive=True):
        assert f"{port}: another program has the port" in cli.fails(3, *arguments)


def test_wrong_usage(cli: Cli) -> None:
    here = ("run", MODEL, "--board", "host", "--limit", "2")
    assert "there is no such port; ports here: " in cli.fails(2, *here, "--port", "/dev/nowhere")
    assert "this is no serial port" in cli.fails(2, *here, "--port", "/dev/null")
    assert "no memory that the host can see" in cli.fails(
        2, *here, "--port", "/dev/null", "--link", "memory"
    )
    for wrong in (("--baud", "9600"), ("--flash",), ("--port", "/dev/null", "--emulator", "fake")):
        done = cli(*here, *wrong)
        assert done.returncode == 2
        assert "Error: --" in done.stderr


@pytest.mark.parametrize(
    ("number", "status", "message"),
    [
        (errno.EACCES, 3, "you may not open this port; as root: usermod -aG "),
        (errno.EAGAIN, 3, "another program has the port"),
        (errno.EBUSY, 3, "another program has the port"),
        (errno.EIO, 3, "cannot open the port"),
    ],
)
def test_why_a_port_cannot_be_opened(number: int, status: int, message: str) -> None:
    ours, theirs = os.openpty()
    here = serial_port.Settings(port=os.ttyname(theirs))
    error = serial_port.refused(here, serial.SerialException(number, "as pyserial says it"))
    assert error.exit_status == status
    assert message in str(error)
    os.close(ours)
    os.close(theirs)


@pytest.mark.emulated
def test_an_estimate_stands_beside_the_measurement(built: Built) -> None:
    """The emulator counts the same build; here a made-up board takes 2 % less."""
    build = built(MODEL, "mps2-an386")
    wanted = preparing.targets(Request(MODEL, "mps2-an386"))
    given = fed(3)
    plain = records.Counts(missing="a real board counts no instructions")

    def estimated(counts: records.Counts) -> float:
        counts = measuring.counted_beside(build, given, counts)
        ((cycles,), _) = measuring.price(counts, True, wanted, lambda: None)
        return cycles.median

    estimate = estimated(plain)
    assert estimate > 10_000
    took = HardwareCycles("dwt", (round(estimate / 1.02),) * 3, (), 16_000_000)
    about = record.device(took, {"cortex-m4": estimated(dataclasses.replace(plain, hardware=took))})
    assert about is not None
    assert about["error_percent"] == {"cortex-m4": pytest.approx(2.0, abs=0.01)}
    nowhere = dataclasses.replace(build, board=boards.load("stm32f746g_disco"))
    if not shutil.which("renode"):
        counts = measuring.counted_beside(nowhere, given, plain)
        assert counts.cycles_missing.startswith("no estimate to compare with: renode is not")


@pytest.mark.emulated
def test_the_page_of_a_run_shows_the_measurement(cli: Cli, built: Built, tmp_path: Path) -> None:
    cable = Cable(built(MODEL, "mps2-an386"), "qemu", dwt=True)
    try:
        page = tmp_path / "page.html"
        arguments = ("--port", cable.port, "--limit", "3", "--html", str(page), "--json", "-")
        done = cli("run", MODEL, "--board", "mps2-an386", "--part", "stm32f446", *arguments)
    finally:
        cable.close()
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = result["device"]
    assert (found["counter"], found["clock_hz"]) == ("dwt", 25_000_000)
    estimate = result["cycles"]["stm32f446"]
    assert estimate["clock_hz"] == 25_000_000  # as the board runs, not as fast as it may
    off = 100 * (estimate["median"] / found["cycles"]["median"] - 1)
    assert found["error_percent"]["stm32f446"] == pytest.approx(off, abs=0.01)
    said = (
        f"{found['cycles']['median']:,} cycles at 25 MHz by the board&#39;s own counter (dwt); "
        f"the estimate is off by stm32f446 {off:+.1f} %"
    )
    text = page.read_text()
    assert f"<p>{said}</p>" in text
    for cycles in found["layers"]:
        assert f"<td>{cycles:,}</td>" in text


@pytest.mark.emulated
def test_a_board_without_a_counter_is_estimated_all_the_same(
    built: Built, cli: Cli, tmp_path: Path
) -> None:
    cable = Cable(built(MODEL, "mps2-an386"), "qemu")
    try:
        arguments = ("--port", cable.port, "--limit", "2", "--json", "-")
        done = cli("run", MODEL, "--board", "mps2-an386", *arguments)
    finally:
        cable.close()
    result = json.loads(done.stdout)
    assert result["device"] is None
    assert result["cycles"]["cortex-m4"]["median"] > 10_000


def test_a_board_may_name_its_port(own_board: Path) -> None:
    path = own_board / "board.toml"
    path.write_text(path.read_text() + '[emulator.serial_port]\nport = "/dev/x"\nbaud = 9600\n')
    board = boards.load("my-board")
    assert serial_port.version(board) == "/dev/x at 9,600 baud"
    assert serial_port.version(serial_port.on_port(board, "/dev/y", None)) == "/dev/y at 9,600 baud"


def flashing(command: str, elf: Path) -> None:
    board = dataclasses.replace(
        boards.load("host"), emulators={"serial_port": serial_port.Settings(flash=command)}
    )
    serial_port.flash(board, elf)


def test_flashing_runs_the_command_of_the_board(tmp_path: Path) -> None:
    elf = tmp_path / "with a space.elf"
    elf.write_text("an ELF")
    flashing(f"cp {{elf}} '{tmp_path}/flash memory'", elf)
    assert (tmp_path / "flash memory").read_text() == "an ELF"


@pytest.mark.parametrize(
    ("command", "error", "says"),
    [
        ("", BadInput, r'no command is known that flashes it; add flash = "COMMAND \{elf\}"'),
        ("cp 'it", BadInput, "the flash command is no command"),
        ("no-such-flasher {elf}", ToolMissing, "no-such-flasher is not installed"),
        (
            "sh -c 'echo no ST-Link; echo; exit 3'",
            ToolFailed,
            "sh ended with status 3: no ST-Link; is the board connected",
        ),
    ],
)
def test_why_a_board_cannot_be_flashed(
    command: str, error: type[Exception], says: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=says):
        flashing(command, tmp_path / "firmware.elf")
