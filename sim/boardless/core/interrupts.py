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
SOON = 0.05

Handler = Callable[[int, FrameType | None], None]


def end_at_once() -> None:
    """Has a signal end the process where it is, with one line."""

    def leave(*_: object) -> None:
        os.write(2, SAID.encode() + b"\n")
        os._exit(STATUS)

    _handle(leave)


def end_by(interrupt: Callable[[], None]) -> None:
    """Has the first signal call `interrupt`, which tells what is running to end, and then raise
    KeyboardInterrupt in the main thread. Further ones do nothing for PATIENCE: they would disturb
    those who wait for the end of what they have started."""
    began: float | None = None

    def handle(*_: object) -> None:
        nonlocal began
        if began is None or time.monotonic() > began + PATIENCE:
            began = time.monotonic()
            interrupt()
            raise KeyboardInterrupt

    def again(*_: object) -> None:
        raise KeyboardInterrupt

    def ignored(about: sys.UnraisableHookArgs) -> None:
        # Python ignores what is raised in a __del__ and in some of its own callbacks.
        if about.exc_type is not None and issubclass(about.exc_type, KeyboardInterrupt):
            signal.setitimer(signal.ITIMER_REAL, SOON)
        else:
            sys.__unraisablehook__(about)

    _handle(handle)
    signal.signal(signal.SIGALRM, again)
    sys.unraisablehook = ignored


def _handle(handler: Handler) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) != signal.SIG_IGN:  # as in the background, or by nohup
            signal.signal(number, handler)
