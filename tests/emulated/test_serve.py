"""The emulated UART for other clients: a pseudo-terminal (pyserial) and TCP."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
from collections.abc import Callable, Iterator

import pytest
import serial
from boardless.data import pictures
from boardless.device.records import Build
from boardless.model import zoo
from command_line import Cli

MODEL = "digits_cnn:int8"
BOARDS = ["host", pytest.param("mps2-an386", marks=pytest.mark.emulated)]


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest, built: Callable[[str, str], Build]) -> str:
    built(MODEL, request.param)
    return str(request.param)


def stop(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert "Traceback" not in err


@pytest.fixture
def terminal(cli: Cli, board: str) -> Iterator[str]:
    process = cli.start("serve", MODEL, "--board", board, "--pty")
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    stop(process)


def ask(port: serial.Serial, text: str) -> list[str]:
    """Sends one command and reads lines up to m-ready, as the published runner does."""
    port.write(f"{text}%".encode())
    lines: list[str] = []
    while not lines or lines[-1] != "m-ready":
        line = port.readline()
        assert line.endswith(b"\r\n"), (text, lines, line)
        lines.append(line.decode().strip())
    return lines[:-1]


def test_a_dialogue_in_the_runners_manner(terminal: str) -> None:
    fed = pictures.load(zoo.find(MODEL), None, 1)
    with serial.Serial(terminal, 115200, timeout=60) as port:
        port.write(b"name%")  # the greeting may come first, or have gone before the port was open
        lines = [port.readline().decode().strip()]
        while not re.match(r"^m-(name)-dut-\[([^]]+)]$", lines[-1]):
            assert lines[-1], lines
            lines.append(port.readline().decode().strip())
        assert port.readline() == b"m-ready\r\n"
        assert any(re.match(r"^m-model-\[.+\]$", line) for line in ask(port, "profile"))
        data = fed.inputs[0].tobytes().hex()
        assert ask(port, f"db load {len(data) // 2}") == [f"m-[Expecting {len(data) // 2} bytes]"]
        replies = [ask(port, f"db {data[i : i + 62]}") for i in range(0, len(data), 62)]
        assert replies[-1] == ["m-load-done"]
        lines = ask(port, "infer 5 1")
        laps = [int(line.removeprefix("m-lap-us-")) for line in lines if "lap" in line]
        assert len(laps) == 2
        assert laps[1] >= laps[0]
        results = [float(v) for v in lines[-1][len("m-results-[") : -1].split(",")]
        assert fed.labels is not None
        assert results.index(max(results)) == fed.labels[0]


def test_a_client_may_go_and_another_come(terminal: str) -> None:
    for _ in range(2):
        with serial.Serial(terminal, 115200, timeout=60) as port:
            port.write(b"\0")  # whatever the last client left unfinished
            port.write(b"name%")
            line = port.readline()
            while b"m-name-dut-[boardless]" not in line:
                assert line, "no answer"
                line = port.readline()


def test_tcp(cli: Cli, board: str) -> None:
    process = cli.start("serve", MODEL, "--board", board, "--tcp", "0")
    assert process.stdout is not None
    host, port = process.stdout.readline().strip().split(":")
    for _ in range(2):  # one client after another
        with socket.create_connection((host, int(port)), timeout=60) as client:
            client.sendall(b"\0name%")
            received = b""
            while b"m-name-dut-[boardless]\r\nm-ready\r\n" not in received:
                data = client.recv(1000)
                assert data, received
                received += data
    stop(process)
