"""A program that makes every semihosting call that could reach the host: none of it is touched."""

from __future__ import annotations

import contextlib
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest
import xtensa_calls
from bare_programs import BARE, GCC, SOURCES
from boardless import path
from boardless.core.errors import BadInput, LinkError, ToolFailed
from boardless.device import boards
from boardless.device.counting import bare
from boardless.device.emulators import base, qemu, qemu_esp
from boardless.device.semihosting import Semihosting
from boardless.device.semihosting import calls as answers
from command_line import Cli
from xtensa_calls import ADDRESS, CLOSE, EXIT, OPEN, READ, SEEK, WRITE

pytestmark = pytest.mark.emulated
ARM = boards.load("mps2-an386")
RISCV = (
    *("riscv64-unknown-elf-gcc", "-march=rv32imc", "-mabi=ilp32", "-mno-relax", "-O2"),
    *("-nostdlib", "-nostartfiles"),
)
FAILED = "ffffffff"
SECRET = "the host's secret"


@dataclass
class Host:
    """A folder that the program may use, one that it may not, and what must stay as it is."""

    root: Path
    outside: Path

    def untouched(self) -> bool:
        there = {p.name: p.read_text() for p in self.outside.iterdir()}
        return there == {"secret": SECRET, "victim": "stays"}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    found = Host(tmp_path / "root", tmp_path / "outside")
    found.root.mkdir()
    found.outside.mkdir()
    (found.outside / "secret").write_text(SECRET)
    (found.outside / "victim").write_text("stays")
    return found


def macros(**paths: str) -> list[str]:
    """-D arguments; several paths of one macro are separated by commas."""
    return [
        f"-D{name}=" + ",".join(f'"{path}"' for path in text.split(","))
        for name, text in paths.items()
    ]


def caller(
    folder: Path,
    read: str,
    write: str,
    rename: tuple[str, str],
    remove: str,
    command: str,
    board: str = "mps2-an386",
) -> Path:
    flags = macros(
        TO_READ=read,
        TO_WRITE=write,
        RENAME_FROM=rename[0],
        RENAME_TO=rename[1],
        TO_REMOVE=remove,
        COMMAND=command,
    )
    elf, script = folder / "calls.elf", folder / "riscv.ld"
    script.write_text(
        "ENTRY(start) SECTIONS { . = 0x80000000; .text : { *(.text.start) *(.text*) *(.rodata*)"
        " *(.srodata*) *(.data*) *(.sdata*) *(.bss*) *(.sbss*) } }"
    )
    gcc = {
        "mps2-an386": [*GCC, *BARE],
        "esp32c3": [*RISCV, "-T", str(script)],
    }[board]
    alone = ["-ffreestanding", "-fno-builtin", "-fno-tree-loop-distribute-patterns"]
    source = str(SOURCES / "calls.c")
    subprocess.run([*gcc, *alone, *flags, "-o", str(elf), source], check=True, timeout=60)
    return elf


def everything(host: Host, folder: Path, board: str = "mps2-an386") -> Path:
    """Tries all that must fail, whatever the program may use."""
    out = host.outside
    reads = [f"{out}/secret", "../outside/secret", "link", "folder/secret", "pipe", "/dev/zero"]
    writes = [f"{out}/new", "../outside/new", "link", "folder/new", "."]
    command = f"touch {out}/ran; cat {out}/secret"
    return caller(
        folder,
        ",".join(reads),
        ",".join(writes),
        (f"{out}/victim", f"{out}/moved"),
        f"{out}/victim",
        command,
        board,
    )


def lines(stdout: bytes) -> dict[str, list[str]]:
    """Returns the results of each call, in order."""
    found: dict[str, list[str]] = {}
    for line in stdout.decode().splitlines():
        what, _, value = line.rpartition(" ")
        found.setdefault(what, []).append(value)
    return found


def traps(host: Host) -> None:
    """Ways out of the folder, and what is no file."""
    (host.root / "link").symlink_to(host.outside / "secret")
    (host.root / "folder").symlink_to(host.outside)
    os.mkfifo(host.root / "pipe")


def refused(result: bare.BareRun, host: Host) -> None:
    said = lines(result.stdout)
    for what in ("open", "create", "append", "update", "rename", "remove", "system"):
        assert set(said[what]) == {FAILED}, what
    assert SECRET.encode() not in result.stdout
    assert host.untouched()
    assert result.exit_code == 7


