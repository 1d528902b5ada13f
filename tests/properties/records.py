"""Builds the two programs that run any kernel on any case, and lays cases out as records.

    kernels = host()                        # a program of this machine, with sanitizers
    record = kernels.record("bl_mean_s8_ref", params_block, blocks, arguments)

Both hold every kernel and a dispatch table generated from the headers' prototypes, so nothing is
compiled per case. firmware/app_kernels/record.h describes a record. A program is built once for
each state of the firmware's sources and kept under the build folder.
"""

from __future__ import annotations

import ast
import functools
import os
import re
import shutil
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import kept
from boardless.core import paths
from boardless.device import boards
from boardless.device.records import Board
from elftools.elf.elffile import ELFFile

BOARD = "mps2-an386"
HOST_VARIANTS = ("dsp", "fpu", "scalar")  # variants whose primitives have a plain C form
PROTOTYPE = re.compile(r"^bl_status\s+(bl_\w+)\s*\(([^)]*)\)\s*;", re.MULTILINE)
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
APP = paths.FIRMWARE / "app_kernels"
INCLUDES = [f"-I{paths.FIRMWARE / p}" for p in ("kernels", "app_kernels", "protocol", "hal", "app")]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
MOST_POINTERS = 20  # of a function with a variable argument list
HOST_FLAGS = [
    *("-std=c11", "-O1", *WARNINGS),
    *("-fsanitize=address,undefined,float-cast-overflow", "-fno-sanitize-recover=all"),
    "-fno-omit-frame-pointer",
]


@dataclass(frozen=True)
class Function:
    """A prototype of a header: which arguments are pointers, the others are integers."""

    name: str
    header: str
    pointers: tuple[bool, ...]  # for a variable list, as many as a record can hold


@dataclass(frozen=True)
class Block:
    """Bytes that a kernel may touch; the rest of a record is guarded.

    `phase` is the block's address modulo 16; the compiler promises no more than multiples of 8.
    """

    data: bytes
    writable: bool = False
    phase: int = 8


@dataclass(frozen=True)
class Kernels:
    """A built program: its ELF, the functions in the order of its dispatch table, and how C lays
    out the structs that they take."""

    elf: Path
    functions: tuple[Function, ...]
    layouts: dict[str, Any]  # see struct_layouts

    def find(self, name: str) -> tuple[int, Function]:
        """A function and its number in the table."""
        for number, function in enumerate(self.functions):
            if function.name == name:
                return number, function
        raise AssertionError(f"{name} is in no header, or not built for this machine")

    def pack(self, struct_name: str, params: dict[str, Any]) -> bytes:
        """The bytes of a C struct; fields that are not given are 0, as in C."""
        size, fields = self.layouts[struct_name]
        data = bytearray(size)
        _fill(data, 0, fields, params, struct_name)
        return bytes(data)


def functions(variants: Iterable[str] = HOST_VARIANTS) -> list[Function]:
    """Prototypes in the headers of kernels and probes, references and the given variants."""
    found = []
    for header in [*sorted(paths.KERNELS.glob("*/*.h")), APP / "probe.h"]:
        for name, parameters in PROTOTYPE.findall(COMMENT.sub("", header.read_text())):
            pointers = tuple("*" in p for p in parameters.split(",") if "..." not in p)
            if "..." in parameters:  # more pointers, as many as the parameters say
                pointers += (True,) * (MOST_POINTERS - len(pointers))
            relative = header.relative_to(paths.KERNELS if header.parent != APP else APP)
            found.append(Function(name, str(relative), pointers))
    return found


def dispatch_source(functions: Sequence[Function]) -> str:
    """C text of the table that record.h declares."""
    lines = ['#include "record.h"', *sorted({f'#include "{f.header}"' for f in functions})]
    for f in functions:
        arguments = [
            f"BL_POINTER({i})" if pointer else f"arguments[{i}]"
            for i, pointer in enumerate(f.pointers)
        ]
        lines += [
            f"static bl_status call_{f.name}(uint8_t *base, const uint32_t *arguments) {{",
            f"  return {f.name}({', '.join(arguments)});",
            "}",
        ]
    lines += ["const bl_record_call bl_record_calls[] = {"]
    lines += [f"    call_{f.name}," for f in functions]
    lines += ["};", f"const uint32_t bl_record_call_count = {len(functions)};", ""]
    return "\n".join(lines)


@functools.cache
def host() -> Kernels:
    """All kernels as a program of this machine, under address and undefined-behaviour sanitizers.

    tests/properties/runners.py talks to it over pipes."""
    command = ["gcc", *HOST_FLAGS, *INCLUDES]
    return _build("host", command, HOST_VARIANTS, [APP / "host.c"], ["-lm"])


@functools.cache
def core(name: str) -> Kernels:
    """All kernels as a firmware of an emulated board, with the flags its models are built with."""
    return firmware(boards.load(name))


