"""Faults of the firmware and of the emulator: one line, status 3, nothing left running."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from boardless.core.errors import BoardlessError, DeviceFault, ToolFailed
from boardless.data import pictures
from boardless.device import run
from boardless.device.emulators import qemu
from boardless.device.emulators.base import ProcessSession
from boardless.device.emulators.qmp import Monitor
from boardless.device.link.client import Client
from boardless.device.records import Build
from boardless.device.watch import Watch
from boardless.model import zoo
from command_line import Cli, all_ended, marked_processes

pytestmark = pytest.mark.emulated
Built = Callable[[str, str], Build]


@pytest.fixture
def client(built: Built) -> Client:
    return run.open_client(
        built("digits_cnn:int8", "mps2-an386"), run.Options("qemu"), shared=False
    )


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("b", ["BusFault", "pc=0x", "hal_fault", "bfar=0xeeee0000"]),
        ("u", ["UsageFault", "hal_fault", "cfsr=0x00010000"]),  # undefined instruction
        ("s", ["stack overflow"]),
    ],
)
def test_the_fault_report_names_cause_and_place(
    client: Client, kind: str, words: list[str]
) -> None:
    with client, pytest.raises(DeviceFault) as caught:
        client.command(f"fault {kind}")
    for word in words:
        assert word in str(caught.value)


NOT_STACKED = r"""
extern uint32_t bl_stack_limit[];

int hal_getc(void) {
  const int byte = next_byte();
  if (byte == '!') { /* makes part of the stack read-only, and faults there: MSTKERR is set */
    volatile uint32_t *const mpu = (volatile uint32_t *)0xE000ED98; /* RNR, RBAR, RASR */
    const uint32_t begin = ((uint32_t)(uintptr_t)bl_stack_limit + 255) & ~UINT32_C(255);
    mpu[0] = 1;
    mpu[1] = begin;
    mpu[2] = 6 << 24 | 7 << 1 | 1;
    __asm volatile("dsb\n\tisb\n\tmov sp, %0\n\tudf #0" ::"r"(begin + 200) : "memory");
  }
  return byte;
}
"""


def test_a_frame_that_was_not_stacked_is_an_overflow(built: Built, own_board: Path) -> None:
    """Renode leaves the stack pointer inside the stack then, and only the status tells."""
    source = own_board / "board.c"
    renamed = f"#define hal_getc next_byte\n{source.read_text()}#undef hal_getc\n"
    source.write_text(renamed + NOT_STACKED)
    build = built("digits_cnn:int8", own_board.name)
    with (
        run.open_client(build, run.Options("qemu"), shared=False) as client,
        pytest.raises(DeviceFault, match=r"stack overflow .*cfsr=0x000100[19]0"),
    ):
        client.command("!")


def test_all_that_a_launcher_has_started_is_signalled(tmp_path: Path) -> None:
    """A script in place of QEMU, which does not replace itself by it."""
    script = tmp_path / "launcher.py"
    script.write_text(
        "import os, subprocess, sys\n"
        "line = int(sys.argv[1])\n"
        "os.write(line, b'up')\n"
        "subprocess.run(['sleep', '600'], pass_fds=[line])\n"
    )
    command = [sys.executable, str(script), "@LINE@"]
    options: dict[str, Any] = {"line_fd": "@LINE@", "shared_fd": "@SHARED@", "shared_bytes": 0}
    with closing(ProcessSession.start(command, **options)) as session:
        assert session.receive(60.0) == b"up"
        time.sleep(0.2)  # until the second one runs
        session.terminate()
        with pytest.raises(ToolFailed, match="SIGTERM"):
            session.receive(5.0)


def test_one_that_was_stopped_ends_at_once() -> None:
    said = "os.write(int(sys.argv[1]), b'up'); time.sleep(600)"
    command = [sys.executable, "-c", f"import os, sys, time\n{said}", "@LINE@"]
    options: dict[str, Any] = {"line_fd": "@LINE@", "shared_fd": "@SHARED@", "shared_bytes": 0}
    with closing(ProcessSession.start(command, **options)) as session:
        assert session.receive(60.0) == b"up"
        os.killpg(session.process.pid, signal.SIGSTOP)
        os.waitid(os.P_PID, session.process.pid, os.WSTOPPED | os.WNOWAIT)
        session.terminate()
        with pytest.raises(ToolFailed, match="SIGTERM"):
            session.receive(5.0)


def test_a_lock_up_is_reported(client: Client) -> None:
    with client, pytest.raises(ToolFailed) as caught:
        client.command("fault l")
    assert "SIGABRT" in str(caught.value)
    assert "Lockup" in str(caught.value)


def test_an_inference_beyond_its_budget_is_ended_with_its_place(client: Client) -> None:
    with client:
        assert client.watch
        client.predict(bytes(64))
        assert client.watch.end is None
        client.watch.check()  # nothing is under way
        client.watch.begin(1)
        assert 10 < client.watch.allowed < 20
        client.watch.end = 0.0
        where = client.watch.place()
        with pytest.raises(DeviceFault) as caught:
            client.watch.check()
        client.watch.place = lambda: "in a loop"  # type: ignore[method-assign]
        with pytest.raises(DeviceFault, match=r"inference does not end: .* it is in a loop; look"):
            client.watch.check()
    place = r"at pc=0x[0-9a-f]{8} \(hal_getc\+0x[0-9a-f]+\)"
    assert re.fullmatch(r"in layer \d \([A-Z_0-9]+ .*\), " + place, where), where
    assert re.search(f"it waits for the next command, {place};", str(caught.value)), caught.value


def test_the_line_of_a_monitor_is_closed_with_its_file() -> None:
    """Otherwise the socket stays open until it is collected, of which Python 3.13 warns."""
    ours, theirs = socket.socketpair()
    with theirs:
        monitor = Monitor(ours)
        monitor.file = ours.makefile("rwb")
        monitor.close()
        assert ours.fileno() == -1


def test_an_emulator_that_does_not_say_where_it_is(built: Built) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        build = built("digits_cnn:int8", "mps2-an386")
        watch = Watch(os.getpid(), Monitor(ours), build, end=-1.0)
        theirs.sendall(b"no JSON\n")
        with pytest.raises(DeviceFault, match="the emulator does not say where"):
            watch.check()
        watch.process = 0  # it has ended
        watch.check()


def test_the_emulator_killed_in_mid_run(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    build = built("mobile_lenet:int8", "mps2-an386")
    fed = pictures.load(zoo.find("mobile_lenet:int8"), None, 64)
    started: list[ProcessSession] = []
    original = qemu.start

    def start(*arguments: Any, **options: Any) -> ProcessSession:
        started.append(original(*arguments, **options))
        return started[-1]

    def kill(done: int) -> None:
        started[0].process.kill()

    monkeypatch.setattr(qemu, "start", start)
    with pytest.raises(ToolFailed, match="SIGKILL") as caught:
        run.run(build, fed, run.Options("qemu", "uart", jobs=2), kill)
    assert "qemu-system-arm ended in mid-run" in str(caught.value)
    assert all(session.process.poll() is not None for session in started)


def wait_for_emulator(cli: Cli, process: object) -> None:
    """Returns when the run has started its emulator; bounded by the test's own time-out."""
    done = threading.Event()
    machine = re.compile(r"qemu-system\S* .*-M ")  # not one that is asked for its version
    while not any(map(machine.search, marked_processes(cli.mark).values())):
        assert process.poll() is None, "it ended before its emulator was seen"  # type: ignore[attr-defined]
        done.wait(0.02)


