"""Feeds readers with files that were changed at random, and keeps what none of them expects.

PYTHONPATH=sim:tests python -m fuzz.harness elf --seconds 60

A case is right if the reader returns, or refuses with one line of an expected kind. What ends
otherwise is written to tests/fuzz/found, where test_fuzz.py repeats it.
"""

from __future__ import annotations

import argparse
import faulthandler
import hashlib
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from boardless.core.errors import BoardlessError
from boardless.core.printable import one_line
from fuzz import coverage

FOUND = Path(__file__).parent / "found"
LONGEST = 2000  # characters of a message
MEMORY = 6 << 30  # bytes of addresses that a long run may use
PATIENCE = 20  # seconds after which a case of a long run is one that hangs

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]


@dataclass(frozen=True)
class Target:
    """A reader: `run` gets a file that holds the case. `repair` makes checksums fit again."""

    name: str
    seeds: Callable[[], Sequence[bytes]]
    run: Callable[[Path], object]
    mutate: Mutation
    suffix: str = ""
    repair: Callable[[bytes], bytes] = lambda content: content


def attempt(target: Target, content: bytes, folder: Path) -> str:
    """Returns how the reader refuses the case, "" if it takes it. Whatever else it raises is a
    finding; so is a refusal that is not one line."""
    file = folder / f"case{target.suffix}"
    file.write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            target.run(file)
            return ""
        except BoardlessError as error:
            refusal = error
    line = one_line(str(refusal))  # as the command line shows it
    assert refusal.exit_status in (2, 3), f"exit status {refusal.exit_status}"
    assert line, "an empty message"
    assert len(line) < LONGEST, f"{len(line)} characters: {line[:100]!r}"
    return line


def cases(target: Target, chance: random.Random) -> Generator[bytes, bool | None, None]:
    """Yields changed files without end. Where coverage is measured, the caller sends True for a
    case that reached new code: it is changed further."""
    pool = [*target.seeds()]
    while True:
        # what was found last leads furthest
        at = max(chance.randrange(len(pool)), chance.randrange(len(pool)))
        content = target.mutate(chance, pool[at], pool)
        if chance.random() < 0.8:
            content = target.repair(content)
        if (yield content):
            pool.append(content)


def name_of(content: bytes) -> str:
    """Returns the name under which a case is kept."""
    return hashlib.sha256(content).hexdigest()[:12]


def search(target: Target, seconds: float, seed: int, out: Path) -> tuple[int, int]:
    """Returns how many cases ran, and how many ended as no case may; those are written to `out`,
    one for each place in the code where they ended."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    out.mkdir(parents=True, exist_ok=True)
    chance = random.Random(seed)
    end = time.monotonic() + seconds
    count = 0
    new: bool | None = None
    places: set[str] = set()
    source = cases(target, chance)
    with tempfile.TemporaryDirectory(prefix="fuzz-") as name, coverage.measured() as reached:
        while time.monotonic() < end:
            content = source.send(new)
            faulthandler.dump_traceback_later(PATIENCE, exit=True)  # the case is left in `name`
            before = len(reached)
            try:
                attempt(target, content, Path(name))
            except Exception as error:
                place = where(error)
                if place.partition(" at ")[2] not in places:
                    places.add(place.partition(" at ")[2])
                    (out / name_of(content)).write_bytes(content)
                    print(f"{target.name} {name_of(content)} {place}", flush=True)
            faulthandler.cancel_dump_traceback_later()
            new = len(reached) > before
            count += 1
        print(f"{target.name}: {count} cases, {len(places)} findings, {len(reached)} lines reached")
    return count, len(places)


def where(error: Exception) -> str:
    """Returns what was raised, and the innermost lines of boardless on the way to it."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [f for f in frames if "boardless" in f.filename] or frames
    lines = " < ".join(f"{Path(f.filename).name}:{f.lineno}" for f in reversed(ours[-2:]))
    return f"{type(error).__name__}: {str(error)[:80]!r} at {lines}"


def main() -> int:
    """Runs the targets that are named, each for `--seconds`; returns 1 if anything was found."""
    from fuzz.targets import TARGETS

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"of {', '.join(TARGETS)}")
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    found = 0
    for name in options.targets or TARGETS:
        target = TARGETS[name]
        found += search(target, options.seconds, options.seed, FOUND / name)[1]
    return found > 0


if __name__ == "__main__":
    sys.exit(main())
