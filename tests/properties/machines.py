"""Programs that run records: one of this machine, and a firmware in QEMU."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import IO, Protocol

from boardless.core.errors import BoardlessError
from boardless.device.emulators import qemu
from boardless.device.link.client import Client
from boardless.device.records import Board
from properties import records
from properties.records import Kernels, Record

PIPE = 1 << 15  # bytes that fit into a pipe while its reader is busy


class KernelCrash(AssertionError):
    """The sanitizer or the core stopped the kernel."""


class Machine(Protocol):
    """Something that runs records, one after the other, and hands the memory of each back."""

    kernels: Kernels

    def execute(self, several: Sequence[Record]) -> list[bytes]: ...

    def close(self) -> None: ...


@dataclass
class HostProcess:
    """The host program behind two pipes."""

    kernels: Kernels
    process: subprocess.Popen[bytes] | None = None
    log: IO[bytes] | None = None

    def execute(self, several: Sequence[Record]) -> list[bytes]:
        return [after for group in groups(several, PIPE) for after in self._together(group)]

    def _together(self, several: Sequence[Record]) -> list[bytes]:
        if self.process is None:
            self.log = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the process)
            self.process = subprocess.Popen(
                [str(self.kernels.elf)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self.log,
                env=records.sanitizer_environment(),
            )
        assert self.process.stdin
        self.process.stdin.write(b"".join(record.data for record in several))
        self.process.stdin.flush()
        return [self._answer(len(record.data)) for record in several]

    def _answer(self, size: int) -> bytes:
        """Returns a record's memory; KernelCrash if the program has ended instead."""
        assert self.process
        assert self.process.stdout
        after = self.process.stdout.read(size)
        if len(after) == size:
            return after
        assert self.log
        self.process.wait()
        self.log.seek(0)
        report = self.log.read().decode("utf8", "replace").strip()
        self.close()
        raise KernelCrash(f"a sanitizer stopped the kernel:\n{report[:4000]}")

    def close(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.communicate()
            self.process = None
        if self.log is not None:
            self.log.close()
            self.log = None


@dataclass
class EmulatedCore:
    """The firmware in QEMU; records lie in the memory that it shares with us."""

    kernels: Kernels
    board: Board
    client: Client | None = None
    patience: float = 30.0  # seconds of wall clock; a record takes milliseconds

    def execute(self, several: Sequence[Record]) -> list[bytes]:
        if self.client is None:
            session = qemu.start(self.board, self.kernels.elf, shared=True)
            self.client = Client(session, patience=self.patience, patience_max=self.patience)
            self.client.boot()
        shared = self.client.session.shared
        assert shared is not None
        return [after for group in groups(several, len(shared)) for after in self._together(group)]

    def _together(self, several: Sequence[Record]) -> list[bytes]:
        assert self.client
        shared = self.client.session.shared
        assert shared is not None
        size = sum(len(record.data) for record in several)
        assert size <= len(shared), "the record does not fit into shared memory"
        shared[:size] = b"".join(record.data for record in several)
        try:
            answer = self.client.command(f"records {len(several)} 0")
        except BoardlessError as error:
            self.close()
            raise KernelCrash(f"the core stopped the kernel: {error}") from error
        assert answer == [f"m-records-[{len(several)}]"], answer
        found, at = [], 0
        for record in several:
            found.append(shared[at : at + len(record.data)])
            at += len(record.data)
        return found

    def close(self) -> None:
        if self.client is not None:
            self.client.session.close()
            self.client = None


def groups(several: Sequence[Record], most: int) -> list[list[Record]]:
    """Splits records into groups of so many bytes together, or of a single one that has more."""
    found: list[list[Record]] = []
    size = 0
    for record in several:
        size += len(record.data)
        if not found or size > most:
            found.append([])
            size = len(record.data)
        found[-1].append(record)
    return found
