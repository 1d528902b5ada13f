"""A build is complete or absent, and never of other sources: whatever was edited, interrupted or
started at the same time."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.core.errors import ToolFailed, TooSmall
from boardless.device import boards, build, compilers, platformio
from boardless.device.records import Build, Sources
from boardless.model import compiler, zoo
from boardless.runtimes import boardless as ours
from small_checkout import Checkout

MODEL = "digits_cnn:int8"
PATIENCE = 120.0  # seconds, only guards a hang
HEADER = "firmware/kernels/max_pool_2d/max_pool_2d.h"
CHANGED = {"max_pool_2d_ref.o", "model.o"}  # the latter holds the build's id
KERNELS = {"conv_2d_ref.o", "fully_connected_ref.o", "max_pool_2d_ref.o"}  # that the model calls
BUILD = """
from boardless import runtimes
from boardless.device import boards
from boardless.model import zoo
runtimes.load().build(zoo.find("digits_cnn:int8").graph, boards.load("host"))
"""


class Built:
    """The host's firmware of a checkout, in one build folder."""

    def __init__(self, checkout: Checkout, folder: str) -> None:
        self.root = checkout.root / folder
        self.environment = os.environ | checkout.environment
        self.environment["BOARDLESS_BUILD_DIR"] = str(self.root)

    def start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", BUILD], env=self.environment)

    def elf(self) -> bytes:
        assert self.start().wait(PATIENCE) == 0
        return (self.root / "host/digits_cnn-int8/firmware.elf").read_bytes()

    def compiled(self) -> set[str]:
        """Returns the names of what the last build compiled."""
        log = (self.root / "host/digits_cnn-int8/build.log").read_text()
        return {Path(x.split()[1]).name for x in log.splitlines() if x.startswith("Compiling ")}

    def objects_time(self) -> int:
        """Returns when the object of the edited kernel was written; 0 where there is none."""
        path = "pio/host/build/any_board/src/kernels/max_pool_2d/max_pool_2d_ref.o"
        try:
            return (self.root / path).stat().st_mtime_ns
        except FileNotFoundError:
            return 0


def test_objects_are_of_their_sources(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path / "checkout")
    header = checkout.root / HEADER
    model = checkout.root / "models/zoo/digits_cnn/int8.tflite"
    old, weights = header.read_text(), model.read_bytes()
    here = Built(checkout, "build")
    first = here.elf()
    assert {name for name in here.compiled() if name.endswith("_ref.o")} == KERNELS

    # A header, and weights.bin, which no #include names: only what depends on them is compiled.
    header.write_text(f"\n{old}")
    checkout.flip()
    assert here.elf() != first
    assert here.compiled() == CHANGED | {"weights.o"}

    # Killed when the object is of a header that then is replaced by the one before.
    header.write_text(f"\n\n{old}")
    compiled = here.objects_time()
    process = here.start()
    end = time.monotonic() + PATIENCE
    while here.objects_time() in (0, compiled):
        assert time.monotonic() < end
        time.sleep(0.01)
    time.sleep(0.05)  # the assembler still writes
    process.kill()
    header.write_text(f"\n{old}")
    model.write_bytes(weights)
    assert here.elf() == Built(checkout, "another").elf()
    process.wait()

    header.write_text(f"\n\n\n{old}")
    here.elf()
    assert here.compiled() == CHANGED

    header.write_text(old)
    assert here.elf() == first


FAKE = """
import os, sys, time
from pathlib import Path

core, out = (Path(os.environ[f"PLATFORMIO_{name}_DIR"]) for name in ("CORE", "BUILD"))
if not core.exists():
    time.sleep(0.01)
    os.makedirs(core)  # fails where another process does the same, as PlatformIO does
busy = core / "busy"
busy.touch(exist_ok=False)
made = []
for line in os.environ["BOARDLESS_GENERATED"].splitlines():
    model = Path(line, "model.h").read_bytes()
    elf = out / "any_board" / Path(line).parent.name / "firmware.elf"
    elf.parent.mkdir(parents=True, exist_ok=True)
    with elf.open("wb") as file:
        file.write(Path(os.environ["WHOLE_ELF"]).read_bytes())
        time.sleep(0.01)
        file.write(model)
    made.append(elf)
busy.unlink()
if os.system(os.environ["MEANWHILE"]) != 0:
    sys.exit(1)
for elf in made:
    elf.with_name("firmware.elf.whole").touch()
"""


