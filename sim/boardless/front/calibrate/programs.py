"""Builds the programs of a suite from the user's checkout, runs them, counts and prices them.

builder = Builder(facts.load("embench"), Path("embench-iot"), Path("out"))
code, tally = run(builder.suite, builder.build(program))
"""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from boardless.core import paths
from boardless.core.errors import BadInput, DeviceFault, ToolFailed, ToolMissing
from boardless.cycles import image
from boardless.cycles.calibration.facts import Program, Suite
from boardless.cycles.counts import Code, Tally
from boardless.device.counting import bare
from boardless.device.emulators import qemu
from boardless.device.records import Board, BoardMemory, Toolchain

OWN = Path(__file__).with_name("board")
ARM = "arm-none-eabi-"
DEBIAN = {
    ARM: "gcc-arm-none-eabi libnewlib-arm-none-eabi",
    "riscv64-unknown-elf-": "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
}
BEGIN, END = "start_trigger", "stop_trigger"
COMPILE_SECONDS, RUN_SECONDS = 120, 240.0  # only guard a hang
QUIET = ("-w", "-std=gnu11")  # other people's sources may warn
STRICT = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-O2", "-ffunction-sections")


@dataclass(frozen=True)
class Builder:
    """Compiles programs of one suite into `folder`."""

    suite: Suite
    checkout: Path
    folder: Path

    def build(self, program: Program) -> Path:
        """The program's ELF; BadInput where a source is missing, ToolFailed where it does not
        compile."""
        out = self.folder / program.name
        out.mkdir(parents=True, exist_ok=True)
        try:
            return self._compiled(program, out) if self.suite.build else self._call(program, out)
        finally:
            for item in out.glob("*.o"):
                item.unlink()

    def _compiled(self, program: Program, out: Path) -> Path:
        how = self.suite.build
        assert how
        own = {"program": program.name, "folder": program.folder}
        include = [f"-I{self.checkout / folder.format(**own)}" for folder in how.include]
        include.append(f"-I{OWN / how.own_include}")  # headers of whoever builds it, as CoreMark's
        defines = [f"-D{k}={v}" for k, v in how.define.items()]
        objects = []
        for pattern in how.sources:
            found = sorted(self.checkout.glob(pattern.format(**own)))
            if not found:
                raise BadInput(
                    f"program {program.name}: no {pattern.format(**own)}",
                    where=str(self.checkout),
                    hint="is the checkout complete, and of the revision that was measured?",
                )
            for path in found:
                flags = [*self.suite.flags, *QUIET, *include, *defines]
                objects.append(self._object(path, out, flags))
        choices = [f"-D{k}={v}" for k, v in program.define.items()]
        if how.vectors:
            objects.append(self._object(paths.FIRMWARE / how.vectors, out, [*self.suite.flags]))
        theirs = [f"-isystem{folder.removeprefix('-I')}" for folder in include]  # may warn
        for path in (OWN / name for name in how.own):
            flags = [*self.suite.flags, *STRICT[:4], *theirs, *defines, *choices]
            objects.append(self._object(path, out, flags))
        if how.small_library:
            flags = [*self.suite.flags, *STRICT[:4], "-Os", "-ffunction-sections", "-ffreestanding"]
            objects.append(self._object(OWN / "small_library.c", out, flags))
        return self._link(objects, out, OWN / "link.ld", ("-lm",))

    def _call(self, program: Program, out: Path) -> Path:
        """Our driver and the segments of the published ELF, each where it belongs. The first two
        words of the vector table become ours."""
        how = self.suite.call
        assert how
        published = self.checkout / self._elf(program)
        if not published.is_file():
            raise BadInput(f"program {program.name}: no {published}", where=str(self.checkout))
        at = self.suite.machine.vectors
        if at is None:
            at = self.suite.machine.flash[0]
        places, assembly = _segments(self._published(published, at), out, at)
        (out / "segments.s").write_text(assembly)
        script = out / "link.ld"
        script.write_text((OWN / "link.ld").read_text() + places)
        defines = ["-DCAL_CALLS", *(f"-D{k}={v}" for k, v in program.define.items())]
        objects = [self._object(out / "segments.s", out, list(self.suite.flags))]
        for path in (OWN / name for name in how.own):
            objects.append(self._object(path, out, [*self.suite.flags, *STRICT, *defines]))
        symbols = () if _is_image(published) else ("-Xlinker", f"--just-symbols={published}")
        return self._link(objects, out, script, symbols)

    @staticmethod
    def _published(path: Path, flash: int) -> list[tuple[int, bytes]]:
        """Returns (address, content) of what is loaded: of an ELF, or of an image of the flash."""
        if _is_image(path):
            return [(flash, path.read_bytes())]
        with image.opened(path) as opened:
            return [(s.address, s.content) for s in image.loaded(opened)]

    def _elf(self, program: Program) -> str:
        assert self.suite.call
        return program.elf or self.suite.call.elf

    def _object(self, source: Path, out: Path, flags: list[str]) -> Path:
        made = out / f"{source.stem}.o"
        self._gcc([*flags, "-c", str(source), "-o", str(made)], str(source))
        return made

    def _link(
        self, objects: list[Path], out: Path, script: Path, libraries: tuple[str, ...]
    ) -> Path:
        made = out / "program.elf"
        e = self.suite.machine
        places = {
            "cal_flash_origin": e.flash[0],
            "cal_flash_bytes": e.flash[1],
            "cal_ram_origin": e.ram[0],
            "cal_ram_bytes": e.ram[1],
        }
        symbols = [f"-Wl,--defsym={name}={value:#x}" for name, value in places.items()]
        layout = ["-Wl,--gc-sections", "-static", "-nostartfiles", *symbols, "-T", str(script)]
        inputs = [*(str(o) for o in objects), *libraries]
        self._gcc([*self.suite.flags, *layout, *inputs, "-o", str(made)], f"linking {out.name}")
        return made

    def _gcc(self, arguments: list[str], where: str) -> None:
        gcc = f"{self.suite.toolchain}gcc"
        try:
            done = subprocess.run(
                [gcc, *arguments], capture_output=True, text=True, timeout=COMPILE_SECONDS
            )
        except FileNotFoundError as error:
            raise missing(self.suite.toolchain) from error
        except subprocess.TimeoutExpired as error:
            raise ToolFailed(f"{gcc} takes longer than {COMPILE_SECONDS} s", where=where) from error
        if done.returncode:
            lines = done.stderr.splitlines() or [f"status {done.returncode}"]
            telling = ("error:", "undefined reference", "overflowed")
            reason = next((x for x in lines if any(t in x for t in telling)), lines[0])
            raise ToolFailed(f"{gcc}: {reason}", where=where)


