"""Runs records on the emulated Cortex-M0, whose one board has neither room for them nor memory that
the host sees: QEMU makes its memories larger, loads the records, and saves them when they have run.

    after = cortex_m0.execute([(function, record), ...])
"""

from __future__ import annotations

import dataclasses
import functools
import json
import socket
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from boardless.device import boards
from boardless.device.emulators import qemu
from boardless.device.link.client import Client
from boardless.device.records import Board
from properties import records
from properties.records import Kernels, Record

NAME = "microbit"
FLASH, RAM, ROOM = 1 << 22, 1 << 20, 1 << 25  # bytes; the room for records lies behind the RAM
PATIENCE = 120.0  # seconds of wall clock for all records together


@functools.cache
def board() -> Board:
    """The board with more of both memories."""
    found = boards.load(NAME)
    memory = msgspec.structs.replace(found.memory, flash_bytes=FLASH, ram_bytes=RAM)
    sizes = {"flash-size": FLASH, "sram-size": RAM + ROOM}
    more = tuple(
        word for key, value in sizes.items() for word in ("-global", f"nrf51-soc.{key}={value}")
    )
    settings = msgspec.structs.replace(found.emulators["qemu"], arguments=more)
    return dataclasses.replace(found, memory=memory, emulators={"qemu": settings})


@functools.cache
def kernels() -> Kernels:
    room = board().memory.ram_origin + RAM
    return records.firmware(
        board(),
        f"""
uint8_t *hal_shared(uint32_t *bytes);
uint8_t *hal_shared(uint32_t *bytes) {{
  *bytes = {ROOM:#x};
  return (uint8_t *){room:#x};
}}
""",
    )


def execute(calls: Sequence[tuple[str, Record]]) -> list[bytes]:
    """Returns the memory of each record after a function was called with it."""
    blob = bytearray()
    for function, record in calls:
        data = bytearray(record.data)
        struct.pack_into("<I", data, 4, kernels().find(function)[0])
        blob += data
    assert len(blob) <= ROOM
    with tempfile.TemporaryDirectory(prefix="boardless-m0-") as name:
        after = _run(Path(name), bytes(blob), len(calls))
    found, at = [], 0
    for _, record in calls:
        found.append(after[at : at + len(record.data)])
        at += len(record.data)
    return found


def _run(folder: Path, blob: bytes, count: int) -> bytes:
    before, after, control = folder / "before", folder / "after", folder / "control"
    before.write_bytes(blob)
    address = board().memory.ram_origin + RAM
    extra = (
        *("-device", f"loader,file={before},addr={address:#x},force-raw=on"),
        *("-qmp", f"unix:{control},server=on,wait=off"),
    )
    session = qemu.start(board(), kernels().elf, shared=False, extra=extra)
    try:
        client = Client(session, patience=PATIENCE, patience_max=PATIENCE)
        client.boot()
        answer = client.command(f"records {count} 0")
        assert answer == [f"m-records-[{count}]"], answer
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(control))
            _ask(line, "qmp_capabilities")
            _ask(line, "memsave", val=address, size=len(blob), filename=str(after))
        return after.read_bytes()
    finally:
        session.close()


def _ask(line: socket.socket, command: str, **arguments: Any) -> None:
    line.sendall(json.dumps({"execute": command, "arguments": arguments}).encode())
    heard = b""
    while b'"return"' not in heard:
        more = line.recv(4096)
        assert more, heard
        assert b'"error"' not in heard, heard
        heard += more
