"""Shows file by file how many changes were caught, and which were not."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

from properties import strategies

from mutants import cases, program
from mutants.program import Result

SURVIVORS = Path(__file__).with_name("survivors.toml")
SHARE = 0.95  # of all changes are caught; each of the others has a reason


def main(names: Sequence[str]) -> int:
    """Tries the changes of these folders, or of all; returns 0 if enough are caught."""
    known = program.folders()
    for name in names:
        if name not in known:
            print(f"no folder {name}; there are {', '.join(known)}", file=sys.stderr)
            return 2
    results = measure(names or known)
    return show(results)


def measure(names: Sequence[str]) -> list[Result]:
    """The changes of these folders, with the cases of their operators; where a folder has none of
    its own, with all cases."""
    own = [name for name in names if name in strategies.folders()]
    drawn = own if len(own) == len(names) else strategies.folders()
    return program.run(program.build(names), cases.file(drawn))


def reasons() -> dict[tuple[str, str, str], str]:
    """(file, line without its margin, what) -> why no case can catch it."""
    found = {}
    for group in tomllib.loads(SURVIVORS.read_text())["survivor"]:
        for what in group["what"]:
            found[group["file"], group["line"], what] = group["why"]
    return found


def show(results: Sequence[Result]) -> int:
    """Prints the table; returns 0 if enough are caught and each of the others has a reason."""
    why = reasons()
    files = sorted({result.change.file for result in results})
    missed = [result for result in results if not result.caught]
    unexplained = [r for r in missed if place(r) not in why]
    for result in unexplained:
        reached = "" if result.reached else " (no case reaches it)"
        print(f"{result.change}{reached}")
    print(f"{'file':<64}{'changes':>8}{'caught':>8}{'reason':>8}{'neither':>8}")
    for file in [*files, ""]:
        own = [r for r in results if file in ("", r.change.file)]
        caught = sum(r.caught for r in own)
        without = sum(file in ("", r.change.file) for r in unexplained)
        numbers = (len(own), caught, len(own) - caught - without, without)
        print(f"{file or 'all':<64}" + "".join(f"{number:>8}" for number in numbers))
    caught = len(results) - len(missed)
    print(f"{caught} of {len(results)} changes are caught: {100 * caught / len(results):.1f} %")
    return 0 if caught >= SHARE * len(results) and not unexplained else 1


def place(result: Result) -> tuple[str, str, str]:
    return (result.change.file, result.change.text, result.change.edit.what)
