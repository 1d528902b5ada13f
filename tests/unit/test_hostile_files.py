"""Files that are damaged or made to deceive are refused in one line: ELFs, pictures, arrays."""

from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import small_elf
from boardless import cli
from boardless.core.errors import BadInput, ToolFailed
from boardless.core.printable import Printed
from boardless.cycles import image, recording
from boardless.data import decode, npz
from boardless.device.elf import function_at
from PIL import Image

LARGEST = 0xFFFFFFFF


def refused(path: Path, call: Callable[[], object]) -> str:
    """Returns the one short line with which a file is refused."""
    with pytest.raises(BadInput) as caught:
        call()
    line = str(caught.value)
    assert line.startswith(str(path))
    assert "\n" not in line
    assert len(line) < len(str(path)) + 400
    return line


# --- ELF images -----------------------------------------------------------------------------------
def elf(tmp_path: Path, **changes: Any) -> Path:
    path = tmp_path / "a.elf"
    path.write_bytes(small_elf.made(**changes))
    return path


def test_an_honest_elf(tmp_path: Path) -> None:
    found = image.load(elf(tmp_path))
    assert found.isa == "thumb"
    assert [s.content for s in found.segments] == [small_elf.CODE]
    assert {name: s.address for name, s in found.symbols.items()} == {
        "main": 0x8000,
        "other": 0x8004,
    }
    assert function_at(elf(tmp_path), 0x8006) == "other+0x2"


@pytest.mark.parametrize(
    "changes",
    [
        {"symbols": {"sh_entsize": 0}},
        {"symbols": {"sh_size": LARGEST, "sh_entsize": 1}},
        {"symbols": {"sh_offset": LARGEST}},
        {"symbols": {"sh_link": 99}},
        {"symbols": {"sh_link": 2}},
        {"symbols": {"sh_type": 4}},
        {"header": {"e_shnum": 0xFFFF}},
        {"header": {"e_phnum": 0xFFFF}},
        {"header": {"e_shnum": 0, "e_shoff": 16}},
        {"header": {"e_shstrndx": 77}},
        {"header": {"e_shoff": LARGEST}},
        {"header": {"e_phoff": LARGEST}},
        {"header": {"e_phentsize": 0, "e_phoff": LARGEST}},
        {"segment": {"p_offset": LARGEST}},
        {"segment": {"p_filesz": LARGEST}},
        {"header": {"e_machine": 62}},
        {"header": {"e_machine": 0xFFFF}},
        {"ident": b"\x7fELF\x02\x01\x01"},
        {"ident": b"\x7fELF\x01\x02\x01"},
        {"ident": b"\x7fELF\x09\x09\x09"},
        {"ident": b"MZ"},
    ],
)
def test_an_elf_that_lies(tmp_path: Path, changes: dict[str, Any]) -> None:
    path = elf(tmp_path, **changes)
    refused(path, lambda: image.load(path))


@pytest.mark.parametrize("kind", [0, 1, 3, 8, 0x70000000])
def test_a_symbol_table_of_another_type_is_none(tmp_path: Path, kind: int) -> None:
    path = elf(tmp_path, symbols={"sh_type": kind})
    assert not image.load(path).symbols
    assert function_at(path, 0x8000) == "?"


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "large.elf"
    with path.open("wb") as file:
        file.write(small_elf.made())
        file.truncate(image.MOST_BYTES + 1)  # a hole, which takes no room on the disk
    assert "bytes" in refused(path, lambda: image.load(path))


# --- Pictures -------------------------------------------------------------------------------------
def png(width: int, height: int, data: bytes = b"") -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        crc = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", crc)

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(data)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x89PNG\r\n\x1a\n",
        png(0, 0),
        png(1 << 31, 1),
        png(60_000, 60_000),
        png(8, 8, b"\x09" * 10),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 8 8\n",
        b"P6 99999999999999999999 1 255 ",
        b"GIF89a" + bytes(7),
        b"BM" + b"\xff" * 60,
        b"\xff\xd8\xff\xe0" + b"\xff" * 40,
    ],
)
def test_a_picture_that_is_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(content)
    refused(path, lambda: decode.picture(path, gray=True))
    refused(path, lambda: decode.picture(path, gray=False, size=(8, 8)))


