"""Builds the counting plugin for every emulator that boards name: what ./bootstrap does at set-up.

python -m boardless.device.counting
"""

from __future__ import annotations

import sys

from boardless.core.errors import BoardlessError
from boardless.device import boards, emulators


def main() -> None:
    """Says for each board on standard error whether it can be counted; never fails."""
    for name in boards.names():
        try:
            board = boards.load(name)
            for emulator in board.emulators:
                find = getattr(emulators.load(emulator), "counter", None)
                if find is not None:
                    plugin = find(board)
                    print(f"{name}: counts by {plugin.path}", file=sys.stderr)
        except BoardlessError as error:
            print(f"{name}: {error}", file=sys.stderr)


if __name__ == "__main__":
    main()
