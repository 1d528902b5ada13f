"""Gives program.c its records: those of the drawn cases of operators, and those of tests that run
kernels on cases of their own.

path = suites.file(["relu", "conv_2d"])
"""

from __future__ import annotations

import hashlib
import pickle
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from boardless.core import paths
from properties import profiles, records, runners
from properties.drawing import DrawnCase

from mutants import cases
from mutants.cases import Recorded, Recorder

PROPERTIES = ("brought_models", "brought_networks", "chains", "known_bugs", "plain_numbers")
TESTS = [f"tests/properties/test_{name}.py" for name in (*PROPERTIES, "requantise")]
KERNELS = ["both_repeated", "dilated", "every_value", "far_out", "last_bits", "moves", "scales"]
KERNELS += ["states"]
TESTS += [f"tests/kernels/test_{name}.py" for name in KERNELS]


def file(names: Sequence[str], with_tests: bool = True) -> Path:
    """The cases of these operators' folders, and those of TESTS."""
    calls = [record for name in names for record in cases.of_folder(name)]
    calls += of_tests() if with_tests else []
    calls.sort(key=lambda record: len(record.data))  # short ones first: most changes show there
    parts = [struct.pack("<I", len(calls))]
    for record in calls:
        parts.append(struct.pack("<IIf", len(record.data), len(record.ranges), record.limit))
        parts += [struct.pack("<II", *place) for place in record.ranges]
        parts.append(record.data)
    digest = hashlib.sha256(repr((sorted(names), with_tests)).encode()).hexdigest()
    path = paths.build_root() / "tests" / f"mutants-{digest[:12]}.bin"
    path.write_bytes(b"".join(parts))
    return path


def of_tests() -> list[Recorded]:
    """The records of TESTS."""
    sources = [paths.ROOT / name for name in TESTS]
    return cases.stored("tests", [*sources, Path(__file__)], _in_another_process)


def _in_another_process() -> list[Recorded]:
    """Returns the records of TESTS; pytest has to load Hypothesis before it is used."""
    with tempfile.NamedTemporaryFile(suffix=".pickle") as file:
        subprocess.run([sys.executable, "-m", "mutants.suites", file.name], check=True)
        found: list[Recorded] = pickle.loads(Path(file.name).read_bytes())
        return found


def _while_tests_run() -> list[Recorded]:
    """Runs TESTS with a Recorder in place of the runner of this machine."""
    recorder = Recorder(runners.load("host").machine, records.HOST_VARIANTS)
    load, check_all = runners.load, runners.check_all

    def checked(several: Iterable[DrawnCase], *arguments: Any) -> None:
        """Notes how far outputs may be off."""
        known = [*several]
        recorder.magnitude = max(case.magnitude for case in known)
        check_all(known, *arguments)

    def loaded(name: str) -> runners.Runner:
        return recorder if name == "host" else load(name)

    profiles.without_local_constants()
    arguments = ["-qx", "-m", "not emulated", "--assert=plain", "-p", "no:cacheprovider"]
    with mock.patch.multiple(runners, load=loaded, check_all=checked):
        assert pytest.main([*arguments, *TESTS]) == 0, "tests fail"
    return [*recorder.found.values()]


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(pickle.dumps(_while_tests_run()))
