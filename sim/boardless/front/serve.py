"""Lends the emulated UART to any other client: a pseudo-terminal or a TCP port on this machine.

boardless serve digits_cnn:int8 --board mps2-an386 --pty
"""

from __future__ import annotations

import contextlib
import functools
import os
import select
import socket
import tty
from collections.abc import Callable

from boardless.core.errors import BadInput
from boardless.device.emulators import Session

CHUNK = 4096


def pty(session: Session, announce: Callable[[str], None]) -> None:
    """Serves on a pseudo-terminal until the emulator ends or the caller is interrupted."""
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)  # bytes pass as they are; holding `theirs` open survives clients that go
        announce(os.ttyname(theirs))
        _pump(session, ours, lambda data: _write(ours, data), lambda: os.read(ours, CHUNK))
    finally:
        os.close(ours)
        os.close(theirs)


def tcp(session: Session, port: int, announce: Callable[[str], None]) -> None:
    """Serves one client after another on 127.0.0.1:port (0: any free port)."""
    with socket.create_server(("127.0.0.1", 0)) if port == 0 else _server(port) as server:
        announce(f"127.0.0.1:{server.getsockname()[1]}")
        while True:
            client, _ = server.accept()
            with client, contextlib.suppress(ConnectionError):
                _pump(
                    session, client.fileno(), client.sendall, functools.partial(client.recv, CHUNK)
                )


def _server(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen on port {port}: {error}", hint="choose another port"
        ) from error


def _write(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]


def _pump(
    session: Session, fd: int, write: Callable[[bytes], object], read: Callable[[], bytes]
) -> None:
    """Moves bytes both ways until the client leaves; ToolFailed when the emulator ends."""
    device = session.fileno()
    while True:
        ready, _, _ = select.select([fd, device], [], [])
        if device in ready:
            write(session.receive(0))
        if fd in ready:
            data = read()
            if not data:
                return
            session.send(data)