# More pictures than are done when the signal comes, and few enough for the reference.
RUN = ("run", "mobile_lenet:int8", "--link", "uart", "--jobs", "2", "--limit", "256")


@pytest.mark.parametrize(
    ("number", "command"),
    [
        (signal.SIGINT, RUN),
        (signal.SIGTERM, RUN),
        (signal.SIGINT, ("sim", "mobile_lenet", "--limit", "256")),
    ],
)
def test_ctrl_c_ends_the_emulator(
    cli: Cli, built: Built, number: signal.Signals, command: tuple[str, ...]
) -> None:
    built("mobile_lenet:int8", "mps2-an386")
    process = cli.start(*command)
    wait_for_emulator(cli, process)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err.strip().splitlines()[-1] == "boardless: interrupted"
    assert "Traceback" not in err
    assert out == ""
    assert not marked_processes(cli.mark)


def test_ctrl_c_ends_an_emulator_that_does_not_boot(cli: Cli, built: Built, tmp_path: Path) -> None:
    built("mobile_lenet:int8", "mps2-an386")
    script = tmp_path / "qemu-system-arm"
    real = shutil.which("qemu-system-arm")
    hangs = "*-kernel*) exec sleep 300"
    script.write_text(f'#!/bin/sh\ncase "$*" in {hangs};; esac\nexec {real} "$@"\n')
    script.chmod(0o755)
    process = cli.start(*RUN, PATH=os.pathsep.join([str(tmp_path), os.environ["PATH"]]))
    done = threading.Event()
    while not any(line.startswith("sleep") for line in marked_processes(cli.mark).values()):
        assert process.poll() is None, "it ended before its emulator was seen"
        done.wait(0.02)
    process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (130, "")
    assert err.splitlines()[-1] == "boardless: interrupted"
    assert not marked_processes(cli.mark)


def test_even_a_killed_run_leaves_no_emulator(cli: Cli, built: Built) -> None:
    built("mobile_lenet:int8", "mps2-an386")
    process = cli.start(*RUN)
    wait_for_emulator(cli, process)
    process.kill()
    process.communicate(timeout=60)
    assert all_ended(cli.mark), marked_processes(cli.mark)


def test_an_elf_that_does_not_start(built: Built, tmp_path: os.PathLike[str]) -> None:
    import dataclasses
    from pathlib import Path

    elf = Path(tmp_path) / "firmware.elf"
    elf.write_bytes(b"not an ELF")
    broken = dataclasses.replace(built("digits_cnn:int8", "mps2-an386"), elf=elf)
    with pytest.raises(BoardlessError) as caught:
        run.open_client(broken, run.Options("qemu"), shared=False)
    assert caught.value.exit_status == 3
