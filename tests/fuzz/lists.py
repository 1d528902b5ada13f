"""Readers of the tables and lists that users and revisions keep, for targets.py.

LISTS["groups"].run(Path("groups.csv"))
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from boardless.core import checked, paths
from boardless.core.errors import BadInput
from boardless.cycles import cores, parts, tables
from boardless.data import class_names, groups
from boardless.data.records import Pictures
from boardless.device.parts import FOLDER as MEMORIES
from boardless.device.parts import PartMemory
from boardless.front import history as baselines
from boardless.front import old_tree
from boardless.judge import history, judged, scores, tolerances
from boardless.judge.metrics import Metrics
from boardless.model import zoo
from boardless.report import history as shown
from boardless.report import metrics, record
from fuzz.harness import Target
from fuzz.mutate import mutated_text

DIGITS = zoo.find("digits_cnn:int8")
LABELS = np.array([1, 2, 2])
FED = Pictures(np.zeros((3, 8, 8, 1), np.int8), LABELS, "three", ("a", "b", "c"))
FILES = ("day/1.png", "day/2.png", "night/[b]1.png")


def quietly(show: Any, *arguments: Any) -> None:
    """Calls what writes to standard output."""
    with contextlib.redirect_stdout(io.StringIO()):
        show(*arguments)


# --- What a user says of pictures -----------------------------------------------------------------
def _csvs() -> Sequence[bytes]:
    named = "picture,group\n" + "".join(f"{name},{name[:3]}\n" for name in FILES)
    return [b"picture,group\n0,day\n1,night\n2,day\n7,dusk\n", named.encode()]


def _groups(file: Path) -> None:
    files = FILES if b"/" in file.read_bytes() else ()
    fed = groups.of(dataclasses.replace(FED, files=files), file)
    assert fed.groups
    found = Metrics(groups=scores.per_group(LABELS == 2, fed.groups))
    record.as_json(metrics.record(found))
    assert metrics.tables(found)


def _labels(file: Path) -> None:
    folders = ["daisy", "tulips"]
    names = class_names.read(file, 3)
    numbers = class_names.numbers(folders, names, file)
    assert class_names.described(folders, numbers, file)


# --- What a repository keeps ----------------------------------------------------------------------
def _histories() -> Sequence[bytes]:
    about: dict[str, Any] = {"model": "m:int8", "board": "b", "ram": 100, "flash": 50, "of": 64}
    kept = [
        history.Entry(
            commit=f"{k:012x}", date=f"2026-01-0{k}T00:00:00+00:00", cycles=1000 * k,
            accuracy=1 / k, target="cortex-m4", layers={"conv 0": 900 * k, "dense 1": k}, **about,
        )
        for k in (1, 2)
    ]  # fmt: skip
    kept.append(history.Entry(commit="f" * 12, date="2026", accepted=True, instructions=7, **about))
    return [b"".join(msgspec.json.encode(entry) + b"\n" for entry in kept)]


def _history(file: Path) -> None:
    cases = history.in_order(history.read(file), {"000000000002": 0, "000000000001": 1})
    steps = [step for found in cases.values() for step in history.steps(found, 1.0)]
    record.as_json(msgspec.to_builtins(shown.record(cases, steps)))
    quietly(shown.show, cases, steps)
    shown.trends(cases)


def _baselines() -> Sequence[bytes]:
    return [(paths.ZOO / "digits_cnn" / "baseline" / "mps2-an386.toml").read_bytes()]


def _committed(file: Path) -> None:
    """A baseline of an older commit, in which nothing was checked."""
    card = baselines.Card({"int8": 0.9}, 100)
    found = baselines.entries(file.read_bytes(), card, "f" * 40, "2026-01-01", "m", "b")
    other = baselines.entries(_baselines()[0], card, "e" * 40, "2025-01-01", "m", "b")
    steps = history.steps([*other, *found], 1.0)
    record.as_json(msgspec.to_builtins(shown.record({"m b": found}, steps)))
    shown.trends(history.in_order(found, {}))
    msgspec.json.encode(found)


def _judged() -> Sequence[bytes]:
    return [b'[digits_cnn]\nhost = ["int8", "float32"]\n"mps2-an386" = ["int8"]\n[m]\n']


def _cases(file: Path) -> None:
    for entry in sorted(judged.cases(file)):
        " ".join(entry).encode("utf8", "backslashreplace")


def _limits() -> Sequence[bytes]:
    return [
        b'[[tolerance]]\nmetric = "cycles.*"\npercent = 1.5\nmodel = "digits*"\n'
        b'[[tolerance]]\nmetric = "memory.[fr]*"\npercent = 3\nboard = "mps2-*"\n'
        b'[[gone]]\nmodel = "m:int8"\nboard = "host"\n'
    ]


def _tolerances(file: Path) -> None:
    found = tolerances.load(file)
    assert found.of("digits_cnn:int8", "mps2-an386")("memory.flash_bytes") >= 0
    found.idle()
    found.lets_go("m:int8", "host")


# --- What another revision's run has written, for --against and bisect ----------------------------
def _runs() -> Sequence[bytes]:
    layers = [
        {"op": op, "index": k, "instructions": 9, "cycles": {"cortex-m4": 12.5}}
        for k, op in enumerate(("CONV_2D", "FULLY_CONNECTED"))
    ]
    memory = dict.fromkeys(("arena_bytes", "code_bytes", "flash_bytes", "weights_bytes"), 64)
    run = {
        "outputs": [[k == 3 for k in range(10)]],
        "memory": memory | {"ram_bytes": 300, "stack_bytes": 100},
        "instructions": {"median": 20, "max": 22},
        "layers": layers,
        "cycles": {"cortex-m4": {"median": 30.5, "table": "0123456789abcdef"}},
        "reason": "",
        "toolchain": "gcc 12.2.1",
    }
    return [msgspec.json.encode([run, run])]


def _run(file: Path) -> None:
    try:
        whole, one = msgspec.json.decode(file.read_bytes())
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise BadInput("two runs are needed") from error
    found = old_tree.side(whole, one, DIGITS.graph, 1024, "HEAD~1")
    msgspec.json.encode(found.figures)


# --- Tables of parts and cores --------------------------------------------------------------------
def _parts() -> Sequence[bytes]:
    return [(parts.FOLDER / f"{name}.toml").read_bytes() for name in ("stm32l4r5", "stm32h743")]


@contextlib.contextmanager
def _nesting_refused() -> Iterator[None]:
    """Refuses what is nested too deeply, which the command line does for tables.py: a change there
    would change the digest of every baseline's cycles."""
    try:
        yield
    except RecursionError as error:
        raise BadInput("an input is nested too deeply") from error


