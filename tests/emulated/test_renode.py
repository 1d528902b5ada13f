"""Renode: its files against the boards' own, the command line through a stand-in, and the real one
where it is installed."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import l475
import pytest
import renode_files
import renode_stand_in
from boardless.core import paths
from boardless.core.errors import BadInput, DeviceFault, ToolFailed, ToolMissing
from boardless.device import boards, run
from boardless.device.emulators import renode
from boardless.device.records import Build
from command_line import Cli
from elftools.elf.elffile import ELFFile

BOARDS = [name for name in boards.names() if "renode" in boards.load(name).emulators]
MODEL = "digits_cnn:int8"
Built = Callable[[str, str], Build]
real = pytest.mark.skipif(
    shutil.which("renode") is None, reason="needs Renode: https://renode.io, `renode` on PATH"
)


@pytest.fixture(params=BOARDS)
def board(request: pytest.FixtureRequest) -> Any:
    return boards.load(request.param)


def constants(board: Any) -> dict[str, int]:
    """The names that board.c gives to numbers."""
    text = (board.folder / "board.c").read_text()
    wrapped = r"#define (\w+) (?:REGISTER\(|\(\(\w+ \*\))?(0x[0-9A-Fa-f]+|\d+)\)?(?:\s|$)"
    found = re.findall(wrapped, text)
    return {name: int(value, 0) for name, value in found}


def test_the_boards_are_there() -> None:
    assert {"esp32c3", "mps2-an386", "nano_33_ble", "stm32f4_discovery", "stm32f746g_disco"} <= set(
        BOARDS
    )


def test_memories_are_those_of_the_board(board: Any) -> None:
    platform = renode_files.platform(board.folder / "board.repl")
    memory = board.memory
    flash = platform["flash"]
    ram = platform.get("ram", flash)  # one memory may hold both, as QEMU's virt machine has it
    for there, origin, size in (
        (flash, memory.flash_origin, memory.flash_bytes),
        (ram, memory.ram_origin, memory.ram_bytes),
    ):
        assert origin in there.range
        assert origin + size <= there.range.stop
        assert ram is flash or (there.address, there.size) == (origin, size)
    ranges = sorted(
        (p.range for p in platform.values() if p.address is not None), key=lambda r: r.start
    )
    assert all(a.stop <= b.start for a, b in itertools.pairwise(ranges))
    if memory.shared_bytes:
        text = (board.folder / "board.c").read_text()
        (shared,) = re.findall(r"return \(uint8_t \*\)(0x\w+);", text) or ["0x21000000"]
        begin, size = int(shared, 16), memory.shared_bytes
        assert any(begin in p.range and begin + size <= p.range.stop for p in platform.values())


def test_the_line_and_the_timer_are_where_the_firmware_looks(board: Any) -> None:
    settings = board.emulators["renode"]
    platform = renode_files.platform(board.folder / "board.repl")
    bus, name = settings.uart.split(".")
    assert bus == "sysbus"
    uart = platform[name]
    known = constants(board)
    inside = [v for k, v in known.items() if "UART" in k or "USART" in k]
    addresses = [v for v in inside if v > 0xFFFF]
    assert addresses
    assert all(address in uart.range for address in addresses)
    assert uart.address in addresses
    (irq,) = (v for k, v in known.items() if k.endswith("_IRQ"))
    controller = "nvic" if "nvic" in platform else "plic"
    assert uart.interrupts.get("IRQ", uart.interrupts.get("RxInterrupt")) == (controller, irq)
    if settings.timer is None:  # it reads a counter of the core
        assert "mcycle" in (board.folder / "board.c").read_text()
        return
    timer = range(settings.timer, settings.timer + renode.TIMER_BYTES)
    timers = [v for k, v in known.items() if k.startswith("TIM")]
    assert timers
    assert all(address in timer for address in timers)
    assert settings.timer in timers
    if len(timers) > 1:  # registers, not a structure of a header
        assert {address - settings.timer for address in timers} & {0x04, 0x24}
    elsewhere = [v for v in known.values() if 0x40000000 <= v < 0x60000000 and v not in timer]
    assert all(any(a in p.range for p in platform.values()) for a in elsewhere)


def test_the_script_makes_this_board(board: Any) -> None:
    assert renode_files.commands(board.folder / "board.resc") == [
        f'mach create "{board.name}"',
        "machine LoadPlatformDescription $ORIGIN/board.repl",
        "logLevel 3",
    ]
    core = (
        renode_files.platform(board.folder / "board.repl")["cpu"].properties["cpuType"].strip('"')
    )
    flags = board.toolchain.flags
    assert f"-mcpu={core.rstrip('f')}" in flags or f"-march={core.split('_')[0]}" in flags


@pytest.mark.emulated
@pytest.mark.parametrize("model", [MODEL, "mobile_lenet:float32"])
def test_the_firmware_lies_in_the_memories(board: Any, built: Built, model: str) -> None:
    build = built(model, board.name)
    platform = renode_files.platform(board.folder / "board.repl")
    with build.elf.open("rb") as file:
        elf = ELFFile(file)
        loads = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD" and s["p_memsz"]]
        for segment in loads:
            if segment["p_filesz"]:  # what is written into flash, with the initial .data
                end = segment["p_paddr"] + segment["p_filesz"]
                assert end <= platform["flash"].range.stop
                assert segment["p_paddr"] in platform["flash"].range
            begin, end = segment["p_vaddr"], segment["p_vaddr"] + segment["p_memsz"]
            memories = [platform[name].range for name in ("flash", "ram") if name in platform]
            assert any(begin in m and end <= m.stop for m in memories)
        if board.hal != "cortex_m":
            return
        vectors = loads[0].data()[:8]
        assert loads[0]["p_paddr"] == board.memory.flash_origin
    stack, reset = (int.from_bytes(vectors[i : i + 4], "little") for i in (0, 4))
    assert stack - 4 in platform["ram"].range
    assert reset % 2 == 1
    assert reset in platform["flash"].range


def test_what_the_monitor_is_told(tmp_path: Path) -> None:
    board = boards.load("mps2-an386")
    helpers = str(paths.FIRMWARE / "hal" / "renode").replace(" ", "\\ ")
    folder = str(board.folder).replace(" ", "\\ ")
    elf = tmp_path / "my firmware.elf"
    assert renode.commands(board, elf, 4711) == [
        f"include @{folder}/board.resc",
        f'machine PyDevFromFile @{helpers}/counter.py 0x40000000 0x1000 True "counter"',
        f"sysbus LoadELF @{tmp_path}/my\\ firmware.elf",
        "sysbus.cpu VectorTableOffset 0x0",
        f"include @{helpers}/line.py",
        'boardless_line "sysbus.uart0" 4711',
        "start",
    ]


def test_the_machine_serves_no_semihosting(board: Any) -> None:
    """Renode answers a call only where the platform has a peripheral for it, and opens files only
    below a folder that somebody has set."""
    for file in ("board.repl", "board.resc"):
        assert "semihosting" not in (board.folder / file).read_text().lower()
    assert "semihosting" not in " ".join(renode.commands(board, Path("a.elf"), 1)).lower()


@pytest.mark.parametrize(
    "name",
    [
        *("a;quit.elf", "a\n!touch x.elf", 'a"b.elf', "a$x.elf", "a`b.elf", "a\\b.elf", "a#b.elf"),
        *("a@b.elf", "a\x1b[2J.elf", "a\u202eb.elf", "a\tb.elf", "a|b.elf", "a&b.elf", "(a).elf"),
    ],
)
def test_a_path_is_no_command_of_the_monitor(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadInput, match="Renode reads such characters as commands") as caught:
        renode.commands(boards.load("mps2-an386"), tmp_path / name, 4711)
    assert str(caught.value).isprintable() or "\n" in name


def test_a_path_of_any_language_is_told(tmp_path: Path) -> None:
    (command,) = [
        line
        for line in renode.commands(boards.load("mps2-an386"), tmp_path / "größe +-=,:~ж.elf", 1)
        if "LoadELF" in line
    ]
    assert command == f"sysbus LoadELF @{tmp_path}/größe\\ +-=,:~ж.elf"


@pytest.mark.parametrize(
    ("offset", "written", "sign"), [(0x04, 0xFFFFFFFF, -1), (0x24, 0, 1), (0x540, 0, 1)]
)
def test_the_counter_counts_instructions(offset: int, written: int, sign: int) -> None:
    cpu = SimpleNamespace(ExecutedInstructions=1000)
    request = SimpleNamespace(IsInit=False, IsRead=False, IsWrite=False, Offset=0, Value=0)
    machine = SimpleNamespace(Machine={"sysbus.cpu": cpu})
    scope: dict[str, Any] = {"request": request, "monitor": machine}
    code = compile((renode.HELPERS / "counter.py").read_text(), "counter.py", "exec")

    def access(kind: str, offset: int = 0, value: int = 0) -> int:
        vars(request).update(IsInit=False, IsRead=False, IsWrite=False, Offset=offset, Value=value)
        setattr(request, kind, True)
        exec(code, scope)
        return int(request.Value)

    access("IsInit")
    assert access("IsRead", offset) == 0
    access("IsWrite", 0x08, 0xFFFFFFFF)  # other registers are memory
    assert access("IsRead", 0x08) == 0xFFFFFFFF
    access("IsWrite", offset, written)
    cpu.ExecutedInstructions = 1500
    assert access("IsRead", offset) == written  # it stands until it is started
    access("IsWrite", 0, 1)
    for elapsed in (0, 7, 123456, (1 << 32) + 5):
        cpu.ExecutedInstructions = 1500 + elapsed
        assert access("IsRead", offset) == (written + sign * elapsed) % (1 << 32)
    access("IsWrite", 0, 0)
    assert access("IsRead", offset) == written


@pytest.mark.emulated
def test_the_newer_usart_on_another_stm32(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """QEMU has no STM32F7, but an STM32L4 with the same USART at another address."""

    def other(text: str) -> str:
        text = text.replace("cortex-m7", "cortex-m4").replace("fpv5-sp-d16", "fpv4-sp-d16")
        return text.replace("0x50000", "0x18000")

    folder = l475.like("stm32f746g_disco", tmp_path, monkeypatch, other)
    source = (folder / "board.c").read_text().replace("0x400110", "0x400138")
    lines = source.splitlines(keepends=True)
    kept = [x for x in lines if x.startswith("#") or not ("RCC_" in x or "GPIO" in x)]
    (folder / "board.c").write_text("".join(kept))
    arguments = ("run", MODEL, "--board", "l475", "--limit", "4", "--no-cycles")
    done = cli(*arguments, "--json", "-")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["bit_exact"] is True


# ---- through the stand-in ----


@pytest.fixture
def nothing_left(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], None]:
    """nothing_left() fails where a stand-in still runs, or a temporary file lies."""
    built(MODEL, "mps2-an386")  # before, as what a build starts is no stand-in
    mark, temporary = uuid.uuid4().hex, tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("STAND_IN_MARK", mark)
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr(tempfile, "tempdir", None)

    def check() -> None:
        assert nothing_runs(mark), running(mark)
        assert not list(temporary.iterdir())

    return check


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    renode_stand_in.install(folder)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


@pytest.mark.emulated
@pytest.mark.parametrize("name", renode_stand_in.MACHINES)
@pytest.mark.usefixtures("stand_in")
def test_a_run_through_the_stand_in(cli: Cli, built: Built, name: str) -> None:
    built(MODEL, name)
    arguments = ("run", MODEL, "--board", name, "--emulator", "renode", "--limit", "4")
    alone = ("--no-cycles", "--jobs", "1")  # the stand-in has no hook to count by
    done = cli(*arguments, *alone, "--json", "-")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["emulator"] == {"name": "renode", "version": "1.16.1.14782"}
    assert (result["bit_exact"], result["link"]) == (True, "uart")


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_in")
def test_an_inference_beyond_its_budget_is_ended_with_its_place(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = built(MODEL, "mps2-an386")
    with run.open_client(build, run.Options("renode", "uart"), shared=False) as client:
        assert client.watch
        client.predict(bytes(64))
        client.watch.begin(1)
        client.watch.end = 0.0
        with pytest.raises(DeviceFault) as caught:
            client.watch.check()
    said = r"it waits for the next command, at pc=0x[0-9a-f]{8} \(hal_getc\+0x[0-9a-f]+\);"
    assert re.search(said, str(caught.value)), caught.value


def running(mark: str) -> list[str]:
    """Command lines of processes with `mark` in their environment."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if mark.encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def nothing_runs(mark: str) -> bool:
    """Returns True if all processes with `mark` end within 10 seconds; a signal takes a moment."""
    for _ in range(100):
        if not running(mark):
            return True
        time.sleep(0.1)
    return False


