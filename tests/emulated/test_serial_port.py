"""A real board's serial port, played by a pseudo-terminal in front of an emulated one."""

from __future__ import annotations

import dataclasses
import errno
import json
import os
import select
import shutil
import termios
import threading
import tomllib
import tty
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import serial
from boardless import (
    boards,
    compare,
    emulators,
    evaluate,
    measured,
    pictures,
    records,
    reference,
    run,
    zoo,
)
from boardless.emulators import serial_port
from boardless.errors import BadInput, LinkError, ToolFailed
from boardless.link import messages
from boardless.link.client import Client, WrongFirmware
from boardless.records import Build, Measured, Run
from boardless.report import record
from conftest import Cli

MODEL = "digits_cnn:int8"
DEVICES = [
    pytest.param(("host", "fake"), id="fake"),
    pytest.param(("mps2-an386", "qemu"), id="qemu", marks=pytest.mark.emulated),
]
Built = Callable[[str, str], Build]


def sampled(data: bytes, sent_at: int, read_at: int) -> bytes:
    """What a UART at `read_at` baud makes of bytes sent at `sent_at`: one start bit, 8 data bits
    from the lowest, one stop bit; the reader looks at the middle of what it takes for bits."""
    bits = "1" * 20 + "".join(f"0{byte:08b}"[:1] + f"{byte:08b}"[::-1] + "1" for byte in data)

    def level(time: float) -> int:  # seconds since the first bit began
        i = int(time * sent_at)
        return int(bits[i]) if i < len(bits) else 1

    end, now, step = len(bits) / sent_at, 0.0, 1 / (16 * read_at)
    out = bytearray()
    while now < end:
        if level(now):
            now += step
            continue
        out.append(sum(level(now + (1.5 + i) / read_at) << i for i in range(8)))
        now += 9.5 / read_at
        while not level(now):  # a break: no byte starts before the line has been high again
            now += step
    return bytes(out)


BAUDS = {getattr(termios, f"B{baud}"): baud for baud in (9600, 38400, 115200, 230400)}


class Cable:
    """A pseudo-terminal with a started device behind it, which runs at `baud` as a UART does.

    `pull_after` bytes from the device the cable is pulled out; `restarts` makes the device restart
    when the first byte comes, as boards do whose reset is wired to DTR."""

    def __init__(
        self,
        build: Build,
        emulator: str,
        *,
        baud: int = 115200,
        pull_after: int | None = None,
        restarts: bool = False,
    ) -> None:
        self.session = emulators.load(emulator).start(build.board, build.elf, shared=False)
        self.baud, self.left, self.restarts = baud, pull_after, restarts
        self.ours, theirs = os.openpty()
        tty.setraw(theirs)
        self.port = os.ttyname(theirs)
        self.theirs = theirs  # held open until somebody speaks, or ours would read end of file
        self.stop, self.stopped = os.pipe()
        self.thread = threading.Thread(target=self.pump)
        self.thread.start()

    def line(self, data: bytes, to_host: bool) -> bytes:
        host = BAUDS[termios.tcgetattr(self.ours)[5]]
        if host == self.baud:
            return data
        ends = (self.baud, host) if to_host else (host, self.baud)
        return sampled(data, *ends)

    def pump(self) -> None:
        while True:
            ready, _, _ = select.select([self.ours, self.session.fileno(), self.stop], [], [])
            if self.stop in ready:
                return
            if self.ours in ready:
                data = os.read(self.ours, 4096)
                if self.restarts:
                    self.restarts, data = False, messages.command("reset")
                self.session.send(self.line(data, False))
            if self.session.fileno() in ready:
                data = self.session.receive(0)
                if self.left is not None:
                    self.left -= len(data)
                    if self.left < 0:
                        os.close(self.theirs)
                        os.close(self.ours)
                        self.ours = self.theirs = -1
                        return
                os.write(self.ours, self.line(data, True))

    def close(self) -> None:
        os.write(self.stopped, b"x")
        self.thread.join(timeout=60)
        for end in (self.ours, self.theirs, self.stop, self.stopped):
            if end >= 0:
                os.close(end)
        self.session.close()


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
    expected, _, _, _ = run.run(build, fed(8), run.Options(emulator), lambda n: None)
    got, counts, stack, _ = run.run(
        on(plug(), build), fed(8), run.Options("serial_port"), lambda n: None
    )
    assert np.array_equal(got, expected)
    assert counts.instructions == ()
    assert stack > 0 or emulator == "fake"
    if emulator == "fake":
        assert counts.measured is not None
        assert counts.measured.counter == "ns"
        assert len(counts.measured.cycles) == 8
        assert all(0 < cycles < 1_000_000_000 for cycles in counts.measured.cycles)
        assert (counts.measured.layers, counts.measured.clock_hz) == ((), 0)
    else:  # QEMU has no DWT: the counter reads as zero, and nothing is made of it
        assert counts.measured is None
        assert "this core has no cycle counter" in counts.missing