def firmware(board: Board, more: str = "") -> Kernels:
    """Builds the same for a board that may be no folder's, with `more` C in the program."""
    tools, hal = board.toolchain, paths.FIRMWARE / "hal" / board.hal
    compile_flags = ["-std=gnu11", "-O2", *WARNINGS, "-ffunction-sections", "-fno-common"]
    compile_flags += [f'-DBL_BOARD="{board.name}"', f"-ffile-prefix-map={paths.ROOT}=."]
    command = [f"{tools.prefix}gcc", *tools.flags, *compile_flags, *INCLUDES, f"-I{hal}"]
    link = [
        *("-nostartfiles", "-Wl,--gc-sections", "-Wl,--build-id=none", "-lm"),
        *(f"-Wl,--defsym=bl_{name}={value:#x}" for name, value in board.memory_symbols().items()),
        *(f"-L{hal}", f"-T{board.linker_script}"),
    ]
    main = [APP / "main.c", *sorted(hal.glob("*.c")), *sorted(board.folder.glob("*.c"))]
    return _build(board.name, command, board.variants, main, link, more)


def _build(
    name: str,
    command: list[str],
    variants: tuple[str, ...],
    main: list[Path],
    link: list[str],
    more: str = "",
) -> Kernels:
    """The program of these sources, compiled where it is not there yet."""
    kernels = [
        path
        for path in sorted(paths.KERNELS.rglob("*.c"))
        if path.stem.rsplit("_", 1)[-1] in ("ref", *variants) or path.parent == paths.KERNELS
    ]
    sources = [*kernels, APP / "probe.c", *sorted((paths.FIRMWARE / "protocol").glob("*.c")), *main]
    own = Path(__file__).read_bytes()
    with kept.folder(
        f"properties-{name}", command, link, kept.version(command[0]), own, more
    ) as folder:
        elf, about = folder / "kernels.elf", folder / "kernels.txt"
        objects = [folder / f"{i}-{path.stem}.o" for i, path in enumerate(sources)]
        if not elf.is_file():
            kept.all_compiled([*command, "-g1"], dict(zip(sources, objects, strict=True)))
            defined = _defined(command[0], objects)
            table = [f for f in functions(variants) if f.name in defined]
            dispatch = folder / "dispatch.c"
            dispatch.write_text(dispatch_source(table) + more)
            half = folder / "half.elf"
            types = ["-g", "-fno-eliminate-unused-debug-types"]
            run = [*command, *types, str(dispatch), *map(str, objects), *link]
            kept.run([*run, "-o", str(half)])
            # To read the ELF takes every process longer than to read this.
            names = [f.name for f in table]
            about.write_text(repr((names, struct_layouts(half))))
            half.rename(elf)
        names, layouts = ast.literal_eval(about.read_text())
    known = {f.name: f for f in functions(variants)}
    return Kernels(elf, tuple(known[name] for name in names), layouts)


def _defined(compiler: str, objects: Sequence[Path]) -> set[str]:
    """Global functions of object files."""
    nm = f"{compiler.removesuffix('gcc')}nm"
    lines = kept.run([shutil.which(nm) or "nm", "-g", "--defined-only", *map(str, objects)])
    return {line.split()[-1] for line in lines.splitlines() if " T " in line}


# ---- C structs, as the debug information of the program describes them ----


def struct_layouts(elf: Path) -> dict[str, Any]:
    """Typedef name -> (bytes, {field: (offset, kind)}); kind is a struct format character, a nested
    (bytes, fields) or a list [count, kind] for an array."""
    layouts: dict[str, Any] = {}
    with elf.open("rb") as file:
        for unit in ELFFile(file).get_dwarf_info().iter_CUs():
            for die in unit.get_top_DIE().iter_children():
                name = die.attributes.get("DW_AT_name")
                if die.tag != "DW_TAG_typedef" or name is None:
                    continue
                text = name.value.decode()
                if text.startswith("bl_") and text not in layouts:
                    target = die
                    while target.tag == "DW_TAG_typedef":
                        target = target.get_DIE_from_attribute("DW_AT_type")
                    if target.tag == "DW_TAG_structure_type":
                        layouts[text] = _kind(target)
    return layouts


