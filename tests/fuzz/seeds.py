"""Small files of each kind, from which the fuzzer begins.

content = seeds.reports()[0]
"""

from __future__ import annotations

import contextlib
import io
import re
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import example_report
import gate_figures
import msgspec
import numpy as np
import small_elf
from boardless.cycles.calibration import facts as published
from boardless.cycles.counts import OUTSIDE
from boardless.cycles.recording import Change, Recording, Segment
from boardless.device import boards
from boardless.device.link.client import Client
from boardless.front.sweep import store, summary
from boardless.judge import growth
from boardless.judge.baseline import Baseline
from boardless.judge.records import Case, Comparison, Judgement
from boardless.report import gate
from hostile_device import BUILD, Liar

MLPERF = (b"m-lap-us-5\r\nm-results-[0.1,0.9]\r\nm-lap-us-9\r\nm-ready\r\n",)
DIALOGUE = (  # the answers to name, profile, db load, db and infer
    b"m-name-dut-[boardless]\r\nm-ready\r\n"
    b"m-profile-[ULPMark for tinyML Firmware V0.0.1]\r\nm-model-[digits]\r\nm-ready\r\n"
    b"m-[Expecting 4 bytes]\r\nm-ready\r\nm-load-done\r\nm-ready\r\n" + MLPERF[0],
)


def elfs() -> Sequence[bytes]:
    """Returns ELFs without debug information, for Arm and for the host."""
    return [small_elf.made(), small_elf.made(header={"e_machine": 243})]


def recordings() -> Sequence[Recording]:
    """Returns recordings of three segments of real instructions, with and without a cache."""
    segments = (
        Segment(0x8000, bytes([2, 4]), bytes.fromhex("00bf4ff00000")),
        Segment(0x8006, bytes([2]), bytes.fromhex("7047")),
        Segment(0x8002, bytes([4]), bytes.fromhex("4ff00000")),
    )
    made = []
    for extra in ((), ("i_jump_miss", "d_read_miss")):
        row = [10, 1, *[1] * len(extra)]

        def change(region: int, numbers: list[int], row: list[int] = row) -> Change:
            values = np.array([row] * len(numbers), np.int64).reshape(-1, len(row))
            return Change(region, 0, 0, np.array(numbers, np.int64), values)

        passes = (((change(0, [0, 1]), change(1, [2])), 2), ((change(0, [1]),), 1))
        columns = ("executed", "fallthrough", *extra)
        made.append(Recording(columns, segments, passes, change(OUTSIDE, [1]), 0))
    return made


def reports() -> Sequence[bytes]:
    """Returns a report as `boardless sim` keeps it, and the JSON of `boardless gate`."""
    whole = example_report.report(example_report.case("digits_cnn:int8"))
    board = boards.load("mps2-an386")
    new = gate_figures.replaced(instructions=gate_figures.counted(conv_2=100))
    found = growth.compare(
        gate_figures.OLD, new, gate_figures.no_tolerance, core=board.core, exact_outputs=True,
        same_inputs=True, same_compiler=True, no_cycles="",
    )  # fmt: skip
    row = Comparison(
        Case("digits_cnn", "int8", board), "", "noise", new, "accept", gate_figures.OLD,
        gate_figures.GCC, findings=tuple(found),
    )  # fmt: skip
    return [msgspec.json.encode(whole), msgspec.json.encode(gate.record(Judgement((row,))))]


def judged(accepted: Baseline) -> None:
    """Compares figures with those of a baseline, and writes what comes out."""
    for old in accepted.types.values():
        for exact in (True, False):
            found = growth.compare(
                old, gate_figures.OLD, gate_figures.no_tolerance, core="cortex-m4",
                exact_outputs=exact, same_inputs=exact, same_compiler=True, no_cycles="",
            )  # fmt: skip
            for finding in found:
                msgspec.json.encode(gate.finding(finding))
                str(finding)


def facts() -> Sequence[bytes]:
    """Returns the smallest of the published facts files."""
    return [_smallest().read_bytes()]


def suite() -> published.Suite:
    """Returns what facts() holds."""
    return published.read(_smallest())


def _smallest() -> Path:
    return min(published.FOLDER.glob("*.toml"), key=lambda path: path.stat().st_size)


def transcripts() -> Sequence[bytes]:
    """Returns all that an honest device sends in a run."""
    said = bytearray()

    def heard(data: bytes) -> bytes:
        said.extend(data)
        return data

    client = Client(Liar(BUILD, raw=heard))
    client.boot()
    client.hello(BUILD)
    client.predict(bytes(4))
    client.layer_ticks()
    client.stack_bytes()
    return [bytes(said)]


def with_checksums(content: bytes) -> bytes:
    """Returns the lines of a device, each with the checksum that it should have."""

    def right(line: bytes) -> bytes:
        text = re.sub(rb" ~[0-9a-f]{0,8}\r?$", b"", line)
        return b"%s ~%08x\r" % (text, zlib.crc32(text))

    return b"\n".join(right(line) if line.strip() else line for line in content.split(b"\n"))


def sweeps() -> Sequence[bytes]:
    """Returns a results file of a sweep with a case that ran and one that failed."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "a.sqlite"
        with store.open_file(path, new=True) as results, results.connection as connection:
            for case in (1, 2):
                connection.execute(
                    "INSERT INTO cases VALUES (?, ?, 'b', 'qemu', 'd', 't', 'i', '8', 'r', 'c x',"
                    " 'o', 2, '1', '', 'n')",
                    (case, f"m{case}"),
                )
            for picture in (0, 1):
                connection.execute(
                    "INSERT INTO inferences VALUES (1, ?, 5, 1, 1, 1, 1, 1, 0.0, 100, 200.5)",
                    (picture,),
                )
            connection.execute("INSERT INTO failures VALUES (2, 0, 1, 3, 'it died')")
        return [path.read_bytes()]


def read_sweep(file: Path) -> None:
    """Does what `boardless sweep --show` does."""
    with store.open_file(file, new=False) as results, contextlib.redirect_stdout(io.StringIO()):
        summary.show(summary.shown(results))
