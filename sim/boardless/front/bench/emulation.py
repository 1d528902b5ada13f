"""The speed of the emulation itself, on the machine that runs it."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import statistics
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from boardless.data.records import Pictures
from boardless.device import emulators, feed, run
from boardless.device.counting.devices import Devices
from boardless.device.emulators.base import ProcessSession
from boardless.device.link.client import Client
from boardless.device.records import Build

FEWEST_PICTURES, MOST_PICTURES = 2, 512
SPEED_INSTRUCTIONS = 100_000_000  # that emulation speed is measured on, at least
COUNTING_INSTRUCTIONS = 400_000_000  # that the plugin's cost is measured on
COUNTING_REPEATS = 3  # of runs with and without the plugin, by turns


@dataclass(frozen=True)
class Speed:
    """The speed of the emulation, on the machine that runs it."""

    inferences_per_second: float
    instructions_per_second: float
    counting: float | None  # times the CPU time of the emulator with the counting plugin


def speed(built: Build, fed: Pictures, instructions: int, emulator: str) -> Speed:
    """Measures one emulator over a run that is long enough; booting is not part of it."""
    n = max(FEWEST_PICTURES, min(MOST_PICTURES, SPEED_INSTRUCTIONS // instructions))
    answers = run.run(built, _repeated(fed, n), run.Options(emulator, cycles=False), _silent)
    seconds = answers.seconds
    return Speed(
        n / seconds["infer"],
        n * instructions / seconds["infer"],
        counting_ratio(built, fed, instructions, emulator),
    )


def counting_ratio(built: Build, fed: Pictures, instructions: int, emulator: str) -> float | None:
    """CPU time of inferences in the emulator with the counting plugin, divided by that without, run
    by turns; None where it cannot count, or has no memory to get many pictures from."""
    devices = Devices.of(built, emulators.load(emulator))
    options = run.Options(emulator)
    if devices.missing or run.choose_link(built, options) != "memory":
        return None
    n = COUNTING_INSTRUCTIONS // instructions + 1
    used: dict[bool, list[float]] = {False: [], True: []}
    for counting in (False, True) * COUNTING_REPEATS:
        with contextlib.ExitStack() as stack:
            count = stack.enter_context(devices.counter(0)) if counting else None
            client = stack.enter_context(run.open_client(built, options, shared=True, count=count))
            pictures = _repeated(fed, n)
            span = feed.Span.of(built, pictures)
            feed.by_memory(client, built, span, range(1), _silent)
            before = _user_seconds(client)
            feed.by_memory(client, built, span, range(n), _silent)
            used[counting].append(_user_seconds(client) - before)
    plain = statistics.median(used[False])
    return statistics.median(used[True]) / plain if plain else None


def _repeated(fed: Pictures, n: int) -> Pictures:
    return dataclasses.replace(fed, inputs=np.resize(fed.inputs, (n, *fed.inputs.shape[1:])))


def _user_seconds(client: Client) -> float:
    """CPU time of a device's process so far, as /proc has it."""
    assert isinstance(client.session, ProcessSession)
    stat = Path(f"/proc/{client.session.process.pid}/stat").read_text()
    return int(stat.rsplit(")", 1)[1].split()[11]) / os.sysconf("SC_CLK_TCK")


def _silent(done: int) -> None:
    pass
