"""Finds out whether models fit into boards and parts, or how many bytes are missing, and how long
an inference takes.

    fits = find(["digits_cnn:int8"], places.chosen((), ()), progress)

One board of each core is emulated, for one inference of noise: it gives the counts that every part
of this core is priced by, and the stack. Other boards of the core are only linked, which gives
their bytes exactly. A part has no board: its bytes are those of the emulated one.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from boardless import runtimes
from boardless.core.errors import BoardlessError, TooSmall
from boardless.cycles import cores
from boardless.data.records import Pictures
from boardless.device import boards
from boardless.device.records import Board, Build, Run
from boardless.front.fit import places, roomy
from boardless.front.fit.places import Place
from boardless.judge import budgets
from boardless.judge.fits import Fit
from boardless.model import ports, zoo
from boardless.path import PICTURES, Measurement, Progress, Request
from boardless.path.cases import measurements

Answer = Measurement | BoardlessError
Linked = Build | BoardlessError
Key = tuple[str, str]  # model, board


def find(
    models: Sequence[str], wanted: Sequence[Place], progress: Progress, *, fresh: bool = False
) -> list[Fit]:
    """Returns a row for each model on each place, by the models, then by the places. BadInput where
    a model cannot be read."""
    graphs = {model: zoo.find(model).graph for model in models}
    with roomy.boards():
        emulated = {core: places.reference(core) for core in {place.core for place in wanted}}
        names = dict.fromkeys(board.name for board in emulated.values() if board)
        keys = [(model, board) for model in models for board in names]
        requests = [
            _request(model, [p for p in wanted if _is(emulated[p.core], board)], board)
            for model, board in keys
        ]
        measured = dict(zip(keys, measurements(requests, progress, fresh=fresh), strict=True))
        others = [
            (model, place.name)
            for model in models
            for place in wanted
            if place.board and place.name not in names
        ]

        def link(key: Key) -> Linked:
            model, board = key
            progress(f"{model} {board} linking", 0, 0)
            try:
                return runtimes.load(runtimes.OURS).build(graphs[model], boards.load(board))
            except BoardlessError as error:
                return error

        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            linked = dict(zip(others, pool.map(link, others), strict=True))
        return [
            _fit(model, place, emulated[place.core], measured, linked)
            for model in models
            for place in wanted
        ]


def _is(board: Board | None, name: str) -> bool:
    return board is not None and board.name == name


def _request(model: str, of_core: Sequence[Place], board: str) -> Request:
    """Returns a request for one inference of noise on a board, priced for these places."""
    priced = dict.fromkeys(place.part for place in of_core if place.part)
    alone = dict.fromkeys(place.core for place in of_core if place.core in cores.names())
    source = ports.fed(zoo.find(model).graph)
    drawn = np.random.default_rng(0).integers(-128, 128, (1, *source.shape[1:]))
    noise = Pictures(drawn.astype(source.dtype), labels=None, origin="one input of noise")
    return Request(
        model,
        board,
        sets=(PICTURES,),
        pictures=noise,
        jobs=1,
        cores=tuple(sorted(alone)),
        parts=tuple(sorted(priced)),
    )


def _fit(
    model: str,
    place: Place,
    emulated: Board | None,
    measured: dict[Key, Answer],
    linked: dict[Key, Linked],
) -> Fit:
    """Returns the row of a model on a place. `emulated` is the board that its core was measured
    on."""
    answer = measured.get((model, emulated.name)) if emulated else None
    run = answer.runs[PICTURES] if isinstance(answer, Measurement) else None
    own = not place.board or _is(emulated, place.name)
    found = (run.build if run else answer) if own else linked[model, place.name]
    fit = Fit(
        model,
        place.name,
        place.kind,
        place.core,
        place.flash_bytes,
        place.ram_bytes,
        how=f"emulated on {emulated.name}" if emulated and own else "linked",
    )
    if isinstance(found, Build):
        reserved = found.board.memory.stack_bytes if place.board else 0
        stack = max(reserved, run.stack_bytes if run else 0)
        largest = ("flash", budgets.of_flash(found)), ("ram", budgets.of_ram(found))
        ram = found.static_ram_bytes + stack
        fit = replace(fit, flash=found.flash_bytes, ram=ram, largest=largest)
    elif isinstance(found, TooSmall):
        where = emulated if own and emulated else boards.load(place.name)
        fit = _too_small(fit, found, where)
    elif found is None:
        fit = replace(fit, how="", why=f"no board of the core {place.core} can be emulated here")
    else:
        fit = replace(fit, how="", why=str(found))
    if run and emulated and not own:
        fit = replace(fit, how=f"linked, counted on {emulated.name}")
    if run:
        fit = _timed(fit, place, run)
    elif not fit.why:
        fit = replace(fit, why="time not known: " + _why_not(answer, place.core))
    return fit


def _too_small(fit: Fit, error: TooSmall, board: Board) -> Fit:
    """Returns the row with what the linker says: by how much each memory is exceeded."""
    has = {"FLASH": board.memory.flash_bytes, "RAM": board.memory.ram_bytes}
    needed = {name: has[name] + n for name, n in error.missing.items() if name in has}
    return replace(fit, flash=needed.get("FLASH"), ram=needed.get("RAM"), linker_refused=True)


def _why_not(answer: Answer | None, core: str) -> str:
    if answer is None:
        return f"no board of the core {core} can be emulated here"
    return answer.what if isinstance(answer, BoardlessError) else ""


def _timed(fit: Fit, place: Place, run: Run) -> Fit:
    """Returns the row with what the counts were priced for: its part, else its core alone."""
    found = {c.target.name: c for c in run.cycles}
    best = found.get(place.part) or found.get(place.core)
    if best is None:
        why = "; ".join(run.notes) or "cycles not available: no table for this core"
        return replace(fit, why=why)
    time = best.milliseconds(best.median)
    return replace(
        fit,
        cycles=round(best.median),
        clock_hz=best.target.clock_hz,
        milliseconds=None if time is None else round(time, 4),
        millijoules=round(best.energy.millijoules, 6) if best.energy else None,
        basis=best.basis,
        largest=(*fit.largest, ("ms", budgets.of_time(run.build, best))),
    )
