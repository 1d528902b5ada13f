"""The readers of everything that comes from elsewhere, each with small files to begin from.

TARGETS["elf"].run(Path("some.elf"))
"""

from __future__ import annotations

import dataclasses
import io
import struct
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import broken_models
import numpy as np
from boardless.core import paths
from boardless.cycles import cores, image, price, recording
from boardless.cycles.calibration import facts as published
from boardless.cycles.counts import Counted
from boardless.data import corruptions, decode, pictures
from boardless.device import backtrace, boards
from boardless.device.elf import function_at, sections
from boardless.device.link import mlperf
from boardless.device.link.client import Client
from boardless.device.link.plain import PlainLine
from boardless.judge import baseline
from boardless.model import compiler, graph, zoo
from boardless.report import collect, github, kept, page
from boardless.report.page_records import Report
from fuzz import seeds
from fuzz.harness import Target
from fuzz.lists import LISTS
from fuzz.mutate import mutated, mutated_text
from hostile_device import BUILD, Liar
from PIL import Image as Picture

DIGITS = zoo.find("digits_cnn:int8")
CORPUS = Path(__file__).parent / "corpus"
SUITE = seeds.suite()


# --- Models ---------------------------------------------------------------------------------------
def _models() -> Sequence[bytes]:
    kinds = ("int8", "float32", "uint8")
    return [*(broken_models.content(kind) for kind in kinds), DIGITS.content]


def _model(file: Path) -> None:
    compiler.emit(compiler.compile_graph(graph.read(file.read_bytes(), "file")))


# --- ELFs -----------------------------------------------------------------------------------------
def _elf(file: Path) -> None:
    loaded = image.load(file)
    for name in ("main", "0x8002"):
        loaded.bytes_at(loaded.address(name), 4)
    loaded.function_at(0x8006)
    image.has_vectors(loaded, 0x8000)
    function_at(file, 0x8006)


def _own_elf(file: Path) -> None:
    sections(file, boards.load("mps2-an386"))


FAULT = backtrace.Fault(
    "HardFault",
    {"pc": 0x8006, "lr": 0x8021, "sp": 0x20000000},
    {0x20000000 + 4 * i: 0x8027 for i in range(40)},
)


def _debugged() -> Sequence[bytes]:
    """Returns an ELF with debug information, of corpus/backtrace/small.c."""
    return [path.read_bytes() for path in (CORPUS / "backtrace").glob("*.elf")]


def _backtrace(file: Path) -> None:
    backtrace.backtrace(file, FAULT)
    backtrace.backtrace(file, dataclasses.replace(FAULT, registers={}))


# --- Pictures and arrays --------------------------------------------------------------------------
def _pictures() -> Sequence[bytes]:
    made = []
    for form in decode.FORMATS:
        out = io.BytesIO()
        Picture.new("RGB", (8, 8), (200, 30, 90)).save(out, form)
        made.append(out.getvalue())
    return made


def _picture(file: Path) -> None:
    decode.picture(file, gray=True, size=(8, 8))
    decode.picture(file, gray=False)


def _png_repaired(content: bytes) -> bytes:
    """Returns a PNG whose chunks have the right checksums."""
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        return content
    out, at = bytearray(content), 8
    while at + 12 <= len(out):
        (size,) = struct.unpack_from(">I", out, at)
        if at + 12 + size > len(out):
            break
        struct.pack_into(">I", out, at + 8 + size, zlib.crc32(out[at + 4 : at + 8 + size]))
        at += 12 + size
    return bytes(out)


def _archives() -> Sequence[bytes]:
    made = []
    images = np.zeros((2, 8, 8, 1), np.uint8)
    for save in (np.savez, np.savez_compressed):
        for arrays in ({"images": images}, {"inputs": images.astype(np.int8)}):
            out = io.BytesIO()
            save(out, labels=np.array([1, 2]), **arrays)
            made.append(out.getvalue())
    return made