def check(suite: Suite, checkout: Path) -> None:
    """BadInput where the path is not a checkout of what the suite was measured with."""
    if suite.build:
        marker = suite.build.marker
    else:
        assert suite.call
        marker = suite.call.elf
    if not (checkout / marker).is_file():
        raise BadInput(
            f"this is no checkout that suite {suite.name} can be built from: there is no {marker}",
            where=str(checkout),
            hint=f"get it from {suite.source.split(',')[0]}",
        )


def missing(toolchain: str) -> ToolMissing:
    """Returns the error where a tool chain is not on PATH."""
    packages = DEBIAN.get(toolchain)
    hint = f"apt install {packages}" if packages else "see docs/howto/install.md"
    return ToolMissing(f"no {toolchain}gcc on PATH", hint=hint)


def compiler(toolchain: str = ARM) -> str:
    """Returns a version such as 14.2.1; ToolMissing if there is no compiler."""
    gcc = f"{toolchain}gcc"
    if not shutil.which(gcc):
        raise missing(toolchain)
    done = subprocess.run([gcc, "-dumpfullversion"], capture_output=True, text=True, timeout=30)
    version = done.stdout.strip()
    if done.returncode or not version[:1].isdigit():
        raise ToolFailed(f"{gcc} does not tell its version: {version or done.stderr.strip()}")
    return version


def run(suite: Suite, elf: Path, caches: tuple[str, ...] = ()) -> tuple[Code, Tally]:
    """Returns the counts between the triggers; DeviceFault if the program found its own result
    wrong, or did not end."""
    result = bare.run(
        elf, board(suite), regions=[f"{BEGIN}:{END}"], caches=caches, seconds=RUN_SECONDS
    )
    if result.exit_code:
        raise DeviceFault(
            f"the program's own check failed: it ended with status {result.exit_code}",
            where=str(elf),
        )
    if result.counted.passes != 1:
        raise DeviceFault(
            f"its timed stretch ran {result.counted.passes} times instead of once", where=str(elf)
        )
    return result.counted.code, result.counted.tally()


def board(suite: Suite) -> Board:
    """The emulated machine, as a board without firmware of ours."""
    e = suite.machine
    origin = e.vectors if e.vectors is not None else e.flash[0]
    debian = ("qemu-system-arm",) if e.program == "qemu-system-arm" else ("qemu-system-misc",)
    settings = qemu.Settings(e.program, debian, e.machine, timer_hz=1, arguments=e.arguments)
    return Board(
        name=e.machine,
        folder=OWN,
        description=suite.board,
        core=suite.core,
        hal="",
        variants=(),
        default=False,
        toolchain=Toolchain(
            suite.toolchain, suite.flags, tuple(DEBIAN.get(suite.toolchain, "").split())
        ),
        memory=BoardMemory(e.flash[1], e.ram[1], origin, e.ram[0]),
        emulators={"qemu": settings},
    )


def _is_image(path: Path) -> bool:
    return path.suffix == ".bin"


def _segments(parts: list[tuple[int, bytes]], out: Path, vectors: int) -> tuple[str, str]:
    """(linker script, assembly) that put each of `parts`, (address, content), at its address, but
    for the 8 bytes at `vectors`."""
    places, assembly = "", ""
    for k, (address, content) in enumerate(parts):
        if address <= vectors < address + len(content):
            content = content[vectors + 8 - address :]
            address = vectors + 8
        binary = out / f"segment{k}.bin"
        binary.write_bytes(content)
        assembly += f'.section .published{k}, "awx", %progbits\n.incbin "{binary}"\n'
        places += f"  .published{k} {address:#x} : {{ KEEP(*(.published{k})) }} > anywhere\n"
    places += f"  .boot {vectors:#x} : {{ KEEP(*(.cal_boot)) }} > anywhere\n"
    memory = "MEMORY { anywhere : ORIGIN = 0, LENGTH = 0xffffffff }\n"
    return f"\n{memory}SECTIONS\n{{\n{places}}}\n", assembly
