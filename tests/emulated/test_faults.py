"""Faults by force, drawn at random: devices that hang, die, flood, restart, answer late or in
pieces, and disks that fill up. Each run is right or ends in one line, leaves no process, and the
next run is right.

    pytest 'tests/emulated/test_faults.py::test_a_device_with_faults[17]'    # one case again
    BOARDLESS_FAULTS=1000 pytest tests/emulated/test_faults.py               # more of them
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from boardless.core.errors import BoardlessError
from boardless.core.printable import one_line
from boardless.data import pictures
from boardless.device import emulators, run
from boardless.device.link import client, messages
from boardless.device.link.wrapped import Wrapped
from boardless.device.records import Build
from boardless.model import zoo
from command_line import MARK, Cli, marked_processes

MODEL = "digits_cnn:int8"
SEEDS = range(int(os.environ.get("BOARDLESS_FAULTS", "40")))
Built = Callable[[str, str], Build]
SILENCE = 0.5  # seconds without a byte after which a device counts as silent
RESTART = "".join(f"{messages.checksummed(t)}\r\n" for t in ("m-init-done", "m-ready")).encode()
FAULT = b"e-[fault HardFault pc=0x10 lr=zz \x1b[2J]\r\n"


@dataclass
class Clock:
    """The time of a client, which passes at once where a device is silent."""

    now: float = 0.0

    def monotonic(self) -> float:
        self.now += 1e-6
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@dataclass
class Faulty(Wrapped):
    """A session that misbehaves from some moment on."""

    chance: random.Random
    clock: Clock
    kind: str
    after: int  # calls of receive()
    calls: int = 0
    waiting: bytearray = field(default_factory=bytearray)

    def receive(self, timeout: float) -> bytes:
        self.calls += 1
        begun = self.calls > self.after
        if begun and self.kind == "hangs":
            self.clock.sleep(timeout)
            return b""
        if begun and self.kind == "floods":
            return self.chance.randbytes(1000).replace(b"\n", b"x") * 60
        if begun and self.kind == "floods with lines":
            return RESTART.replace(b"m-init-done", b"m-more-[1]") * 1000
        if self.calls == self.after + 1:
            if self.kind == "dies":
                process: Any = self.session
                process.process.kill()
            if self.kind == "restarts":
                return RESTART
            if self.kind == "crashes":
                return FAULT
        if self.kind == "is late" and self.chance.random() < 0.5:
            self.clock.sleep(self.chance.uniform(0, min(timeout, 1.0)))
            return b""
        return self._heard(begun, timeout)

    def _heard(self, begun: bool, timeout: float) -> bytes:
        if not self.waiting:
            self.waiting += self.session.receive(60 if self.kind in HARMLESS else SILENCE)
        if not self.waiting:
            self.clock.sleep(timeout)
            return b""
        size = self.chance.randint(1, 3) if self.kind == "sends pieces" else len(self.waiting)
        data = bytearray(self.waiting[:size])
        del self.waiting[:size]
        if begun and data and self.kind == "is damaged" and self.chance.random() < 0.3:
            data[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
        if begun and self.kind == "loses bytes" and self.chance.random() < 0.3:
            del data[self.chance.randrange(len(data)) :]
        return bytes(data)


HARMLESS = ("is late", "sends pieces")
KINDS = (
    *HARMLESS,
    *("hangs", "floods", "floods with lines", "dies", "restarts", "crashes", "is damaged"),
    "loses bytes",
)


def outcome(call: Callable[[], run.Answers]) -> run.Answers | BoardlessError:
    try:
        return call()
    except BoardlessError as error:
        return error


@pytest.mark.parametrize("seed", SEEDS)
def test_a_device_with_faults(
    seed: int, built: Built, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(seed)
    build, fed = built(MODEL, "host"), pictures.load(zoo.find(MODEL), None, 6)
    real = emulators.load("fake")
    options = run.Options("fake", link=chance.choice(("uart", "memory")), cycles=False)
    right = run.run(build, fed, options, lambda n: None).outputs
    monkeypatch.setenv(MARK, cli.mark)
    clock = Clock()
    kind = KINDS[seed % len(KINDS)]
    after = chance.choice((0, 1, 2, 3, 5, 8, 13))

    def start(*arguments: Any, **keywords: Any) -> Faulty:
        session = real.start(*arguments, **keywords)
        return Faulty(session, chance, clock, kind, after)

    with monkeypatch.context() as patch:
        patch.setattr(client, "time", clock)
        faulty = SimpleNamespace(start=start, version=real.version, instructions=real.instructions)
        patch.setattr(emulators, "load", lambda name: faulty)
        found = outcome(lambda: run.run(build, fed, options, lambda n: None))
    if isinstance(found, BoardlessError):
        assert found.exit_status == 3
        assert kind not in HARMLESS, f"a device that {kind}: {found}"
        assert 0 < len(one_line(str(found))) < 1500
    else:
        assert np.array_equal(found.outputs, right), f"a device that {kind}"
    assert not marked_processes(cli.mark)
    again = run.run(build, fed, options, lambda n: None)
    assert np.array_equal(again.outputs, right)


# Runs the command with a limit to the size of each file, in place of a disk that fills up.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv.pop(1)), resource.RLIM_INFINITY))
from boardless import cli
cli.main()
"""


def limited(
    cli: Cli, size: int, *arguments: str, **changes: str
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *arguments],
        env=cli.environment(**changes),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert not marked_processes(cli.mark)
    return done


@pytest.mark.parametrize("seed", range(2))
def test_a_disk_that_fills_up(seed: int, cli: Cli, tmp_path: Path) -> None:
    """The folder of builds has room for a part of a build alone, then for all of it."""
    chance = random.Random(seed)
    places = {"BOARDLESS_BUILD_DIR": str(tmp_path / "build")}
    out = tmp_path / "out.json"
    out.write_text("old")
    command = ("run", MODEL, "--board", "host", "--limit", "2", "--json", str(out))
    done = limited(cli, int(10 ** chance.uniform(1, 4.6)), *command, **places)
    assert done.returncode in (2, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert "bug:" not in done.stderr
    assert len([line for line in done.stderr.splitlines() if line.startswith("boardless: ")]) == 1
    assert out.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir() if "out" in path.name] == ["out.json"]
    assert limited(cli, 1 << 30, *command, **places).returncode == 0
    assert json.loads(out.read_text())["ok"]


@pytest.mark.parametrize("seed", range(2))
def test_a_result_that_does_not_fit(seed: int, cli: Cli, built: Built, tmp_path: Path) -> None:
    """The build is there; what is written last finds no room."""
    built(MODEL, "host")
    out, page = tmp_path / "out.json", tmp_path / "page.html"
    out.write_text("old")
    command = ("run", MODEL, "--board", "host", "--limit", "2", "--json", str(out))
    size = random.Random(seed).randrange(1, 1500)
    done = limited(cli, size, *command, "--html", str(page))
    assert done.returncode in (2, 3), done.stderr
    assert "Traceback" not in done.stderr
    assert "bug:" not in done.stderr
    assert out.read_text() == "old"
    assert [*tmp_path.iterdir()] == [out]