def test_a_board_that_restarts_when_its_port_is_opened(
    device: tuple[Build, str], plug: Callable[..., Cable]
) -> None:
    build = on(plug(restarts=True), device[0])
    got, _, _, _ = run.run(build, fed(2), run.Options("serial_port"), lambda n: None)
    assert np.array_equal(got, reference.predict(zoo.find(MODEL).content, fed(2).inputs))


@pytest.mark.parametrize("after", [200, 1000])
def test_unplugged_in_mid_run(
    device: tuple[Build, str], plug: Callable[..., Cable], after: int
) -> None:
    build = on(plug(pull_after=after), device[0])
    with pytest.raises(ToolFailed, match="the port vanished in mid-run; check the cable") as caught:
        run.run(build, fed(300), run.Options("serial_port"), lambda n: None)
    assert caught.value.exit_status == 3
    assert str(caught.value).startswith(serial_port.version(build.board).split()[0])


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
    assert client._strange().startswith("noise comes, such as b'")
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
    assert "digits_cnn-float32/firmware.elf" in said
    with serial.Serial(port, exclusive=True):
        assert f"{port}: another program has the port" in cli.fails(3, *arguments)


def test_wrong_usage(cli: Cli) -> None:
    here = ("run", MODEL, "--board", "host", "--limit", "2")
    assert "there is no such port; ports here: " in cli.fails(2, *here, "--port", "/dev/nowhere")
    assert "this is no serial port" in cli.fails(2, *here, "--port", "/dev/null")
    assert "no memory that the host can see" in cli.fails(
        2, *here, "--port", "/dev/null", "--link", "memory"
    )
    for wrong in (("--baud", "9600"), ("--port", "/dev/null", "--emulator", "fake")):
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


def shared(ticks: list[int], cycles: list[int], about: dict[str, str]) -> run.Shared:
    return run.Shared(
        outputs=np.zeros((len(ticks), 1)),
        ticks=np.array(ticks, np.uint32),
        cycles=np.array(cycles, np.uint32),
        inferences=np.zeros((len(ticks), 2), np.int64),
        layer_ticks=[0, 10, 40, 100],
        about=about,
    )


def test_layers_and_clock_come_from_timer_and_counter_together() -> None:
    found = run._measured(shared([100, 101], [401, 403], {"cycles": "dwt", "timer": "4000000"}))
    assert found == Measured("dwt", (401, 403), (40, 120, 240), 16_000_000)
    without = run._measured(shared([0, 0], [401, 403], {"cycles": "dwt", "timer": "0"}))
    assert without == Measured("dwt", (401, 403), (), 0)
    assert run._measured(shared([100], [0], {"cycles": "none", "timer": "4000000"})) is None


