"""Builds the firmware of generated sources by PlatformIO. Nothing is built twice.

A build's id is a hash of everything that goes into it, so an ELF whose id fits needs no check, and
a firmware that answers with another id is another firmware.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from boardless.core import children, paths
from boardless.core.errors import BadInput, ToolFailed, ToolMissing, TooSmall, install
from boardless.cycles import image
from boardless.device.records import BUILD_ID, Board, Build, Sources

ENVIRONMENT = "any_board"  # of platformio.ini
TIMEOUT = 900  # seconds; a build takes a few, this only guards a hang
DAMAGED = r"not recognized|truncated|malformed"  # what the linker says of a damaged object


def build(sources: Sources, board: Board) -> Build:
    """Returns the firmware of `sources` on `board`, built where it is not there yet."""
    began = time.monotonic()
    compiler_version = toolchain(board)
    key = build_key(sources, board, compiler_version)
    folder = paths.build_root() / board.name / sources.model.replace(":", "-")
    elf = folder / "firmware.elf"
    stamp = folder / "build_id"
    with _locked(folder):
        fresh = not _is_whole(elf, stamp, key)
        if fresh:
            _make(sources, board, key, folder)
            stamp.write_text(_stamp(elf, key))
        seconds = time.monotonic() - began if fresh else 0.0
        return _describe(sources, board, elf, key, compiler_version, seconds)


def _stamp(elf: Path, key: str) -> str:
    """Tells the ELF of this build from a stale one, and from one that was damaged later."""
    return f"{key} {hashlib.sha256(elf.read_bytes()).hexdigest()}\n"


def _is_whole(elf: Path, stamp: Path, key: str) -> bool:
    try:
        return stamp.read_bytes() == _stamp(elf, key).encode()
    except OSError:
        return False


def build_key(sources: Sources, board: Board, compiler_version: str) -> str:
    """Returns 16 hex digits over generated and firmware sources, settings and compiler."""
    digest = hashlib.sha256(compiler_version.encode())
    for name, content in sorted(sources.files.items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    folders = [
        paths.FIRMWARE,
        *([] if board.folder.is_relative_to(paths.BOARDS) else [board.folder]),
    ]
    for root in folders:
        for path in sorted(root.rglob("*")):
            relative = path.relative_to(root)
            if path.is_file() and _matters(relative, board):
                content = path.read_bytes()
                digest.update(f"{relative.as_posix()}\0{len(content)}\0".encode() + content)
    digest.update((paths.ROOT / "platformio.ini").read_bytes())
    return digest.hexdigest()[:16]


def _matters(path: Path, board: Board) -> bool:
    """Other boards and what does not end up in the ELF leave the id alone."""
    folder, *inner = path.parts
    if folder in ("app_kernels", "examples"):
        return False
    if folder == "boards" and inner[0] != board.name:
        return False
    if folder == "hal" and len(inner) > 1 and inner[0] != board.hal:
        return False
    if folder == "kernels" and path.suffix == ".c":
        return path.stem.rpartition("_")[2] in ("ref", *board.variants)
    return path.suffix in (".c", ".h", ".S", ".ld", ".toml") or path.name == "main.py"


@cache
def _gcc_version(program: str) -> str:
    done = subprocess.run(
        [program, "-dumpfullversion"], capture_output=True, text=True, timeout=60, check=False
    )
    return f"{program} {done.stdout.strip()}"


def toolchain(board: Board) -> str:
    """Returns a version such as "arm-none-eabi-gcc 12.2.1"; ToolMissing if there is no compiler."""
    program = f"{board.toolchain.prefix}gcc"
    if shutil.which(program) is None:
        raise ToolMissing(
            f"{program} is not installed",
            where=f"board {board.name}",
            hint=install(board.toolchain.debian, board.name),
        )
    return _gcc_version(program)


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Locks a build folder; the lock is released when the process exits, however it ends."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})",
            where=str(folder),
            hint="fix the permissions, or set BOARDLESS_BUILD_DIR",
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def write_sources(sources: Sources, build_id: str, folder: Path) -> list[Path]:
    """Writes the generated files; those that stay equal keep their time, so nothing is rebuilt."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in sources.files.items():
            path = folder / name
            if path.suffix in (".c", ".h"):
                content = content.replace(BUILD_ID.encode(), build_id.encode())
            if not path.is_file() or path.read_bytes() != content:
                path.write_bytes(content)
            written.append(path)
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})", where=str(folder), hint="choose another folder"
        ) from error
    return written


