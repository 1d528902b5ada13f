"""Builds the firmware of generated sources by PlatformIO. Nothing is built twice.

A build's id is a hash of everything that goes into it, so an ELF whose id fits needs no check, and
a firmware that answers with another id is another firmware.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardless.core import files, paths
from boardless.core.errors import BadInput, BoardlessError, ToolFailed, TooSmall
from boardless.device import compilers, keys, platformio
from boardless.device.compilers import toolchain
from boardless.device.elf import sections
from boardless.device.keys import build_key
from boardless.device.records import BUILD_ID, OURS, Board, Build, Sources
from boardless.model import profiles

__all__ = ["build", "build_key", "build_together", "check_path", "toolchain", "write_sources"]

ELF, LOG, GENERATED = "firmware.elf", "build.log", "generated"
KEPT = 4  # firmwares of a model, such as with --no-fold, that stay: those used last
SPECIAL = re.compile(r"""[^\S ]|["$\\&;`()<>|]""")  # of a shell and of SCons
TRIES = 5  # builds during which somebody edits the sources


@dataclass(frozen=True, eq=False)
class _Firmware:
    """A firmware that is wanted, and where it is or will be."""

    sources: Sources
    folder: Path
    key: str

    @property
    def elf(self) -> Path:
        return self.folder / f"{self.key}.elf"


def build(sources: Sources, board: Board) -> Build:
    """Returns the firmware of `sources` on `board`, built where it is not there yet."""
    [found] = _build([sources], board)
    if isinstance(found, BoardlessError):
        raise found
    return found


def build_together(several: Sequence[Sources], board: Board) -> list[Build | TooSmall | None]:
    """Returns the firmwares of several models, built in one go, which starts PlatformIO once;
    TooSmall for one that does not fit; None where something else is wrong: `build` says what."""
    several_found = _build(several, board)
    return [found if isinstance(found, Build | TooSmall) else None for found in several_found]


def _build(several: Sequence[Sources], board: Board) -> list[Build | BoardlessError]:
    version = toolchain(board)
    with _locked(several, board):
        began = time.monotonic()
        wanted, lacking, log = _make(several, board, version)
        spent = time.monotonic() - began
        found: list[Build | BoardlessError] = []
        for firmware in wanted:
            if lacking and not _is_whole(firmware.elf, board):
                found.append(_failure(firmware, board, lacking.get(firmware, ""), log))
                continue
            _show(firmware.elf)
            seconds = spent / len(lacking) if firmware in lacking else 0.0
            found.append(_describe(firmware, board, version, seconds))
        return found


def _make(
    several: Sequence[Sources], board: Board, version: str
) -> tuple[list[_Firmware], dict[_Firmware, str], str]:
    """Returns (the firmwares, those of them that were not there and are now, as far as they can be
    built, with what the linker of each printed, the log of building them)."""
    for _ in range(TRIES):
        read = keys.files(board)
        before = keys.state(read)
        wanted = [
            _Firmware(sources, _folder(sources, board), build_key(sources, board, version, read))
            for sources in several
        ]
        # One of a folder: a model may be there twice, or two of one name.
        absent = [firmware for firmware in wanted if not _is_whole(firmware.elf, board)]
        lacking = [*{firmware.folder: firmware for firmware in absent[::-1]}.values()][::-1]
        if not lacking:
            return wanted, {}, ""
        with platformio.place(board) as place:
            for firmware in lacking:
                _write_only(firmware.sources, firmware.key, firmware.folder / GENERATED)
            file = (lacking[0].folder if len(lacking) == 1 else place.folder) / LOG
            made, log = place.run([firmware.folder / GENERATED for firmware in lacking], file)
            if keys.state(keys.files(board)) != before:
                continue
            place.settle()
            linked = {}
            for firmware, elf in zip(lacking, made, strict=True):
                linked[firmware] = place.linker_output(firmware.folder / GENERATED)
                if elf:
                    _publish(elf, firmware.elf, board)
        return wanted, linked, log
    raise ToolFailed(
        "the firmware's sources change while they are built",
        where=f"building {several[0].model} for {board.name}",
        hint="run it again when they are saved",
    )


def _folder(sources: Sources, board: Board) -> Path:
    """Returns the folder of a model's firmwares; the bits of another reference are apart, and what
    another runtime makes."""
    name = sources.model.replace(":", "-")
    profile = "" if sources.profile == profiles.DEFAULT else f"@{sources.profile}"
    runtime = "" if sources.runtime == OURS else f"+{sources.runtime.replace(':', '-')}"
    return paths.build_root() / board.name / f"{name}{profile}{runtime}"


def check_path(path: Path, hint: str) -> None:
    """Raises BadInput where a path would not reach the compiler as it is: SCons hands it to a
    shell, which would take a part of it for a command."""
    if found := SPECIAL.search(str(path)):
        what = f"a path with {found[0]!r} in it cannot be built in"
        raise BadInput(what, where=str(path), hint=hint)


