"""Shows file by file how many changes were caught, and which were not."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Collection, Sequence
from pathlib import Path

from boardless.model import traits
from properties import strategies

from mutants import cases, program, same, suites
from mutants.program import Change, Result

SURVIVORS = Path(__file__).with_name("survivors.toml")
Place = tuple[str, str, str]
SHARE = 0.95  # of a folder's changes are caught, unless survivors.toml has it in `behind`


def main(names: Sequence[str]) -> int:
    """Tries the changes of these folders, or of all; returns 0 if enough are caught."""
    known = program.folders()
    for name in names:
        if name not in (*known, *program.headers()):
            all_names = ", ".join((*known, *program.headers()))
            print(f"no folder or header {name}; there are {all_names}", file=sys.stderr)
            return 2
    results = measure(names or known)
    return show(results, not names)


def measure(names: Sequence[str], with_tests: bool = True) -> list[Result]:
    """The changes of these folders or headers, with the cases of the operators whose kernels they
    are in, and those of other tests. Those that cannot show are left out."""
    changed = {source.parent.name for source in program.sources() if program.has(source, names)}
    drawn = sorted({own for name in changed for own in _served_by(name)})
    results = program.run(program.build(names), suites.file(drawn, with_tests))
    known = listed("equivalent")
    left = [result for result in results if result.caught or place(result.change) not in known]
    why = listed("survivor")
    unsure = [r.change for r in left if not r.caught and place(r.change) not in why]
    nothing = same.same_code(unsure)
    return [result for result in left if result.change not in nothing]


def _served_by(name: str) -> list[str]:
    """Returns the folders of strategies whose operators have kernels in a folder."""
    found = []
    for own in strategies.folders():
        for operator in cases.operators(own):
            known = traits.of(operator.upper())
            types = strategies.all_dtypes(operator)
            folders = {own, *(known.folder(dtype) for dtype in types)}
            found += [own] if name in folders and own not in found else []
    return found


def listed(kind: str) -> dict[Place, str]:
    """(file, line without its margin, what) -> why no case catches it."""
    return {
        (group["file"], line, what): group["why"]
        for group in tomllib.loads(SURVIVORS.read_text()).get(kind, [])
        for line, several in group["lines"].items()
        for what in several
    }


def show(results: Sequence[Result], whole: bool = False) -> int:
    """Prints the table; returns 0 if enough of each folder are caught, and each of the others has
    a reason. Of the `whole`, also says which reasons are left over."""
    why = listed("survivor")
    missed = [result for result in results if not result.caught]
    unexplained = [r for r in missed if place(r.change) not in why]
    for result in unexplained:
        print(f"{result.change}{'' if result.reached else ' (no case reaches it)'}")
    spare = why.keys() - {place(result.change) for result in missed} if whole else set()
    for file, line, what in sorted(spare):
        print(f"survivors.toml has a reason for what is caught: {file}: {what}: {line}")
    print(f"{'file':<64}{'changes':>8}{'caught':>8}{'reason':>8}{'neither':>8}")
    for file in sorted({result.change.file for result in results}):
        print(_row(file, [r for r in results if r.change.file == file], unexplained))
    print(_row("all", results, unexplained))
    poor = []
    floors = tomllib.loads(SURVIVORS.read_text()).get("behind", {})
    for name in sorted({folder(result.change) for result in results}):
        share = _share([r for r in results if folder(r.change) == name])
        floor = floors.get(name, SHARE)
        poor += [name] if share < floor else []
        print(f"{name}: {share:.1%}{f', less than {floor:.1%}' if share < floor else ''}")
    caught = len(results) - len(missed)
    print(f"{caught} of {len(results)} changes are caught: {_share(results):.1%}")
    return 1 if unexplained or poor else 0


def _row(title: str, own: Sequence[Result], unexplained: Collection[Result]) -> str:
    caught = sum(result.caught for result in own)
    without = sum(result in unexplained for result in own)
    numbers = (len(own), caught, len(own) - caught - without, without)
    return f"{title:<64}" + "".join(f"{number:>8}" for number in numbers)


def _share(results: Sequence[Result]) -> float:
    return sum(result.caught for result in results) / len(results)


def folder(change: Change) -> str:
    return change.file.split("/")[0] if "/" in change.file else program.SHARED


def place(change: Change) -> Place:
    return (change.file, change.text, change.edit.what)