@pytest.fixture
def fake(
    built: Callable[[str, str], Build], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Sources:
    """A stand-in for PlatformIO, which starts at once and minds company; the sources of a model."""
    monkeypatch.setenv("WHOLE_ELF", str(built(MODEL, "host").elf))
    (tmp_path / "platformio").mkdir()
    (tmp_path / "platformio" / "__init__.py").touch()
    (tmp_path / "platformio" / "__main__.py").write_text(FAKE)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    monkeypatch.setenv("MEANWHILE", "true")
    shutil.copytree(paths.FIRMWARE, tmp_path / "firmware")
    shutil.copyfile(paths.ROOT / "platformio.ini", tmp_path / "platformio.ini")
    monkeypatch.setattr(paths, "ROOT", tmp_path)
    monkeypatch.setattr(paths, "FIRMWARE", tmp_path / "firmware")
    monkeypatch.setattr(paths, "BOARDS", tmp_path / "firmware" / "boards")
    program = compiler.compile_graph(zoo.find(MODEL).graph, ())
    return replace(ours.translated(program), files={"model.h": b"/* model */"})


def test_models_built_together_are_those_built_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One of them does not fit, and takes no other with it. Then one changes."""
    board = boards.load("microbit")
    names = ("digits_cnn:int8", "mobilenet_v1_025:float32", "digits_cnn:float32")
    wanted = [ours.translated(compiler.compile_graph(zoo.find(n).graph)) for n in names]
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "together"))
    together = build.build_together([*wanted, wanted[0]], board)
    assert [type(found) for found in together] == [Build, TooSmall, Build, Build]
    first, _, _, twice = together
    assert isinstance(first, Build)
    assert isinstance(twice, Build)
    assert first.elf == twice.elf  # asked for twice, and built once
    with pytest.raises(TooSmall, match="mobilenet_v1_025:float32 does not fit: FLASH") as alone:
        build.build(wanted[1], board)
    assert str(together[1]) == str(alone.value)  # it is not mixed with others
    again = build.build_together([wanted[2], wanted[0]], board)
    assert [found.seconds for found in again if isinstance(found, Build)] == [0, 0]
    more = {**wanted[0].files, "model.c": wanted[0].files["model.c"] + b"// changed"}
    wanted[0] = replace(wanted[0], files=more)
    changed, _, same = build.build_together(wanted, board)
    assert isinstance(changed, Build)
    assert isinstance(same, Build)
    assert changed.seconds > same.seconds == 0

    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "alone"))
    for found, sources in ((changed, wanted[0]), (same, wanted[2])):
        assert found.elf.read_bytes() == build.build(sources, board).elf.read_bytes()


def test_objects_that_were_lent_are_not_compiled_again(
    built: Callable[[str, str], Build], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folders are outside of the project, so that objects have other paths in each."""
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "ours"))
    ours = built(MODEL, "host").elf.read_bytes()
    platformio.lend("host", tmp_path / "theirs")
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "theirs"))
    elf = built(MODEL, "host").elf
    lines = elf.with_name("build.log").read_text().splitlines()
    compiled = {Path(line.split()[1]).name for line in lines if line.startswith("Compiling ")}
    assert "model.o" in compiled
    assert not compiled & KERNELS
    assert elf.read_bytes() == ours


def test_many_first_builds_at_once(
    fake: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight builds of four models start at once in a fresh folder, again and again."""
    host = boards.load("host")
    texts = [f"/* model {n % 4} */".encode() for n in range(8)]
    wanted = [replace(fake, model=t[3:10].decode(), files={"model.h": t}) for t in texts]
    for attempt in range(6):
        monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / str(attempt)))
        start = threading.Barrier(len(wanted))

        def make(sources: Sources, start: threading.Barrier = start) -> Build:
            start.wait()
            return build.build(sources, host)

        with ThreadPoolExecutor(len(wanted)) as pool:
            made = list(pool.map(make, wanted))
        for found, text in zip(made, texts, strict=True):
            assert found.elf.read_bytes().endswith(text)
        assert sum(found.seconds > 0 for found in made) == 4  # the others have waited


def test_what_is_there_is_found_without_platformio(
    fake: Sources, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = boards.load("host")
    assert build.build(fake, host).seconds > 0
    monkeypatch.setenv("MEANWHILE", "false")  # ends PlatformIO
    times = []
    for _ in range(20):
        began = time.process_time()
        assert build.build(fake, host).seconds == 0
        times.append(time.process_time() - began)
    assert min(times) < 0.03


def test_objects_of_another_compiler_go(
    fake: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = boards.load("host")
    build.build(fake, host)
    old = tmp_path / "build" / "pio" / "host" / "build" / "old.o"
    old.touch()
    build.build(replace(fake, model="second"), host)
    assert old.exists()
    monkeypatch.setattr(compilers, "state", lambda board: "installed anew")
    assert build.build(fake, host).seconds > 0
    assert not old.exists()


def test_objects_go_when_scons_was_killed(
    fake: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = boards.load("host")
    objects = tmp_path / "build" / "pio" / "host" / "build"
    monkeypatch.setenv("MEANWHILE", "echo '*** [x.o] Error 1'; false")
    with pytest.raises(ToolFailed, match="Error 1"):
        build.build(fake, host)
    assert objects.exists()
    monkeypatch.setenv("MEANWHILE", "false")
    with pytest.raises(ToolFailed):
        build.build(fake, host)
    assert not objects.exists()


def test_sources_that_change_while_they_are_built(
    fake: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = boards.load("host")
    source = paths.FIRMWARE / "app" / "server.c"
    once = f"mkdir {tmp_path}/once && echo >> {source}; true"
    monkeypatch.setenv("MEANWHILE", once)
    made = build.build(fake, host)
    assert made.build_id == build.build_key(fake, host, build.toolchain(host))
    monkeypatch.setenv("MEANWHILE", f"echo >> {source}; true")
    with pytest.raises(ToolFailed, match="sources change while they are built"):
        build.build(replace(fake, model="second"), host)
    assert not (tmp_path / "build" / "host" / "second" / "firmware.elf").exists()