def console(result: bare.BareRun) -> None:
    """The program can do what is allowed."""
    said = lines(result.stdout)
    assert b"\nout\n" in result.stdout
    assert b"\nc\n" in result.stdout
    assert result.stderr == ("error",)
    assert said["to stdout"] == said["to stderr"] == ["00000000"]
    assert said["from stdin"] == ["00000008"]  # not read: the end
    assert said["a character"] == [FAILED]
    assert said["is a tty"] == ["00000000"]
    assert said["nowhere"] == ["00000004"]
    assert said["clock ran"] == said["time goes"] == ["00000001"]


@pytest.mark.parametrize("board", ["mps2-an386", "esp32c3"])
def test_nothing_of_the_host_is_touched(host: Host, tmp_path: Path, board: str) -> None:
    elf = everything(host, tmp_path, board)
    result = bare.run(elf, boards.load(board))
    refused(result, host)
    console(result)


def test_no_way_leads_out_of_the_folder_that_is_allowed(host: Host, tmp_path: Path) -> None:
    traps(host)
    before = sorted(host.root.iterdir())
    result = bare.run(everything(host, tmp_path), ARM, root=host.root)
    refused(result, host)
    console(result)
    assert sorted(host.root.iterdir()) == before


@pytest.mark.parametrize("board", ["mps2-an386", "esp32c3"])
def test_files_of_the_folder_that_is_allowed(host: Host, tmp_path: Path, board: str) -> None:
    (host.root / "in").mkdir()
    (host.root / "in" / "a.txt").write_text("abcdef")
    (host.root / "old").write_text("old")
    (host.root / "waste").write_text("waste")
    elf = caller(
        tmp_path, "in/a.txt", "b.txt,./in/c.txt", ("old", "in/new"), "waste", "true", board
    )
    result = bare.run(elf, boards.load(board), root=host.root)
    said = lines(result.stdout)
    assert said["flen"] == ["00000006"]
    assert said["seek"] == ["00000000"]
    assert b"\nbcdef\n" in result.stdout  # from 1 on
    assert said["rename"] == said["remove"] == ["00000000"]
    assert said["system"] == [FAILED]
    there = {str(p.relative_to(host.root)): p for p in host.root.rglob("*") if p.is_file()}
    assert {name: p.read_text() for name, p in there.items()} == {
        "in/a.txt": "abcdef",
        "b.txt": "written",
        "in/c.txt": "written",
        "in/new": "old",
    }
    assert host.untouched()
    console(result)


def test_firmware_of_any_origin_can_only_exit(host: Host, tmp_path: Path) -> None:
    """`boardless run` starts the firmware without a debugger that answers."""
    session = qemu.start(ARM, everything(host, tmp_path), shared=False)
    try:
        assert session.process.wait(timeout=60) == 7
    finally:
        session.close()
    assert host.untouched()


def test_firmware_of_somebody_else_can_only_exit(host: Host, tmp_path: Path) -> None:
    """`boardless run --elf`: it calls the host instead of answering."""
    asked = path.Request("digits_cnn:int8", "mps2-an386", elf=everything(host, tmp_path), jobs=1)
    with pytest.raises(LinkError, match="ended in mid-run with status 7"):
        path.follow(asked)
    assert host.untouched()


CONFINED = [
    (board, emulator)
    for board in boards.names()
    for emulator in ("qemu", "qemu_esp")
    if emulator in boards.load(board).emulators
]