def _npz_repaired(content: bytes) -> bytes:
    """Returns an archive of the same members whose checksums and sizes are right."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [(m, content[m.header_offset :]) for m in archive.infolist()[:4]]
            out = io.BytesIO()
            with zipfile.ZipFile(out, "w") as made:
                for member, raw in members:
                    if member.compress_type == zipfile.ZIP_STORED:
                        start = 30 + sum(struct.unpack_from("<HH", raw, 26))
                        made.writestr(member.filename, raw[start : start + member.file_size])
                    else:
                        made.writestr(member.filename, archive.read(member))
    except Exception:  # it is as broken as can be
        return content
    return out.getvalue()


def _npz(file: Path) -> None:
    fed = pictures.load(DIGITS, file)
    if corruptions.possible(fed) and len(fed) < 9:
        corruptions.sets(fed, DIGITS.graph.input_tensor)


# --- Counts ---------------------------------------------------------------------------------------
def _recordings() -> Sequence[bytes]:
    return [recording.write(source) for source in seeds.recordings()]


def _recording_repaired(content: bytes) -> bytes:
    return content[:-4] + struct.pack("<I", zlib.crc32(content[:-4]))


def _counts(file: Path) -> None:
    counted = Counted.of(recording.read(file.read_bytes(), "counts"))
    for _ in zip(counted.each(), range(20), strict=False):
        pass
    totals = counted.tally()
    _ = counted.instructions
    core = cores.load("cortex-m4")
    weights = price.weights(core, None, counted.code, totals)
    price.cycles(weights, totals)


# --- What was kept, and tables --------------------------------------------------------------------
def _kept(file: Path) -> None:
    data = kept.load(file)
    with kept.showing(file):
        github.summary(data)
        github.workflow_commands(data)
        if isinstance(data, Report):
            page.render(data)
    if isinstance(data, Report):
        collect.changes(data, data)


def _baselines() -> Sequence[bytes]:
    return [(paths.ZOO / "digits_cnn" / "baseline" / "mps2-an386.toml").read_bytes()]


def _baseline(file: Path) -> None:
    seeds.judged(baseline.load(file, "again"))


def _facts(file: Path) -> None:
    published.read(file)
    published.add(SUITE, file)


def _boards() -> Sequence[bytes]:
    return [(paths.BOARDS / name / "board.toml").read_bytes() for name in ("host", "mps2-an386")]


def _board(file: Path) -> None:
    boards.read(file)


# --- Devices --------------------------------------------------------------------------------------
def _device(file: Path) -> None:
    answers = file.read_bytes()
    session: Any = Liar(BUILD, raw=lambda data: b"")
    session.waiting[:] = answers
    client = Client(session, patience=2.0, patience_max=2.0, describe_pc=lambda pc: "main")
    client.boot()
    client.hello(BUILD)
    client.predict(bytes(4))
    client.layer_ticks()
    client.stack_bytes()


def _mlperf(file: Path) -> None:
    session: Any = Liar(BUILD, raw=lambda data: b"")
    session.waiting[:] = file.read_bytes()
    mlperf.infer(PlainLine(session), 1, 0)


def _dialogue(file: Path) -> None:
    """All that MLPerf's runner asks in an accuracy run."""
    session: Any = Liar(BUILD, raw=lambda data: b"")
    session.waiting[:] = file.read_bytes()
    line = PlainLine(session)
    mlperf.identify(line)
    mlperf.load(line, bytes(4))
    mlperf.infer(line, 1, 0)


TARGETS = {
    target.name: target
    for target in (
        Target("tflite", _models, _model, mutated),
        Target("elf", seeds.elfs, _elf, mutated),
        Target("sections", seeds.elfs, _own_elf, mutated),
        Target("backtrace", _debugged, _backtrace, mutated),
        Target("picture", _pictures, _picture, mutated, ".png", _png_repaired),
        Target("npz", _archives, _npz, mutated, ".npz", _npz_repaired),
        Target("counts", _recordings, _counts, mutated, repair=_recording_repaired),
        Target("kept", seeds.reports, _kept, mutated_text, ".json"),
        Target("baseline", _baselines, _baseline, mutated_text, ".toml"),
        Target("facts", seeds.facts, _facts, mutated_text, ".toml"),
        Target("board", _boards, _board, mutated_text, ".toml"),
        Target("device", seeds.transcripts, _device, mutated, repair=seeds.with_checksums),
        Target("mlperf", lambda: seeds.MLPERF, _mlperf, mutated_text),
        Target("dialogue", lambda: seeds.DIALOGUE, _dialogue, mutated_text),
        Target("sweep", seeds.sweeps, seeds.read_sweep, mutated),
        *LISTS,
    )
}
