"""A base class that wraps a session to change or record its bytes, and passes on the rest.

@dataclass
class Loud(Wrapped):
    def send(self, data: bytes) -> None:
        print(data)
        self.session.send(data)
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass

from boardless.device.emulators.base import Session


@dataclass
class Wrapped:
    """A Session that hands everything on."""

    session: Session

    @property
    def shared(self) -> mmap.mmap | None:
        return self.session.shared

    def send(self, data: bytes) -> None:
        self.session.send(data)

    def receive(self, timeout: float) -> bytes:
        return self.session.receive(timeout)

    def fileno(self) -> int:
        return self.session.fileno()

    def terminate(self) -> None:
        self.session.terminate()

    def close(self) -> None:
        self.session.close()
