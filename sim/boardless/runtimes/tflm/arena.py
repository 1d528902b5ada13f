"""Asks the interpreter how large an arena a model needs, on an emulator of the board.

needed = of(files, wanted)

A firmware of its own allocates the model in all the RAM that is left. What it answers depends on
nothing but its own sources, and is asked once.
"""

from __future__ import annotations

import struct

from boardless.core import paths
from boardless.core.errors import BadInput, DeviceFault, ToolFailed
from boardless.core.store import Store
from boardless.device import once
from boardless.device.records import Build
from boardless.runtimes import Wanted, asking
from boardless.runtimes.tflm.files import TEXT_BYTES, Files, Needed

NUMBERS = struct.Struct("<4I")  # of the probe's answer: allocated, used, input, output
LIMIT = struct.Struct("<I")  # its input: how large the arena is, 0 for all that there is
ALIGNED = 16
# Bytes on top of what it uses at the end: while it looks for its places, it may need more.
MORE = (0, 256, 1024, 4096, 16384, 65536)


def of(files: Files, wanted: Wanted) -> Needed:
    """Returns what a model needs; BadInput with the interpreter's reason where it refuses it."""
    build = _build(files, wanted, silent=True)
    store = Store(paths.build_root() / "arenas")
    found = store.get(build.build_id)
    if isinstance(found, Needed):
        return found
    (allocated, used, *_), _ = _ask(build, 0)
    if not allocated:
        text = _ask(_build(files, wanted, silent=False), 0)[1] or "it does not say why"
        raise BadInput(f"tflite-micro refuses it: {text}", where=wanted.graph.name)
    for more in MORE:
        size = -(-used // ALIGNED) * ALIGNED + more
        try:
            (allocated, _, *at), _ = _ask(build, size)
        except DeviceFault:  # without its checks it uses what it has not got
            continue
        if allocated:
            found = Needed(used, size, (at[0], at[1]))
            store.put(build.build_id, found)
            return found
    raise ToolFailed(
        f"the interpreter reports an arena of {used:,} bytes, and begins with none near that",
        where=wanted.graph.name,
    )


def _ask(build: Build, limit: int) -> tuple[tuple[int, ...], str]:
    """Returns (the numbers of the probe's answer, its text)."""
    answer = once.answer(build, LIMIT.pack(limit))
    text = answer[NUMBERS.size :].partition(b"\0")[0].decode(errors="replace")
    return NUMBERS.unpack_from(answer), " ".join(text.split())


def _build(files: Files, wanted: Wanted, *, silent: bool) -> Build:
    return asking.built(
        wanted.graph.name,
        wanted.board,
        files.probe(wanted.board),
        files.needs(wanted.board, silent=silent),
        answer_bytes=NUMBERS.size + TEXT_BYTES,
        runtime="tflm-arena",
        version=files.checkout.version,
    )