def _make(sources: Sources, board: Board, key: str, folder: Path) -> None:
    write_sources(sources, key, folder / "generated")
    made, said = _platformio(board, folder)
    if made is None and re.search(DAMAGED, said):
        shutil.rmtree(folder / "pio", ignore_errors=True)
        made, said = _platformio(board, folder)
    if made is None:
        overflows = re.findall(r"region `?(\w+)'? overflowed by (\d+) bytes", said)
        if overflows:
            missing = [f"{name} is too small by {int(n):,} bytes" for name, n in overflows]
            raise TooSmall(
                f"{sources.model} does not fit: {' and '.join(missing)}",
                where=f"board {board.name}",
                hint="a smaller model, or a larger board",
            )
        raise ToolFailed(
            _first_error(said),
            where=f"building {sources.model} for {board.name}",
            hint=f"the whole log is {folder / 'build.log'}",
        )
    temporary = folder / "firmware.elf.new"
    shutil.copyfile(made, temporary)
    temporary.chmod(0o755)
    temporary.replace(folder / "firmware.elf")


def _platformio(board: Board, folder: Path) -> tuple[Path | None, str]:
    """Returns the ELF that PlatformIO built of folder/generated, or None; and its output."""
    log = folder / "build.log"
    environment = os.environ | {
        "BOARDLESS_GENERATED": str(folder / "generated"),
        "PLATFORMIO_BUILD_DIR": str(folder / "pio"),
        "PLATFORMIO_WORKSPACE_DIR": str(paths.workspace()),
        "PLATFORMIO_CORE_DIR": str(paths.workspace() / "core"),
        "PLATFORMIO_DISABLE_UPGRADE_CHECK": "true",
        "PLATFORMIO_SETTING_ENABLE_TELEMETRY": "no",
        "PLATFORMIO_DISABLE_PROGRESSBAR": "true",
        "SOURCE_DATE_EPOCH": "0",
        "BOARDLESS_BOARD": board.name,
    }
    command = [sys.executable, "-m", "platformio", "run", "-d", str(paths.project())]
    command += ["-e", ENVIRONMENT]
    try:
        with (
            log.open("wb") as out,
            children.group(
                command, env=environment, stdout=out, stderr=subprocess.STDOUT
            ) as process,
        ):
            status = process.wait(TIMEOUT)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolFailed(f"PlatformIO did not finish: {error}", hint=f"see {log}") from error
    made = folder / "pio" / ENVIRONMENT / "firmware.elf"
    done = status == 0 and made.is_file()
    return made if done else None, log.read_text(errors="replace")


def _first_error(log: str) -> str:
    """The line of a build log that says most."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    for pattern in (
        r"No space left on device|will not fit|overflowed by",
        r"(?<!collect2: )\b(fatal )?error:|undefined reference|not recognized|cannot ",
        r"^(?!.*Traceback).*Error",
    ):
        for line in lines:
            if re.search(pattern, line):
                return line[:300]
    return lines[-1][:300] if lines else "PlatformIO failed without output"


def _describe(
    sources: Sources, board: Board, elf: Path, key: str, compiler_version: str, seconds: float
) -> Build:
    flash, ram = sections(elf)
    return Build(
        model=sources.model,
        board=board,
        elf=elf,
        build_id=key,
        toolchain=compiler_version,
        layers=sources.layers,
        input_bytes=sources.input_bytes,
        output_dtype=sources.output_dtype,
        output_count=sources.output_count,
        arena_bytes=sources.arena_bytes,
        weights_bytes=sources.weights_bytes,
        code_bytes=flash - sources.weights_bytes,
        flash_bytes=flash,
        static_ram_bytes=ram,
        seconds=seconds,
        nominal_macs=sources.nominal_macs,
        arena_plan=sources.arena_plan,
    )


def sections(elf: Path) -> tuple[int, int]:
    """(bytes of flash, bytes of .data and .bss) of an ELF; the reserved stack is not counted."""
    flash = ram = 0
    try:
        with elf.open("rb") as file:
            for section in ELFFile(file).iter_sections():
                size, flags = section["sh_size"], section["sh_flags"]
                if not flags & 2 or section.name == ".stack":  # SHF_ALLOC
                    continue
                if section["sh_type"] != "SHT_NOBITS":
                    flash += size
                if flags & 1:  # SHF_WRITE
                    ram += size
    except (ELFError, OSError) as error:
        raise ToolFailed(
            f"not a readable ELF: {error}", where=str(elf), hint="delete it"
        ) from error
    return flash, ram


def function_at(elf: Path, address: int) -> str:
    """name+offset of a code address, "?" where no function is there."""
    with image.opened(elf) as opened:
        for symbol in image.symbols_of(opened):
            start = symbol.address & ~1  # Thumb functions carry bit 0
            if symbol.function and start <= (address & ~1) < start + symbol.size:
                return f"{symbol.name}+{(address & ~1) - start:#x}"
    return "?"
