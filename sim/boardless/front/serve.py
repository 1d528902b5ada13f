"""Lends the emulated UART to any other client: a pseudo-terminal or a TCP port on this machine.

boardless serve digits_cnn:int8 --board mps2-an386 --pty
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import select
import socket
import termios
import time
import tty
from collections.abc import Callable

from boardless.core.errors import BadInput, LinkError
from boardless.device.emulators import Session
from boardless.device.link import messages

CHUNK = 4096
MOST_WAITING = 1 << 20  # bytes that a client leaves unread, before it is disconnected
LOOK = 0.05  # seconds between two looks whether a client has opened the terminal
SETTLE = 60.0  # seconds for the device to finish what a client that has gone asked it for


def pty(session: Session, announce: Callable[[str], None]) -> None:
    """Serves one client after another on a pseudo-terminal, until the emulator ends or the caller
    is interrupted. Like a UART without flow control it loses what nobody reads. Each client finds
    the device at the start of a command, and no answer to the one before."""
    ours, theirs = os.openpty()
    try:
        tty.setraw(theirs)  # bytes pass as they are
        name = os.ttyname(theirs)
        announce(name)
        os.close(theirs)  # from now on the terminal is hung up while no client has it open
        while True:
            _wait_for_client(session, ours)
            _pump(session, ours, lossy=True)
            _discard_unread(name)
            _settle(session)
    finally:
        os.close(ours)


def _wait_for_client(session: Session, terminal: int) -> None:
    """Returns once a client has opened the terminal, even if it has written and gone since then.
    Nothing but a look now and then tells."""
    state = select.poll()
    state.register(terminal, select.POLLIN)
    while any(event == select.POLLHUP for _, event in state.poll(0)):
        if select.select([session.fileno()], [], [], LOOK)[0]:
            session.receive(0)  # for nobody; ToolFailed when the emulator has ended


def _discard_unread(terminal: str) -> None:
    """Takes the answers from a terminal that were written to it and never read."""
    theirs = os.open(terminal, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        termios.tcflush(theirs, termios.TCIFLUSH)
    finally:
        os.close(theirs)


def tcp(session: Session, port: int, announce: Callable[[str], None]) -> None:
    """Serves one client after another on 127.0.0.1:port (0: any free port). Each finds the device
    at the start of a command, whatever the one before left unfinished."""
    with socket.create_server(("127.0.0.1", 0)) if port == 0 else _server(port) as server:
        announce(f"127.0.0.1:{server.getsockname()[1]}")
        while True:
            ready, _, _ = select.select([server.fileno(), session.fileno()], [], [])
            if server.fileno() not in ready:
                session.receive(0)  # for nobody; ToolFailed when the emulator has ended
                continue
            client, _ = server.accept()
            with client, contextlib.suppress(ConnectionError):
                _pump(session, client.fileno(), lossy=False)
            _settle(session)


def _server(port: int) -> socket.socket:
    try:
        return socket.create_server(("127.0.0.1", port))
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"cannot listen on port {port}: {error}", hint="choose another port"
        ) from error


def _pump(session: Session, client: int, *, lossy: bool) -> None:
    """Moves bytes both ways until the client leaves, or reads no more; ToolFailed when the emulator
    ends. Nothing is written to a side that does not take it now: else both could wait for ever."""
    os.set_blocking(client, False)
    device = session.fileno()
    command, answer = b"", bytearray()
    while True:
        ready, free, _ = select.select(
            [device] if command else [device, client],
            [client] * bool(answer) + [device] * bool(command),
            [],
        )
        if device in ready:
            answer += session.receive(0)
            if len(answer) > MOST_WAITING and not lossy:
                return
            del answer[:-MOST_WAITING]
        if client in free:
            with contextlib.suppress(BlockingIOError):
                del answer[: os.write(client, answer)]
        if device in free:
            session.send(command)
            command = b""
        if client in ready:
            try:
                command = os.read(client, CHUNK)
            except BlockingIOError:
                continue
            except OSError as error:
                if error.errno != errno.EIO:  # what a hung-up terminal says when it is empty
                    raise
            if not command:
                return


def _settle(session: Session) -> None:
    """Discards what the device still answers to a client that has gone. LinkError where that does
    not end."""
    mark = str(secrets.randbelow(1 << 31))  # that no client could have asked for
    request = messages.RESYNC + messages.command(f"sync {mark}")
    device, heard = session.fileno(), b""
    wanted = [messages.checksummed(text) for text in (f"m-sync-[{mark}]", "m-ready")]
    end = time.monotonic() + SETTLE
    while "\r\n".join(wanted).encode() not in heard:
        left = end - time.monotonic()
        ready, free, _ = select.select([device], [device] * bool(request), [], max(left, 0))
        if left <= 0:
            raise LinkError(
                "the device does not finish what a client has asked for", hint="start it again"
            )
        if device in ready:
            heard = (heard + session.receive(0))[-CHUNK:]
        if device in free:
            session.send(request)
            request = b""
