"""Builds that are interrupted at random moments, by each signal, while somebody edits and checks
out: the firmware that follows is the one that a build from nothing makes.

BOARDLESS_INTERRUPTS=300 pytest tests/emulated/test_interrupts.py     # rounds; 4 by default
BOARDLESS_INTERRUPTS=1 BOARDLESS_INTERRUPTS_SEED=17 pytest ...        # one of them again
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.device.plugin import counter
from small_checkout import Checkout

pytestmark = pytest.mark.emulated
ROUNDS = int(os.environ.get("BOARDLESS_INTERRUPTS", "4"))
FIRST = int(os.environ.get("BOARDLESS_INTERRUPTS_SEED", "0"))
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
BOARD = "mps2-an386"
HERE = Path(__file__).relative_to(paths.ROOT)
PATIENCE = 300.0  # seconds, only guards a hang
KERNEL = "firmware/kernels/max_pool_2d/max_pool_2d_dsp.c"
HEADER = "firmware/kernels/max_pool_2d/max_pool_2d.h"
PATHS = (KERNEL, HEADER, "models/zoo/digits_cnn/int8.tflite")
RUN = ("-m", "boardless", "run", "digits_cnn:int8", "--board", BOARD, "--limit", "1")


class Sources:
    """A checkout in one of several states, as after a `git checkout`."""

    def __init__(self, root: Path) -> None:
        self.checkout = Checkout(root, built=False)
        self.plain = self.content()
        self.states = [self.plain]
        for change in (self.checkout.slow, self.comment, self.checkout.flip):
            self.restore(self.plain)
            change()
            self.states.append(self.content())
        self.fresh: dict[int, tuple[str, str]] = {}

    def comment(self) -> None:
        self.checkout.edit(HEADER, "#ifndef", "/* a comment */\n{old}")

    def content(self) -> tuple[bytes, ...]:
        return tuple((self.checkout.root / path).read_bytes() for path in PATHS)

    def restore(self, state: tuple[bytes, ...]) -> None:
        """Writes what differs, as git does."""
        for path, content in zip(PATHS, state, strict=True):
            if (self.checkout.root / path).read_bytes() != content:
                (self.checkout.root / path).write_bytes(content)

    def start(self, folder: str) -> subprocess.Popen[bytes]:
        environment = os.environ | self.checkout.environment
        environment["BOARDLESS_BUILD_DIR"] = str(self.checkout.root / folder)
        counter.lend(self.checkout.root / folder)  # it is no part of a firmware
        with (self.checkout.root / f"{folder}.out").open("wb") as out:
            return subprocess.Popen(
                [sys.executable, *RUN, "--json", "-"],
                env=environment,
                stdout=out,
                stderr=subprocess.DEVNULL,
            )

    def built(self, folder: str) -> tuple[str, str]:
        """Returns (digest of the ELF, instructions of an inference) of a complete build."""
        assert self.start(folder).wait(PATIENCE) in (0, 1)
        root = self.checkout.root
        elf = (root / folder / BOARD / "digits_cnn-int8" / "firmware.elf").read_bytes()
        said = (root / f"{folder}.out").read_text()
        counts = said[said.index('"instructions"') :].partition("}")[0]
        return hashlib.sha256(elf).hexdigest(), " ".join(counts.split())

    def from_nothing(self, state: int) -> tuple[str, str]:
        """Returns what a build of this state in an empty folder gives."""
        if state not in self.fresh:
            self.fresh[state] = self.built(f"fresh{state}")
        return self.fresh[state]


def test_no_interrupt_leaves_a_firmware_of_other_sources(tmp_path: Path) -> None:
    sources = Sources(tmp_path / "checkout")
    sources.restore(sources.plain)
    began = time.monotonic()
    sources.from_nothing(0)
    whole = time.monotonic() - began
    for seed in range(FIRST, FIRST + ROUNDS):
        drawn = random.Random(seed)
        before, after = (drawn.randrange(len(sources.states)) for _ in range(2))
        number, moment = drawn.choice(SIGNALS), drawn.uniform(0, whole)
        waits = drawn.random() < 0.5
        sources.restore(sources.states[before])
        process = sources.start("build")
        time.sleep(moment)
        process.send_signal(number)
        if waits:
            process.wait(PATIENCE)
        sources.restore(sources.states[after])
        found = sources.built("build")
        process.wait(PATIENCE)
        # What is left of the first must not replace it either.
        again = sources.built("build")
        expected = sources.from_nothing(after)
        how = f"state {before}, {number.name} after {moment:.2f} s, state {after}"
        repeat = f"BOARDLESS_INTERRUPTS=1 BOARDLESS_INTERRUPTS_SEED={seed} pytest {HERE}"
        assert found == again == expected, f"{how}; repeat: {repeat}"