@pytest.mark.parametrize(("board", "emulator"), CONFINED)
def test_no_qemu_is_started_that_serves_calls_itself(
    board: str, emulator: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Looks at the command line, because Espressif's QEMU is in few machines."""
    command: list[str] = []

    def start(words: list[str], host: Semihosting | None = None, **_: object) -> None:
        command.extend(words)
        if host:
            host.close()

    monkeypatch.setattr(base.ProcessSession, "start", start)
    monkeypatch.setattr(qemu_esp, "find", lambda board: "/opt/espressif/qemu")
    elf = tmp_path / "calls.elf"
    elf.write_bytes(xtensa_calls.elf([{2: EXIT, 3: 0}], b""))
    loaded = boards.load(board)
    {"qemu": qemu, "qemu_esp": qemu_esp}[emulator].start(loaded, elf, shared=False)
    said = [word for word in command if "semihosting" in word or word.startswith("enable=")]
    trapped = loaded.toolchain.prefix.startswith("xtensa")
    wanted = "enable=off" if trapped else "enable=on,target=gdb"
    assert said == ["-semihosting-config", wanted]


def test_an_xtensa_program(host: Host, tmp_path: Path) -> None:
    """Its calls are trapped: QEMU would serve them itself."""
    secret = host.outside / "secret"
    data = b"hello\n".ljust(16, b"\0") + bytes(secret) + b"\0"
    path, buffer = ADDRESS + 16, ADDRESS + 0x800
    calls = [
        {2: WRITE, 3: 1, 4: ADDRESS, 5: 6},
        {2: OPEN, 3: path, 4: 0, 5: 0},
        {2: READ, 3: 3, 4: buffer, 5: 17},
        {2: READ, 3: 4, 4: buffer, 5: 17},
        {2: WRITE, 3: 1, 4: buffer, 5: 17},
        {2: WRITE, 3: 2, 4: ADDRESS, 5: 6},
        {2: 29, 3: 0, 4: 1, 5: 0},  # select
        {2: EXIT, 3: 9},
    ]
    elf = tmp_path / "calls.elf"
    elf.write_bytes(xtensa_calls.elf(calls, data))
    result = bare.run(elf, boards.load("esp32"))
    assert (result.exit_code, result.stdout) == (9, b"hello\n" + bytes(17))
    assert result.stderr == ("hello",)
    session = qemu.start(boards.load("esp32"), elf, shared=False)  # as in `boardless run`
    with contextlib.closing(session), pytest.raises(ToolFailed, match="in mid-run with status 9"):
        session.receive(60)
    assert host.untouched()


def test_files_of_an_xtensa_program(host: Host, tmp_path: Path) -> None:
    (host.root / "a.txt").write_text("abcdef")
    buffer = ADDRESS + 0x800
    calls = [
        {2: OPEN, 3: ADDRESS, 4: 0, 5: 0},
        {2: SEEK, 3: 3, 4: 2, 5: 0},
        {2: READ, 3: 3, 4: buffer, 5: 16},
        {2: CLOSE, 3: 3},
        {2: WRITE, 3: 1, 4: buffer, 5: 4},
        {2: EXIT, 3: 0},
    ]
    elf = tmp_path / "calls.elf"
    elf.write_bytes(xtensa_calls.elf(calls, b"a.txt\0"))
    assert bare.run(elf, boards.load("esp32"), root=host.root).stdout == b"cdef"


def test_a_program_that_prints_without_end_is_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "MOST_PRINTED", 3 << 10)
    data = bytes(range(32, 96)) * 32
    calls = [{2: WRITE, 3: 1, 4: ADDRESS, 5: 2048}] * 8
    elf = tmp_path / "calls.elf"
    elf.write_bytes(xtensa_calls.elf(calls, data))
    with pytest.raises(ToolFailed, match="has printed more than"):
        bare.run(elf, boards.load("esp32"))


def test_the_command(host: Host, tmp_path: Path, cli: Cli) -> None:
    (host.root / "a.txt").write_text("abcdef")
    elf = caller(tmp_path, "a.txt", "b.txt", ("a.txt", "c.txt"), "b.txt", "true")
    assert FAILED in lines(cli("count", str(elf)).stdout.encode())["open"]
    assert sorted(p.name for p in host.root.iterdir()) == ["a.txt"]
    done = cli("count", str(elf), "--semihosting-root", str(host.root))
    assert "abcdef"[1:] in done.stdout
    assert done.returncode == 7
    assert sorted(p.name for p in host.root.iterdir()) == ["c.txt"]
    wrong = cli("count", str(elf), "--semihosting-root", str(host.root / "c.txt"))
    assert wrong.returncode == 2


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    elf = tmp_path / "calls.elf"
    elf.write_bytes(xtensa_calls.elf([{2: EXIT, 3: 0}], b""))
    with pytest.raises(BadInput, match="cannot open the folder of --semihosting-root"):
        bare.run(elf, boards.load("esp32"), root=tmp_path / "missing")