@contextlib.contextmanager
def _locked(several: Sequence[Sources], board: Board) -> Iterator[None]:
    """Locks the build folders of models, all in the same order: nobody waits for another who
    waits."""
    check_path(paths.ROOT, "move boardless to another folder")
    check_path(board.folder, "move the board to another folder")
    with contextlib.ExitStack() as stack:
        for folder in sorted({_folder(sources, board) for sources in several}):
            check_path(folder, "set BOARDLESS_BUILD_DIR to another folder")
            try:
                folder.mkdir(parents=True, exist_ok=True)
                files.check_inside(folder, paths.build_root())
                stack.enter_context(platformio.locked(folder / "lock"))
            except OSError as error:
                raise BadInput(
                    f"cannot write here ({error.strerror})",
                    where=str(folder),
                    hint="fix the permissions, or set BOARDLESS_BUILD_DIR",
                ) from error
        yield


def _publish(made: Path, elf: Path, board: Board) -> None:
    """Copies an ELF to where it is looked for. It has a name of its own, so that it stays as it is
    when somebody builds the model otherwise at the same time. If we are killed on the way, the
    stamp is missing or that of another ELF, and it is built again."""
    temporary = elf.with_suffix(".new")
    shutil.copyfile(made, temporary)
    temporary.chmod(0o755)
    temporary.replace(elf)
    files.replace(_stamp_of(elf), _stamp(elf, board).encode())
    _show(elf)
    for old in sorted(elf.parent.glob("????????????????.elf"), key=_used, reverse=True)[KEPT:]:
        old.unlink(missing_ok=True)
        _stamp_of(old).unlink(missing_ok=True)


def _used(elf: Path) -> int:
    """Returns when it was asked for last; 0 where a build of it was interrupted."""
    stamp = _stamp_of(elf)
    return stamp.stat().st_mtime_ns if stamp.is_file() else 0


def _show(elf: Path) -> None:
    """Gives the firmware that was asked for last the name by which people find it."""
    os.utime(_stamp_of(elf))
    shown, temporary = elf.with_name(ELF), elf.with_suffix(".link")
    if not (shown.is_file() and shown.samefile(elf)):
        temporary.unlink(missing_ok=True)
        try:
            temporary.hardlink_to(elf)
        except OSError:  # a file system without links
            shutil.copyfile(elf, temporary)
        temporary.replace(shown)


def _stamp_of(elf: Path) -> Path:
    return elf.with_suffix(".stamp")


def _stamp(elf: Path, board: Board) -> str:
    """Tells the ELF of this build from one of another compiler, or that was damaged later."""
    return f"{compilers.state(board)} {hashlib.sha256(elf.read_bytes()).hexdigest()}\n"


def _is_whole(elf: Path, board: Board) -> bool:
    try:
        return _stamp_of(elf).read_bytes() == _stamp(elf, board).encode()
    except OSError:
        return False


def _failure(firmware: _Firmware, board: Board, linked: str, log: str) -> BoardlessError:
    """Returns why a build failed, from what its linker printed and from the whole log."""
    sources = firmware.sources
    if missing := platformio.missing_memory(linked):
        short = [f"{name} is too small by {n:,} bytes" for name, n in missing.items()]
        return TooSmall(
            f"{sources.model} does not fit: {' and '.join(short)}",
            where=f"board {board.name}",
            hint="a smaller model, or a larger board",
            missing=missing,
        )
    return ToolFailed(
        platformio.first_error(log),
        where=f"building {sources.model} for {board.name}",
        hint=f"the whole log is {firmware.folder / LOG}",
    )


def write_sources(sources: Sources, build_id: str, folder: Path) -> list[Path]:
    """Writes the generated files; those that stay equal are left alone."""
    written = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in sources.files.items():
            path = folder / name
            if path.suffix in (".c", ".h"):
                content = content.replace(BUILD_ID.encode(), build_id.encode())
            if not path.is_file() or path.read_bytes() != content:
                path.parent.mkdir(parents=True, exist_ok=True)
                files.replace(path, content)
            written.append(path)
    except OSError as error:
        raise BadInput(
            f"cannot write here ({error.strerror})", where=str(folder), hint="choose another folder"
        ) from error
    return written


def _write_only(sources: Sources, build_id: str, folder: Path) -> None:
    """Writes the generated files, and removes others: PlatformIO compiles all that it finds."""
    written = write_sources(sources, build_id, folder)
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir() and not path.is_symlink():
            with contextlib.suppress(OSError):  # files of ours are in it
                path.rmdir()
        elif path not in written:
            path.unlink()


def _describe(firmware: _Firmware, board: Board, version: str, seconds: float) -> Build:
    sources, elf = firmware.sources, firmware.elf
    flash, ram = sections(elf, board)
    return Build(
        model=sources.model,
        board=board,
        elf=elf,
        build_id=firmware.key,
        toolchain=version,
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
        profile=sources.profile,
        runtime=sources.runtime,
        runtime_version=sources.runtime_version,
        notes=sources.notes,
    )