def test_a_picture_of_another_size_is_not_decoded(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(png(9000, 9000))  # without its pixels
    line = refused(path, lambda: decode.picture(path, gray=True, size=(8, 8)))
    assert "the picture is 9000 x 9000, the model takes 8 x 8" in line
    line = refused(path, lambda: decode.picture(path, gray=True))
    assert "too large" in line


def test_a_pipe_is_no_picture(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    os.mkfifo(path)
    refused(path, lambda: decode.picture(path, gray=True))


def test_a_format_that_starts_programs_is_not_decoded(tmp_path: Path) -> None:
    """PIL gives EPS to Ghostscript."""
    assert "EPS" not in decode.FORMATS
    path = tmp_path / "a.tif"
    Image.new("L", (8, 8)).save(path, "TIFF")
    refused(path, lambda: decode.picture(path, gray=True))


# --- Arrays ---------------------------------------------------------------------------------------
def archive(path: Path, member: bytes, **changes: Any) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("images.npy", member)
    return path


def array(header: str) -> bytes:
    text = header.ljust(117).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


def arrays(path: Path) -> None:
    with npz.reading(path, "pictures") as file:
        for name in file.files:
            file[name]


@pytest.mark.parametrize(
    "member",
    [
        b"",
        b"\x93NUMPY",
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (1099511627776,)}"),
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (9999999999999999999999,)}"),
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (-1, 8)}"),
        array("{'descr': '|u1', 'fortran_order': False, 'shape': (8.5,)}"),
        array("{'descr': '|O', 'fortran_order': False, 'shape': (1,)}") + b"cos\nsystem\n.",
        array("{'descr': '|u1', 'shape': (1,)}"),
        array("{"),
        array("(" * 100),
        array("[" * 100 + "]" * 10),
        array("__import__('os').system('true')"),
    ],
)
def test_an_array_that_lies(tmp_path: Path, member: bytes) -> None:
    path = archive(tmp_path / "a.npz", member)
    refused(path, lambda: arrays(path))


def test_an_archive_that_claims_more_than_a_machine_has(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with zipfile.ZipFile(path, "w") as made:
        for name in ("a", "b"):
            made.writestr(f"{name}.npy", b"x")
    content = bytearray(path.read_bytes())
    for at in (i for i in range(len(content)) if content[i : i + 4] == b"PK\1\2"):
        content[at + 24 : at + 28] = struct.pack("<I", LARGEST - 1)
    path.write_bytes(content)
    assert "more than" in refused(path, lambda: arrays(path))


# --- Recordings and printed text ------------------------------------------------------------------
@pytest.mark.parametrize("width", [0, 1, 65, LARGEST])
def test_a_recording_with_a_strange_number_of_columns(width: int) -> None:
    content = recording.MAGIC + struct.pack("<II", 1, width) + bytes(100)
    with pytest.raises(ToolFailed, match="the counts are not whole"):
        recording.read(content, "counts")


def test_a_recording_with_more_passes_than_there_can_be() -> None:
    content = io.BytesIO()
    content.write(recording.MAGIC + struct.pack("<II", 1, 2))
    for kind, part in (
        (b"NAME", b"executed\0fallthrough\0"),
        (b"PASS", struct.pack("<I", LARGEST)),
        (b"OUTS", struct.pack("<iIIII", -1, 0, 0, 0, 0)),
    ):
        content.write(kind + struct.pack("<I", len(part)) + part)
    content.write(b"DONE" + struct.pack("<IIII", 16, LARGEST, 0, 0))
    whole = content.getvalue()
    whole += struct.pack("<I", zlib.crc32(whole))
    with pytest.raises(ToolFailed, match="4,294,967,295 passes"):
        recording.read(whole, "counts")


def test_what_a_program_prints_commands_no_terminal() -> None:
    printed = Printed()
    pieces = [b"a\x1b[2J\tb\r", b"\nc\rd\xc3", b"\xa9\xff", "\u202e".encode(), b"\r"]
    text = "".join(printed.text(piece) for piece in pieces) + printed.text(b"", final=True)
    assert text == "a\\x1b[2J\tb\r\nc\\rdé\\xff\\u202e\\r"


# --- Messages -------------------------------------------------------------------------------------
def test_a_message_commands_no_terminal_and_has_an_end() -> None:
    error = BadInput("a\x1b[2J\u202eb\nc", where="d\x9b1m", hint="e\x07")
    assert str(error) == "d\\x9b1m: a\\x1b[2J\\u202eb\nc; e\\x07"
    assert len(str(BadInput("x" * 10**6, where="a.csv"))) < 2000


def test_a_file_that_no_reader_can_follow_is_bad_input(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nested(*_: object, **__: object) -> None:
        raise RecursionError

    monkeypatch.setattr(cli, "cli", nested)
    assert cli.run(["run"]) == 2
    assert "nested too deeply" in capsys.readouterr().err
