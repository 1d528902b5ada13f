"""Every way boardless can stop, each with one clear line: what, where, what next.

    raise BadInput("unknown operator CUSTOM", where="my.tflite, operator 3", hint="remove it")

The class decides the exit status; the command line prints `str(error)` and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from boardless.core import paths
from boardless.core.printable import printable

LONGEST = 1500  # characters of what went wrong: names in files can be of any length


def install(packages: Sequence[str], board: str) -> str:
    """The hint how to get tools that `board` needs."""
    if paths.INSTALLED:  # without a checkout, so without bootstrap
        other = f"boardless doctor --fix{f' --board {board}' if board else ''}"
    else:
        other = f"./bootstrap --with {board}" if board else "./bootstrap"
    return f"apt-get install {' '.join(packages)}, or {other}" if packages else other


class BoardlessError(Exception):
    """Base of all expected failures: `what` went wrong, `where`, and `hint`: what to do next."""

    exit_status = 3

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what, self.where, self.hint = what, where, hint
        super().__init__(what)

    def __str__(self) -> str:
        """Returns the message, in which no character commands a terminal: pytest and Robot
        Framework write it as it is."""
        what = self.what
        if len(what) > LONGEST:
            what = f"{what[:LONGEST]}... ({len(what):,} characters)"
        text = f"{self.where}: {what}" if self.where else what
        return printable(f"{text}; {self.hint}" if self.hint else text)


class BadInput(BoardlessError):
    """The user's model, pictures, board folder or arguments cannot be used (exit status 2)."""

    exit_status = 2


class TooSmall(BadInput):
    """The model does not fit into the board's memory; says by how much (exit status 2). `missing`
    are the bytes by the linker's name of the memory, FLASH or RAM."""

    def __init__(
        self,
        what: str,
        *,
        where: str = "",
        hint: str = "",
        missing: Mapping[str, int] | None = None,
    ) -> None:
        super().__init__(what, where=where, hint=hint)
        self.missing = dict(missing or {})


class ToolMissing(BoardlessError):
    """A program or package that this step needs is not there (exit status 3)."""


class ToolFailed(BoardlessError):
    """A compiler or an emulator failed or died (exit status 3)."""


class LinkError(BoardlessError):
    """The conversation with the device broke down (exit status 3)."""


class DeviceFault(LinkError):
    """The firmware reported a fault of its own (exit status 3)."""
