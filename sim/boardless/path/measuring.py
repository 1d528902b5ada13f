"""The path's second step: one boot of a device, which infers every set of pictures in turn.

measurement = measure(prepared)
measurement.runs["pictures"].outputs
"""

from __future__ import annotations

import dataclasses
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless import runtimes
from boardless.core.errors import BadInput, ToolMissing
from boardless.cycles import estimate
from boardless.cycles.estimate import Cycles, Target
from boardless.data import corruptions, groups, pictures
from boardless.data.records import Pictures
from boardless.device import emulators, run
from boardless.device.counting.devices import no_caches
from boardless.device.emulators import serial_port
from boardless.device.records import Build, Counts, Run
from boardless.judge import figures, metrics, predictions
from boardless.model import ports
from boardless.model.compiler import quantise
from boardless.model.reference import rounding
from boardless.model.zoo import Model
from boardless.path import expecting
from boardless.path.preparing import Prepared, prepare
from boardless.path.request import FIRST, GATE, PICTURES, Progress, Request, quiet

Array = npt.NDArray[Any]

DYNAMIC_RANGE = (
    "dynamic-range model: device and reference compute in float32 with the weights dequantised, "
    "not as TensorFlow Lite's hybrid kernels do"
)


FOREIGN = "firmware that boardless has not built: its arena, weights and layers are not known"


@dataclass(frozen=True)
class Measurement:
    """The results of one boot of a device: a run for each set of pictures, in their order."""

    request: Request
    runs: Mapping[str, Run]
    stored: bool = False  # nothing that it depends on has changed, so it was not measured again

    def priced(self) -> Measurement:
        """Returns it without the counts of the plugin, which are large and of no use when they are
        priced."""
        runs = {
            name: dataclasses.replace(run, counts=dataclasses.replace(run.counts, counted=None))
            for name, run in self.runs.items()
        }
        return dataclasses.replace(self, runs=runs)


def measure(prepared: Prepared, progress: Progress = quiet) -> Measurement:
    """Infers all pictures on the device and by the reference interpreter, and prices the counts."""
    request = prepared.request
    hardware = emulators.hardware(emulators.load(prepared.emulator))
    sets = inputs(request, prepared.model)
    advance = _Advance(progress, 2 * sum(map(len, sets.values())))
    fed_inputs = np.concatenate([fed.inputs for fed in sets.values()])
    expected = expecting.expected(prepared, fed_inputs, advance.step("reference"))
    prepared = expecting.following(prepared, expected, progress)
    build = prepared.build
    others = expecting.others(prepared, fed_inputs) if request.other_references else []
    if request.flash:
        progress("flashing", 0, 0)
        serial_port.flash(build.board, build.elf)
    options = run.Options(
        emulator=prepared.emulator,
        link=request.link,
        in_order=request.keep_state,
        jobs=1 if hardware or request.keep_state else request.jobs or os.cpu_count() or 1,
        bad_line=request.bad_line,
        cycles=request.cycles,
        caches=estimate.caches(prepared.targets, *build.board.memory.flash),
    )
    answers = run.run_all(build, [*sets.values()], options, advance.step("inferring"))
    model_digest = figures.model_digest(prepared.model.graph)
    runs, at = {}, 0
    graph = prepared.model.graph
    for (name, fed), answer in zip(sets.items(), answers, strict=True):
        part = slice(at, at + len(fed))
        reference_outputs = ports.values(graph, expected.outputs[part])
        outputs = ports.values(graph, answer.outputs)
        at += len(fed)
        allowed = rounding.bound(graph, prepared.model.reference, fed.inputs)
        if answer.coarse:
            printed = np.full(outputs.shape, answer.coarse / _scale(prepared.model)[0])
            allowed = printed if allowed is None else np.maximum(allowed, printed)
        right = predictions.compare(outputs, reference_outputs, rounding=allowed).ok
        right = right or not runtimes.load(request.runtime).exact
        counts, targets = answer.counts, prepared.targets
        if hardware and request.cycles and right:
            progress("counting", 0, 0)
            counts = counted_beside(build, fed, counts, options.caches)
        clock_hz = counts.hardware.clock_hz if counts.hardware else 0
        targets, unknown = _priceable(prepared, targets, clock_hz)
        asked_for = name in request.sets  # of others, only the outputs matter
        cycles, notes = price(
            counts, right, targets if asked_for else (), lambda: progress("pricing", 0, 0)
        )
        notes = (*unknown, *notes) if counts.counted else notes
        if graph.float_weights:
            notes = (DYNAMIC_RANGE, *notes)
        if expected.instead:
            notes = (expecting.instead(prepared, expected), *notes)
        if build.foreign:
            notes = (*notes, *_foreign_notes(answer))
        notes = (*build.notes, *notes)
        runs[name] = Run(
            build=build,
            model_digest=model_digest,
            emulator=prepared.emulator,
            emulator_version=emulators.load(prepared.emulator).version(build.board),
            link=run.choose_link(build, options),
            pictures=fed,
            outputs=outputs,
            reference=reference_outputs,
            counts=counts,
            stack_bytes=answer.stack_bytes,
            classes=_classes(prepared.model),
            output_scale=_scale(prepared.model),
            cycles=cycles,
            notes=notes,
            seconds={
                "build": build.seconds,
                **answer.seconds,
                "total": time.monotonic() - prepared.began,
            },
            answered_by=expected.by,
            instead=bool(expected.instead),
            disagreements=tuple(expecting.disagreements(graph, others, part, reference_outputs)),
            rounding=allowed,
        )
    return Measurement(request, runs)