@_nesting_refused()
def _part(file: Path) -> None:
    part = tables.read(file, parts.Part)
    part.simulated(0x8000000, 0x8100000)
    part.at(1_000_000)


def _cores() -> Sequence[bytes]:
    return [(cores.FOLDER / "cortex-m0.toml").read_bytes()]


@_nesting_refused()
def _core(file: Path) -> None:
    tables.read(file, cores.Core)


def _memories() -> Sequence[bytes]:
    return [(MEMORIES / "stm32l4r5.toml").read_bytes()]


LISTS = (
    Target("groups", _csvs, _groups, mutated_text, ".csv"),
    Target("labels", lambda: [b"daisy\nroses\ntulips\n"], _labels, mutated_text, ".txt"),
    Target("history", _histories, _history, mutated_text, ".jsonl"),
    Target("committed", _baselines, _committed, mutated_text, ".toml"),
    Target("judged", _judged, _cases, mutated_text, ".toml"),
    Target("tolerances", _limits, _tolerances, mutated_text, ".toml"),
    Target("revision", _runs, _run, mutated_text, ".json"),
    Target("part", _parts, _part, mutated_text, ".toml"),
    Target("core", _cores, _core, mutated_text, ".toml"),
    Target("memories", _memories, lambda f: checked.file(f, PartMemory), mutated_text, ".toml"),
)