def _kind(die: Any) -> Any:
    if die.tag in ("DW_TAG_typedef", "DW_TAG_const_type"):
        return _kind(die.get_DIE_from_attribute("DW_AT_type"))
    size = die.attributes["DW_AT_byte_size"].value if "DW_AT_byte_size" in die.attributes else 0
    if die.tag == "DW_TAG_structure_type":
        members = [m for m in die.iter_children() if m.tag == "DW_TAG_member"]
        return size, {
            m.attributes["DW_AT_name"].value.decode(): (
                m.attributes["DW_AT_data_member_location"].value,
                _kind(m.get_DIE_from_attribute("DW_AT_type")),
            )
            for m in members
        }
    if die.tag == "DW_TAG_base_type":
        encoding = die.attributes["DW_AT_encoding"].value
        if encoding == 4:  # DW_ATE_float
            return {4: "f", 8: "d"}[size]
        letter = {1: "b", 2: "h", 4: "i", 8: "q"}[size]
        return letter if encoding in (5, 6) else letter.upper()  # DW_ATE_signed, _signed_char
    if die.tag == "DW_TAG_enumeration_type":
        return {1: "B", 2: "H", 4: "I"}[size]
    if die.tag == "DW_TAG_array_type":
        inner = next(d for d in die.iter_children() if d.tag == "DW_TAG_subrange_type")
        count = inner.attributes["DW_AT_upper_bound"].value + 1
        return [count, _kind(die.get_DIE_from_attribute("DW_AT_type"))]
    return None  # a pointer: nothing that a test could fill in


def _fill(data: bytearray, at: int, fields: Any, params: dict[str, Any], where: str) -> None:
    for key, value in params.items():
        assert key in fields, f"{where} has no field {key}"
        offset, kind = fields[key]
        _store(data, at + offset, kind, value, f"{where}.{key}")


def _store(data: bytearray, at: int, kind: Any, value: Any, where: str) -> None:
    assert kind is not None, f"{where} is of a type that records cannot hold"
    if isinstance(kind, tuple):
        _fill(data, at, kind[1], value, where)
    elif isinstance(kind, list):
        count, inner = kind
        assert len(value) <= count, f"{where} has only {count} elements"
        size = inner[0] if isinstance(inner, tuple) else struct.calcsize(inner)
        for i, item in enumerate(value):
            _store(data, at + i * size, inner, item, f"{where}[{i}]")
    else:
        struct.pack_into(f"<{kind}", data, at, value)


# ---- records ----

GUARD = 256  # bytes, at least, on either side of every block
PATTERN = 0xA5
HEAD = 5  # words, as in record.h


@dataclass(frozen=True)
class Record:
    """A call ready to run; `result` takes the memory that came back."""

    data: bytes
    blocks: tuple[Block, ...]
    offsets: tuple[int, ...]

    def result(self, after: bytes) -> tuple[int, list[bytes]]:
        """(status, the blocks after the call), once nothing else has changed."""
        expected, found = bytearray(self.data), []
        expected[8:12] = after[8:12]  # the status
        for offset, block in zip(self.offsets, self.blocks, strict=True):
            span = slice(offset, offset + len(block.data))
            found.append(after[span])
            if block.writable:
                expected[span] = after[span]
        if expected != after:
            changed = [i for i, (a, b) in enumerate(zip(expected, after, strict=True)) if a != b]
            raise AssertionError(self._blame(changed[0], len(changed)))
        return struct.unpack_from("<I", after, 8)[0], found

    def _blame(self, at: int, count: int) -> str:
        """Names the buffer that a forbidden write at byte `at` of the record belongs to."""
        for number, (offset, block) in enumerate(zip(self.offsets, self.blocks, strict=True)):
            size = len(block.data)
            if offset <= at < offset + size:
                return f"the kernel changed its read-only buffer {number} at byte {at - offset}"
            if offset - GUARD <= at < offset:
                return (
                    f"the kernel wrote {count} guard bytes, the first {offset - at} bytes before "
                    f"buffer {number} of {size} bytes"
                )
        return f"the kernel wrote {count} guard bytes behind its buffers, from byte {at}"


def record(
    kernel: int, blocks: Sequence[Block], arguments: Sequence[tuple[int, int] | int | None]
) -> Record:
    """A call; an argument is (block number, offset in it), an integer, or None for NULL."""
    at = 4 * (HEAD + len(arguments) + 2 * len(blocks))
    offsets = []
    for block in blocks:
        at = -(-(at + GUARD) // 16) * 16 + block.phase
        offsets.append(at)
        at += len(block.data)
    total = -(-(at + GUARD) // 16) * 16
    values = [
        0 if a is None else a & 0xFFFFFFFF if isinstance(a, int) else offsets[a[0]] + a[1]
        for a in arguments
    ]
    words = [total, kernel, 0xFFFFFFFF, len(values), len(blocks), *values]
    for offset, block in zip(offsets, blocks, strict=True):
        words += [offset, offset + len(block.data)]
    data = bytearray([PATTERN]) * total
    struct.pack_into(f"<{len(words)}I", data, 0, *words)
    for offset, block in zip(offsets, blocks, strict=True):
        data[offset : offset + len(block.data)] = block.data
    return Record(bytes(data), tuple(blocks), tuple(offsets))


def sanitizer_environment() -> dict[str, str]:
    """Reports go to standard error; a record is freed before the next, so leaks do not matter."""
    return os.environ | {
        "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=0:exitcode=99:color=never",
        "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1:color=never",
    }
