"""The models of the zoo, from results.toml and the accepted figures of the default boards."""

from __future__ import annotations

import tomllib
from typing import Any

from boardless.core import paths
from boardless.device import boards
from boardless.model import zoo

from generated.writing import cell, code, number, table


def markdown() -> str:
    columns = ("model", "input", "#classes", "#parameters", "#float32", "#int8", "test pictures")
    rows = []
    for name in zoo.names():
        about = zoo.results(name)
        rows.append(
            [
                code(name),
                "x".join(map(str, about.input_shape)),
                str(len(about.classes)),
                number(about.parameters),
                *(f"{about.accuracy[kind]:.2%}" for kind in ("float32", "int8")),
                f"{about.test_pictures:,} of {cell(about.data_origin)}",
            ]
        )
    default = [name for name in boards.names() if boards.load(name).default]
    accepted = "\n".join(f"### {board}\n\n{_accepted(board)}" for board in default)
    return f"{table(columns, rows)}\n## Accepted figures\n\n{accepted}"


def _accepted(board: str) -> str:
    """Returns the table of figures with which `boardless gate` compares this board's runs."""
    core = boards.load(board).core
    rows = []
    for name in zoo.names():
        path = paths.ZOO / name / "baseline" / f"{board}.toml"
        kept: dict[str, Any] = tomllib.loads(path.read_text()) if path.is_file() else {}
        for kind in zoo.TYPES:
            if "instructions" in (found := kept.get(kind, {})):
                memory = found["memory"]
                rows.append(
                    [
                        code(f"{name}:{kind}"),
                        number(found["instructions"]["whole"]),
                        number(found.get("cycles", {}).get(core, {}).get("whole")),
                        number(memory["arena_bytes"]),
                        number(memory["static_ram_bytes"]),
                        number(memory["stack_bytes"]),
                        number(memory["flash_bytes"]),
                    ]
                )
    figures = (
        "#instructions",
        f"#est. cycles, {core}",
        "#arena",
        "#static RAM",
        "#stack",
        "#flash",
    )
    return table(("model", *figures), rows)