@pytest.mark.emulated
def test_an_estimate_stands_beside_the_measurement(built: Built) -> None:
    """The same build is counted in the emulator; here a made-up board takes 2 % less."""
    build = built(MODEL, "mps2-an386")
    wanted = evaluate.targets(evaluate.Request(MODEL, "mps2-an386"))
    given = fed(3)
    plain = records.Counts(missing="a real board counts no instructions")
    verdict = compare.compare(np.zeros((3, 10), np.int8), np.zeros((3, 10), np.int8))

    def estimated(counts: records.Counts) -> float:
        counts = evaluate.counted_beside(build, given, counts, lambda n: None)
        ((cycles,), _) = evaluate.price(counts, verdict, wanted, lambda: None)
        return cycles.median

    estimate = estimated(plain)
    assert estimate > 10_000
    took = Measured("dwt", (round(estimate / 1.02),) * 3, (), 16_000_000)
    about = record.device(took, {"cortex-m4": estimated(dataclasses.replace(plain, measured=took))})
    assert about is not None
    assert about["error_percent"] == {"cortex-m4": pytest.approx(2.0, abs=0.01)}
    nowhere = dataclasses.replace(build, board=boards.load("stm32f4_discovery"))
    if not shutil.which("renode"):
        counts = evaluate.counted_beside(nowhere, given, plain, lambda n: None)
        assert counts.cycles_missing.startswith("no estimate to compare with: renode is not")


def test_a_calibration_entry(
    device: tuple[Build, str], plug: Callable[..., Cable], tmp_path: Path
) -> None:
    build = on(plug(), device[0])
    given = fed(4)
    outputs, counts, stack, seconds = run.run(
        build, given, run.Options("serial_port"), lambda n: None
    )
    expected = reference.predict(zoo.find(MODEL).content, given.inputs)
    result = Run(
        build, "serial_port", "", "uart", given, outputs, expected, counts, stack, seconds=seconds
    )
    verdict = compare.compare(outputs, expected)
    path = tmp_path / "facts.toml"
    if counts.measured is None:
        with pytest.raises(BadInput, match="no cycles were measured; a real board needs --port"):
            measured.write(result, verdict, path, "nobody")
        assert not path.exists()
        return
    measured.write(result, verdict, path, 'a "desk"')
    with pytest.raises(BadInput, match="has digits_cnn:int8 already"):
        measured.write(result, verdict, path, "nobody")
    other = dataclasses.replace(result, build=dataclasses.replace(build, model="other:int8"))
    measured.write(other, verdict, path, "nobody")
    facts = tomllib.loads(path.read_text())
    first, second = facts["program"]
    assert (first.pop("name"), second.pop("name")) == (MODEL, "other:int8")
    assert first == second
    assert first["cycles_min"] <= first["cycles"] <= first["cycles_max"]
    assert first["cycles"] in counts.measured.cycles
    assert (facts["board"], facts["core"], facts["source"]) == ("host", "host", 'a "desk"')
    assert facts["compiler"] == build.toolchain
    assert "-O2" in facts["flags"]
    newer = dataclasses.replace(other.build, toolchain="gcc 99", model="third:int8")
    with pytest.raises(BadInput, match=r"holds compiler gcc .*, this is gcc 99; another file"):
        measured.write(dataclasses.replace(result, build=newer), verdict, path, "nobody")
    wrong = dataclasses.replace(verdict, ok=False, reason="1 of 4 differ")
    with pytest.raises(BadInput, match="cycles of wrong results are no facts: 1 of 4 differ"):
        measured.write(result, wrong, path, "nobody")
    with pytest.raises(BadInput, match="cannot write"):
        measured.write(result, verdict, tmp_path / "no" / "where.toml", "nobody")


def test_a_board_may_name_its_port(own_board: Path) -> None:
    path = own_board / "board.toml"
    path.write_text(path.read_text() + '[emulator.serial_port]\nport = "/dev/x"\nbaud = 9600\n')
    board = boards.load("my-board")
    assert serial_port.version(board) == "/dev/x at 9,600 baud"
    assert serial_port.version(serial_port.on_port(board, "/dev/y", None)) == "/dev/y at 9,600 baud"
