"""A board's own cycles and the estimate for the very same build: `boardless calibrate --port`.

taken = take(Request("digits_cnn:int8", "my-board", port="/dev/ttyACM0", limit=8), say)
suite = facts.add(suite_of(taken, "2026-11-21"), Path("my-board.toml"))
row, layers = price(suite, suite.programs[0], say)   # later, without the board

Outputs are compared first: cycles of wrong outputs are not recorded.
"""

from __future__ import annotations

import configparser
import statistics
from dataclasses import dataclass
from pathlib import Path

from boardless.core import paths
from boardless.core.errors import BadInput, BoardlessError
from boardless.cycles.calibration import ProgramRow, facts
from boardless.device import boards, emulators
from boardless.device.records import HardwareCycles, MarkedLayer, Run
from boardless.judge.figures import digest
from boardless.path import Progress, Request, follow, judge, measure, prepare
from boardless.path.preparing import targets


class WrongOutputs(BoardlessError):
    """The board does not compute what the reference does (exit status 1)."""

    exit_status = 1


class NotComparable(BoardlessError):
    """The local build differs from the measured build (exit status 0: not an error)."""

    exit_status = 0


@dataclass(frozen=True)
class Taken:
    """One model on the board and on the emulator."""

    request: Request
    run: Run
    measured: HardwareCycles

    @property
    def median(self) -> int:
        """Cycles of an inference on the board."""
        return statistics.median_low(self.measured.cycles)

    def program(self, date: str) -> facts.Program:
        name, build = self.run.build.model, self.run.build
        return facts.Program(
            name=name,
            cycles=self.median,
            held_out=True,  # no number of the model was chosen by it
            inference=facts.Inference(
                build_id=build.build_id,
                date=date,
                inputs=digest(self.run.pictures.inputs),
                inferences=len(self.measured.cycles),
                least=min(self.measured.cycles),
                most=max(self.measured.cycles),
                layers=self.measured.layers,
                file=self.request.model if Path(self.request.model).is_file() else "",
            ),
        )


Layers = tuple[
    tuple[MarkedLayer, int, float], ...
]  # cycles measured, estimated; of the first input


def take(request: Request, say: Progress) -> Taken:
    """Runs the model on the board and counts it in an emulator; BadInput where nothing comes of it,
    WrongOutputs where the outputs differ from the reference's."""
    if not targets(request):
        hint = "say --core or --part; `boardless profile --help`"
        raise BadInput("no table for this core", where=f"board {request.board}", hint=hint)
    outcome = follow(request, say)
    run, verdict = outcome.run, outcome.verdict
    where = f"{run.build.model} on {run.build.board.name}"
    if not verdict.ok:
        what = f"not recorded: the board's outputs are wrong: {verdict.reason}"
        raise WrongOutputs(what, where=where)
    found = run.counts.hardware
    if found is None:
        why = run.counts.missing.rpartition(", and ")[2]
        raise BadInput(f"no cycles were measured: {why}", where=where)
    if not run.cycles:
        raise BadInput(run.notes[-1], where=where, hint="an estimate needs a counting emulator")
    if not found.clock_hz:
        hint = "say --clock HZ, or clock_hz in [emulator.serial_port] of its board.toml"
        raise BadInput("the board has no timer that tells its clock", where=where, hint=hint)
    return Taken(request, run, found)


def suite_of(taken: Taken, date: str, source: str | None = None) -> facts.Suite:
    """The facts of one model; `source` says in a phrase which board it was, and whose."""
    build, target = taken.run.build, taken.run.cycles[0].target
    settings = configparser.ConfigParser(interpolation=None)
    settings.read(paths.ROOT / "platformio.ini", encoding="utf8")
    return facts.Suite(
        title=f"boardless's firmware on {build.board.description}",
        core=target.core.name,
        part=target.part.name if target.part else None,
        board=build.board.name,
        clock_hz=taken.measured.clock_hz,
        wait_states=target.part.wait_states if target.part else 0,
        compiler=build.toolchain,
        flags=(*build.board.toolchain.flags, *settings["boardless"]["build_flags"].split()),
        source=", ".join(filter(None, [f"measured on {date}", source])),
        note="The median of several inferences, by the core's own counter.",
        split="Held out: none of these was looked at to choose a number.",
        firmware=facts.Firmware(build.board.name, taken.measured.counter),
        program=(taken.program(date),),
    )


def price(suite: facts.Suite, program: facts.Program, say: Progress) -> tuple[ProgramRow, Layers]:
    """Returns today's estimate of the program, without the board; NotComparable if this checkout
    builds something else, or has other inputs."""
    assert suite.firmware
    known = program.inference
    assert known
    request = Request(
        model=known.file or program.name,
        board=suite.firmware.board,
        emulator=emulators.counting(boards.load(suite.firmware.board)),
        limit=known.inferences,
        cores=() if suite.part else (suite.core,),
        parts=(suite.part,) if suite.part else (),
        clock=suite.clock_hz,
    )
    where = f"{program.name} on {request.board}"
    try:
        prepared = prepare(request, say)
    except BadInput as error:
        raise NotComparable(f"not comparable: {error}", where=where) from error
    here = prepared.build.build_id
    if here != known.build_id:
        what = f"not comparable: build {known.build_id} was measured, this is {here}"
        hint = "measure it again with --port, or price it where it was measured"
        raise NotComparable(what, where=where, hint=hint)
    outcome = judge(measure(prepared, say))
    run, verdict = outcome.run, outcome.verdict
    if digest(run.pictures.inputs) != known.inputs:
        what = f"not comparable: measured on other inputs than {run.pictures.origin}"
        raise NotComparable(what, where=where)
    if not verdict.ok:
        raise WrongOutputs(verdict.reason, where=where)
    if not run.cycles:
        raise BadInput(run.notes[-1], where=where)
    return compared(suite, program, run)


def compared(suite: facts.Suite, program: facts.Program, run: Run) -> tuple[ProgramRow, Layers]:
    """Compares measured with estimated cycles, in total and by layer, as far as they were
    measured."""
    cycles = run.cycles[0]
    row = ProgramRow(
        suite.name, program.name, program.cycles, cycles.median, program.held_out, suite.board
    )
    known = program.inference.layers if program.inference else ()
    layers = zip(run.build.layers, known, strict=False)  # none where the board has no timer
    return row, tuple((x, n, cycles.regions.get(x.index, 0.0)) for x, n in layers)
