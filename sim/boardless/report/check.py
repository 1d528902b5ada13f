"""The output of `boardless check`: operators, refusals, and the least that each board must have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from boardless.device.records import Board
from boardless.model import profiles
from boardless.model.graph import Graph
from boardless.model.graph.refusals import Refusal
from boardless.report import table
from boardless.report.table import number, sentences, words

Record = dict[str, Any]


def board(target: Board, ram_bytes: int, flash_bytes: int) -> Record:
    """Returns the JSON of a board, for a model that needs at least so much of its memory."""
    memory = target.memory
    return {
        "board": target.name,
        "ram_bytes": ram_bytes,
        "flash_bytes": flash_bytes,
        "board_ram_bytes": memory.ram_bytes,
        "board_flash_bytes": memory.flash_bytes,
        "fits": ram_bytes <= memory.ram_bytes and flash_bytes <= memory.flash_bytes,
    }


def record(
    graph: Graph, refusals: Sequence[Refusal], refused: str, instead: str, found: list[Record]
) -> Record:
    """Returns the JSON of a model. `refused` is why it cannot be run where that is no single
    operator's business; `instead` who takes it instead of the first interpreter of the reference,
    and why; `found` are its boards."""
    why = {refusal.index: refusal for refusal in refusals}
    operators = [
        {
            "index": op.index,
            "op": op.name,
            "types": graph.types(op),
            "refused": why[op.index].what if op.index in why else "",
            "hint": why[op.index].hint if op.index in why else "",
        }
        for op in graph.operators
    ]
    return {
        "model": graph.name,
        "ok": not refusals and not refused and any(row["fits"] for row in found),
        "input": ", ".join(graph.tensors[i].type_and_shape for i in graph.inputs),
        "output": ", ".join(graph.tensors[i].type_and_shape for i in graph.outputs),
        "reference": profiles.load(graph.profile).named,
        "instead": instead,
        "refused": refused,
        "operators": operators,
        "boards": found,
    }


def show(data: Record) -> None:
    """Shows it as two tables, and a line for each thing that keeps the model from being run."""
    operators = data["operators"]
    table.show(
        f"{data['model']}: {data['input']} -> {data['output']}",
        (number("operator"), words("name"), sentences("types", 1), sentences("refused")),
        [(str(row["index"]), row["op"], row["types"], row["refused"]) for row in operators],
    )
    if data["boards"]:
        table.show(
            "at least, code and stack not counted",
            (words("board"), number("RAM"), number("flash"), sentences("fits")),
            [
                (
                    row["board"],
                    f"{row['ram_bytes']:,}",
                    f"{row['flash_bytes']:,}",
                    _fits(row),
                )
                for row in data["boards"]
            ],
        )
    for hint in dict.fromkeys(row["hint"] for row in operators if row["hint"]):
        table.line(f"what would help: {hint}")
    if data["instead"]:
        table.line(f"reference: {data['reference']}, answered by {data['instead']}")
    if data["refused"]:
        table.line(f"refused: {data['refused']}")
    table.line(f"{data['model']}: {_verdict(data)}")


def _fits(row: Record) -> str:
    short = [
        f"{name} is too small by at least {row[f'{key}_bytes'] - row[f'board_{key}_bytes']:,} bytes"
        for name, key in (("RAM", "ram"), ("flash", "flash"))
        if row[f"{key}_bytes"] > row[f"board_{key}_bytes"]
    ]
    return "no: " + " and ".join(short) if short else "yes"


def _verdict(data: Record) -> str:
    refused = sum(bool(row["refused"]) for row in data["operators"])
    if refused:
        return f"{refused} of {len(data['operators'])} operators cannot be run"
    if data["refused"]:
        return "it cannot be run"
    return "it can be run" if data["ok"] else "it fits no board"
