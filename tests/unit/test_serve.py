"""The served UART with clients that do not read, leave in mid-answer, or break off a command."""

from __future__ import annotations

import contextlib
import os
import queue
import re
import select
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
from boardless.core.errors import LinkError, ToolFailed
from boardless.device.link import messages
from boardless.front import serve

ANSWER = b"m-name-dut-[boardless]\r\nm-ready\r\n"
UNKNOWN = b"e-[unknown]\r\nm-ready\r\n"


class Device(threading.Thread):
    """A session, and behind its socket a device that reads nothing while it answers."""

    shared = None

    def __init__(self, answer: bytes = ANSWER) -> None:
        super().__init__(daemon=True)
        self.answer = answer
        self.settled = threading.Semaphore(0)  # released once per client that has gone
        self.line, self.theirs = socket.socketpair()
        self.start()

    def run(self) -> None:
        heard = b""
        with contextlib.suppress(OSError), self.theirs:
            while data := self.theirs.recv(100):
                heard = (heard + data).rpartition(b"\0")[2] if b"\0" in data else heard + data
                *commands, heard = heard.split(b"%")
                for command in commands:
                    self.theirs.sendall(self.reply(command))
                    if command.startswith(b"sync "):
                        self.settled.release()

    def reply(self, command: bytes) -> bytes:
        if found := re.match(rb"sync (\w+) ~", command):
            lines = (f"m-sync-[{found[1].decode()}]", "m-ready")
            return "".join(f"{messages.checksummed(line)}\r\n" for line in lines).encode()
        return self.answer if command == b"name" else b"e-[unknown]\r\nm-ready\r\n"

    def send(self, data: bytes) -> None:
        self.line.sendall(data)

    def receive(self, timeout: float) -> bytes:
        data = self.line.recv(65536) if select.select([self.line], [], [], timeout)[0] else b"-"
        if not data:
            raise ToolFailed("the device has ended")
        return data

    def fileno(self) -> int:
        return self.line.fileno()

    def terminate(self) -> None:
        self.theirs.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.line.close()
        self.join(timeout=60)


@contextlib.contextmanager
def served(device: Device) -> Iterator[tuple[str, int]]:
    """Lends the device on a TCP port."""
    with lent(device, lambda announce: serve.tcp(device, 0, announce)) as address:
        host, port = address.split(":")
        yield host, int(port)


@contextlib.contextmanager
def lent(device: Device, serving: Callable[[Callable[[str], None]], None]) -> Iterator[str]:
    """Runs a server in a thread; in the end the device dies, and that ends the server."""
    addresses: queue.Queue[str] = queue.Queue()
    ended: list[BaseException] = []

    def run() -> None:
        try:
            serving(addresses.put)
        except BaseException as error:
            ended.append(error)

    server = threading.Thread(target=run, daemon=True)
    server.start()
    yield addresses.get(timeout=60)
    device.terminate()
    server.join(timeout=60)
    device.close()
    assert isinstance(ended[0], ToolFailed)


def ask(address: tuple[str, int]) -> bytes:
    """Returns all that one command brings: the server sends nothing behind its answer."""
    with socket.create_connection(address, timeout=60) as client:
        client.sendall(b"name%")
        received = b""
        while not received.endswith(b"m-ready\r\n"):
            data = client.recv(1000)
            assert data, received
            received += data
        return received


def test_clients_that_go_leave_nothing_behind() -> None:
    with served(Device()) as address:
        assert ask(address) == ANSWER
        for left in (b"name%" * 200, b"na", b"name%name%unfinished", b""):
            with socket.create_connection(address, timeout=60) as client:
                client.sendall(left)
            assert ask(address) == ANSWER, left


def test_a_client_that_reads_nothing_is_disconnected() -> None:
    with served(Device(ANSWER * 20)) as address:
        with (
            socket.create_connection(address, timeout=60) as client,
            contextlib.suppress(ConnectionError),
        ):
            for _ in range(60_000):
                client.sendall(b"name%")
        assert ask(address).endswith(ANSWER)


def test_a_second_client_waits_for_the_first() -> None:
    """The second one has asked before the first leaves in mid-answer; each gets its own answer."""
    with served(Device()) as address:
        with socket.create_connection(address, timeout=60) as first:
            first.sendall(b"name%")
            assert first.recv(1)  # it is the one that is served
            second = socket.create_connection(address, timeout=60)
            second.sendall(b"else%")
            first.sendall(b"name%" * 100)
        with second, second.makefile("rb") as lines:
            assert [lines.readline() for _ in range(2)] == [b"e-[unknown]\r\n", b"m-ready\r\n"]
    with served(Device()) as address, contextlib.ExitStack() as stack:
        for _ in range(5):  # that never say a word, and one after the other leave
            stack.enter_context(socket.create_connection(address, timeout=60))
        stack.close()
        assert ask(address) == ANSWER


# ---- on a pseudo-terminal ----


@contextlib.contextmanager
def opened(name: str) -> Iterator[int]:
    terminal = os.open(name, os.O_RDWR | os.O_NOCTTY)
    try:
        yield terminal
    finally:
        os.close(terminal)


def read_answer(terminal: int, size: int) -> bytes:
    received = b""
    while len(received) < size:
        assert select.select([terminal], [], [], 60)[0], received
        received += os.read(terminal, size - len(received))
    return received


@pytest.mark.parametrize("left", [b"name%" * 200, b"na", b"name%unfinished", b"name%", b""])
def test_clients_of_a_terminal_leave_nothing_behind(left: bytes) -> None:
    device = Device(ANSWER * 3)
    with lent(device, lambda announce: serve.pty(device, announce)) as name:
        with opened(name) as terminal:
            os.write(terminal, b"name%")
            read_answer(terminal, len(ANSWER))  # it leaves in the middle of its answer
            os.write(terminal, left)
        assert device.settled.acquire(timeout=60)
        for _ in range(2):
            with opened(name) as terminal:
                os.write(terminal, b"else%")
                assert read_answer(terminal, len(UNKNOWN)) == UNKNOWN
                assert not select.select([terminal], [], [], 0)[0]
            assert device.settled.acquire(timeout=60)


def test_a_flood_on_a_terminal_that_nobody_reads() -> None:
    device = Device(ANSWER * 20)
    with lent(device, lambda announce: serve.pty(device, announce)) as name:
        with opened(name) as terminal:
            for _ in range(2000):
                os.write(terminal, b"name%")
        assert device.settled.acquire(timeout=60)
        with opened(name) as terminal:
            os.write(terminal, b"else%")
            assert read_answer(terminal, len(UNKNOWN)) == UNKNOWN


def test_a_device_that_ends_while_nobody_is_there_ends_the_server() -> None:
    with served(Device()):
        pass


def test_a_device_that_never_finishes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serve, "SETTLE", 0.05)
    device = Device()
    device.reply = lambda command: b"more\r\n"  # type: ignore[method-assign]
    with pytest.raises(LinkError, match="does not finish"):
        serve._settle(device)
    device.terminate()
    device.close()
