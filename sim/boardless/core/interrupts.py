"""Signals that end this process: Ctrl-C, SIGTERM and a terminal that closes. None of them is lost.

end_at_once()          # first of all: nothing is there yet that would have to be ended
end_by(interrupt)      # from here on: interrupt() is called and KeyboardInterrupt raised, once

It imports nothing of boardless and little else: until then, a Ctrl-C shows a traceback of Python.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

STATUS = 130
SAID = "boardless: interrupted"
PATIENCE = 10.0  # seconds in which what is running ends; another signal must not disturb that
SOON = 0.25  # seconds until a KeyboardInterrupt that got lost is raised again

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Handler = Callable[[int, FrameType | None], object]
_handler: Handler | None = None  # of end_by


def end_at_once() -> None:
    """Has a signal end the process where it is, with one line."""

    def leave(*_: object) -> None:
        os.write(2, SAID.encode() + b"\n")
        os._exit(STATUS)

    _handle(leave)


def end_by(interrupt: Callable[[], None]) -> None:
    """Has the first signal call `interrupt`, which tells what is running to end, and then raise
    KeyboardInterrupt in the main thread; again and again, if somebody there ignores it. Further
    signals do nothing for PATIENCE: they would disturb those who wait for the end of what they have
    started."""
    began: float | None = None

    def handle(number: int, frame: FrameType | None) -> None:
        nonlocal began
        if began is None:
            began = time.monotonic()
            signal.signal(signal.SIGALRM, handle)
            signal.setitimer(signal.ITIMER_REAL, SOON, SOON)
            interrupt()
            raise KeyboardInterrupt
        insists = number != signal.SIGALRM and time.monotonic() > began + PATIENCE
        if insists or not _under_way():
            raise KeyboardInterrupt

    def ignored(about: sys.UnraisableHookArgs) -> None:
        if about.exc_type is None or not issubclass(about.exc_type, KeyboardInterrupt):
            sys.__unraisablehook__(about)

    global _handler
    _handler = handle
    _handle(handle)
    sys.unraisablehook = ignored


def heard() -> None:
    """Says that a KeyboardInterrupt has arrived where it belongs: none is raised any more."""
    if _handler:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number in (*ENDING, signal.SIGALRM):
            signal.signal(number, signal.SIG_IGN)


def _under_way() -> bool:
    """Returns whether the main thread is ending things because of a KeyboardInterrupt. Libraries
    ignore one in a __del__, in a callback, or by an `except` of everything."""
    error = sys.exc_info()[1]
    while error and not isinstance(error, KeyboardInterrupt):
        error = error.__context__
    return error is not None


def handled() -> list[signal.Signals]:
    """Returns the signals that end us: none that whoever started us has us ignore, as in the
    background, or by nohup."""
    return [number for number in ENDING if signal.getsignal(number) != signal.SIG_IGN]


def _handle(handler: Handler) -> None:
    for number in handled():
        signal.signal(number, handler)