def _priceable(
    prepared: Prepared, targets: tuple[Target, ...], clock_hz: int
) -> tuple[tuple[Target, ...], tuple[str, ...]]:
    """Returns (the targets whose cycles can be known by this emulator, at the clock of a real board
    where that is not 0; why others cannot). BadInput for a part that does not run at that clock, if
    it was asked for."""
    found, notes = [], []
    blind = no_caches(emulators.load(prepared.emulator))
    flash = prepared.build.board.memory.flash
    for target in targets:
        reason = blind if estimate.caches([target], *flash) else ""
        try:
            found += [] if reason else [target.at(clock_hz)]
        except BadInput as error:
            if target.name in prepared.request.parts:
                raise
            reason = str(error)
        if reason:
            notes.append(f"cycles of {target.name} not available: {reason}")
    return tuple(found), tuple(notes)


def _foreign_notes(answer: run.Answers) -> list[str]:
    notes = [f"{FOREIGN}{'' if answer.stack_bytes else ', nor how deep its stack is'}"]
    if answer.coarse:
        notes.append("outputs are those that the device prints, with three decimals")
    return notes


def inputs(request: Request, model: Model) -> dict[str, Pictures]:
    """Returns the sets of pictures of a request, in the model's own type; with corrupted ones where
    its metrics need them. BadInput where one of its metrics cannot be computed of its pictures."""
    found = {name: _pictures(name, request, model) for name in request.sets}
    if request.metrics:
        fed = found[request.sets[-1]]
        names, _ = metrics.chosen(request.metrics, fed, _classes(model))
        if metrics.ROBUSTNESS in names:
            found |= corruptions.sets(fed, model.graph.input_tensor)
    return found


def _classes(model: Model) -> int:
    """Returns how many classes the model tells apart: 0 where it has several outputs."""
    return 0 if model.graph.more_outputs else model.graph.output_tensor.count


def _scale(model: Model) -> tuple[float, int]:
    tensor = model.graph.output_tensor
    if tensor.dtype == "float32":
        return 1.0, 0
    q = quantise.of(tensor)
    return q.scale, q.zero_point


def _pictures(name: str, request: Request, model: Model) -> Pictures:
    if name == PICTURES:
        if request.pictures is not None:
            return request.pictures
        fed = pictures.load(model, request.images, request.limit, request.pixels, request.labels)
        return groups.of(fed, request.groups) if request.groups else fed
    if name not in (GATE, FIRST):
        raise ValueError(f"no such set of pictures: {name}")
    fed = figures.inputs(request.model.partition(":")[0]).load(model)
    return fed if name == GATE else dataclasses.replace(fed, inputs=fed.inputs[:1])


class _Advance:
    """Adds up the progress of several things that are done to every picture."""

    def __init__(self, progress: Progress, total: int) -> None:
        self.progress, self.done, self.total = progress, 0, total

    def step(self, what: str) -> Callable[[int], None]:
        """Returns what is to be called with how many more are done of `what`."""

        def advance(n: int) -> None:
            self.done += n
            self.progress(what, self.done, self.total)

        advance(0)
        return advance


def counted_beside(
    build: Build, fed: Pictures, counts: Counts, caches: tuple[str, ...] = ()
) -> Counts:
    """Returns the counts of a real board together with what an emulator counts of the same build,
    so that the estimate can be compared with the measurement. `caches` are simulated meanwhile."""
    try:
        options = run.Options(emulators.counting(build.board), caches=caches)
        found = run.run(build, fed, options, lambda _: None).counts
    except (BadInput, ToolMissing) as error:
        return dataclasses.replace(counts, cycles_missing=f"no estimate to compare with: {error}")
    return dataclasses.replace(counts, counted=found.counted, cycles_missing=found.cycles_missing)


def price(
    counts: Counts, right: bool, targets: Sequence[Target], say: Callable[[], None]
) -> tuple[tuple[Cycles, ...], tuple[str, ...]]:
    """Returns (estimates, what is missing and why). If the predictions are not `right`, no cycles
    are stated."""
    notes = [counts.missing] if counts.missing else []
    if counts.counted is None:
        return (), (*notes, counts.cycles_missing)
    if not right:
        return (), (*notes, "cycles not estimated: the predictions are wrong")
    if not targets:
        return (), (*notes, "cycles not available: no table for this core")
    say()
    kept = counts.counted.tally().interrupts_kept
    if kept:
        notes.append(f"{kept} interrupt handlers are part of the counts: their end was not seen")
    return tuple(estimate.estimate(counts.counted, target) for target in targets), tuple(notes)


def footprint(request: Request, progress: Progress) -> tuple[Build, int]:
    """Returns (build, deepest stack in bytes) of one inference on a random input."""
    prepared = prepare(request, progress)
    source = ports.fed(prepared.model.graph)
    noise = np.random.default_rng(0).integers(-128, 128, (1, *source.shape[1:]))
    fed = Pictures(noise.astype(source.dtype), labels=None, origin="noise")
    options = run.Options(prepared.emulator, cycles=False)
    answers = run.run(prepared.build, fed, options, lambda _: None)
    return prepared.build, answers.stack_bytes