STEPS = ("include", "machine", "sysbus", "sysbus.cpu", "boardless_line")  # up to its connection


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("what", "steps", "reason"),
    [
        ("error", STEPS, r"Renode says: There was an error .*'{}' / Error E99: the stand-in"),
        ("exit", STEPS, "ended in mid-run with status 7"),
        ("kill", STEPS, "ended in mid-run with status 137"),
        ("orphan", ("machine",), "ended in mid-run with status 137"),
        ("hang", STEPS, r"Renode opened no UART within 0\.5 s, 2 times"),
    ],
)
@pytest.mark.usefixtures("stand_in")
def test_a_start_that_fails_says_why_and_leaves_nothing(
    built: Built,
    nothing_left: Callable[[], None],
    monkeypatch: pytest.MonkeyPatch,
    what: str,
    steps: tuple[str, ...],
    reason: str,
) -> None:
    build = built(MODEL, "mps2-an386")
    if what == "hang":
        monkeypatch.setattr(renode, "START_TIMEOUT", 0.5)
    for step in steps:
        monkeypatch.setenv("STAND_IN_FAULT", f"{what}:{step}")
        with pytest.raises(ToolFailed, match=reason.format(step)):
            renode.start(build.board, build.elf, shared=False)
        nothing_left()


@pytest.mark.emulated
@pytest.mark.parametrize("fault", ["hang:start", "hang:console", "orphan:console"])
@pytest.mark.usefixtures("stand_in")
def test_one_that_hangs_later_leaves_nothing(
    built: Built, nothing_left: Callable[[], None], monkeypatch: pytest.MonkeyPatch, fault: str
) -> None:
    build = built(MODEL, "mps2-an386")
    monkeypatch.setattr(renode, "ANSWER", 0.2)
    monkeypatch.setenv("STAND_IN_FAULT", fault)
    with closing(renode.start(build.board, build.elf, shared=False)) as session:
        if fault == "hang:start":  # its line is there, and says nothing
            assert session.receive(0.2) == b""
        else:
            assert session.receive(10.0)
        assert session.debugger
        with pytest.raises((ValueError, OSError)):
            session.debugger.counter()
    nothing_left()


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_in")
def test_a_start_without_a_uart_is_repeated_once(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    build = built(MODEL, "mps2-an386")
    monkeypatch.setenv("STAND_IN_FAULT", "hang:boardless_line")
    monkeypatch.setenv("STAND_IN_ATTEMPTS", str(tmp_path / "attempts"))
    monkeypatch.setattr(renode, "START_TIMEOUT", 10.0)
    with closing(renode.start(build.board, build.elf, shared=False)) as session:
        assert session.receive(10.0)
    assert (tmp_path / "attempts").read_text() == "started\n" * 2


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_in")
def test_one_that_dies_in_mid_run_says_so(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    build = built(MODEL, "mps2-an386")
    monkeypatch.setenv("STAND_IN_FAULT", "kill:console")
    with closing(renode.start(build.board, build.elf, shared=False)) as session:
        assert session.process.wait(10.0) == 128 + signal.SIGKILL
        session.received += session.line.recv(65536)
        with pytest.raises(ToolFailed, match=r"renode ended in mid-run with status 137"):
            session.receive(1.0)


@pytest.mark.emulated
@pytest.mark.usefixtures("stand_in")
def test_it_ends_by_itself_when_its_line_does(
    built: Built, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It writes its counts then, so nobody signals it. Environment.Exit would wait for ever."""
    build = built(MODEL, "mps2-an386")
    with closing(renode.start(build.board, build.elf, shared=False)) as session:
        assert session.receive(30.0)
        session.line.shutdown(socket.SHUT_RDWR)
        assert session.process.wait(10.0) == 128 + signal.SIGKILL


@pytest.mark.emulated
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.usefixtures("stand_in")
def test_no_renode_outlives_boardless(built: Built, number: int) -> None:
    build = built(MODEL, "mps2-an386")
    mark = uuid.uuid4().hex
    code = (
        "import sys; from pathlib import Path; from boardless.device import boards;"
        "from boardless.device.emulators import renode;"
        f"s = renode.start(boards.load('mps2-an386'), Path({str(build.elf)!r}), shared=False);"
        "print('up', flush=True); s.receive(60); s.receive(60); sys.stdin.read()"
    )
    environment = os.environ | {"STAND_IN_MARK": mark}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        assert process.stdout
        assert process.stdout.readline() == b"up\n"
        assert len(running(mark)) >= 4  # we, the guard, the launcher, Renode, its machine
        process.send_signal(number)
        process.wait(10)
        assert nothing_runs(mark), running(mark)


def test_a_bare_arrow_is_refused_where_it_is_ambiguous(tmp_path: Path) -> None:
    file = tmp_path / "board.repl"
    text = (boards.load("stm32f746g_disco").folder / "board.repl").read_text()
    file.write_text(text.replace("IRQ -> nvic@37", "-> nvic@37"))
    with pytest.raises(ValueError, match="E15"):
        renode_files.platform(file)


@pytest.mark.usefixtures("stand_in")
def test_a_board_without_its_script(own_board: Path) -> None:
    (own_board / "board.resc").unlink()
    with pytest.raises(BadInput, match=r"my-board/board\.resc|Renode needs this file"):
        renode.start(boards.load("my-board"), own_board / "none.elf", shared=False)


def test_without_renode_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(ToolMissing, match=r"archive of https://renode\.io") as caught:
        renode.version(boards.load("mps2-an386"))
    assert caught.value.exit_status == 3


def test_a_program_that_never_connects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "renode"
    program.write_text("#!/bin/sh\nread _\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(renode, "START_TIMEOUT", 0.5)
    with pytest.raises(ToolFailed, match=r"Renode opened no UART within 0\.5 s, 2 times"):
        renode.start(boards.load("mps2-an386"), tmp_path / "none.elf", shared=False)


# ---- with the real one ----


@real
@pytest.mark.emulated
def test_predictions_on_renode(board: Any, cli: Cli, built: Built) -> None:
    for model in (MODEL, "mobile_lenet:int8", "digits_cnn:float32"):
        built(model, board.name)
        arguments = ("--board", board.name, "--emulator", "renode", "--limit", "4")
        assert cli("run", model, *arguments).returncode == 0
