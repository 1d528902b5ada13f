"""The boards, from their folders."""

from __future__ import annotations

from boardless.device import boards

from generated.writing import cell, code, number, table


def markdown() -> str:
    columns = (
        "board",
        "what",
        "core",
        "part",
        "emulators",
        "#flash",
        "#RAM",
        "variants",
        "in `nox -s sim`",
    )
    return table(columns, [_row(name) for name in boards.names()])


def _row(name: str) -> list[str]:
    board = boards.load(name)
    return [
        code(name),
        cell(board.description),
        code(board.core),
        code(board.part) if board.part else "",
        ", ".join(code(emulator) for emulator in sorted(board.emulators)),
        number(board.memory.flash_bytes),
        number(board.memory.ram_bytes),
        ", ".join(code(variant) for variant in board.variants),
        "yes" if board.default else "",
    ]
