"""The recipe of a build: all that PlatformIO's builder has to know of a board and its models.

text = json.dumps(recipe.of(board, [Path("generated")]))

The builder runs inside SCons. It reads this text and imports nothing of what made it, which would
take longer than a link.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from boardless.core import paths
from boardless.core.errors import install
from boardless.device import kernel_sources
from boardless.device.records import Board


def of(board: Board, generated: Sequence[Path]) -> dict[str, Any]:
    """Returns the recipe for firmwares of a board; `generated` are the folders of the C of one
    model each, for which it names the sources of kernels, relative to firmware/."""
    firmware = paths.FIRMWARE
    common = _texts(firmware / "app", firmware / "protocol", firmware / "hal", board.folder)
    return {
        "board": board.name,
        "folder": str(board.folder),
        "hal": board.hal,
        "prefix": board.toolchain.prefix,
        "flags": board.toolchain.flags,
        "install": install(board.toolchain.debian, board.name),
        "script": str(board.linker_script or ""),
        "symbols": board.memory_symbols(),
        "kernels": [
            [
                path.relative_to(firmware).as_posix()
                for path in kernel_sources.of_firmware([*common, *_texts(one)], board.variants)
            ]
            for one in generated
        ],
    }


def _texts(*folders: Path) -> list[str]:
    found = [path for folder in folders for path in sorted(folder.rglob("*.[chS]"))]
    return [path.read_text(encoding="utf-8", errors="replace") for path in found]
