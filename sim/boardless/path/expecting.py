"""Asks the references about a request's inputs, and has the firmware round as who answers.

answer = expected(prepared, inputs, advance)
prepared = following(prepared, answer, progress)    # a firmware that rounds as that one does
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import numpy.typing as npt

from boardless.core.errors import BoardlessError
from boardless.device.records import Disagreement
from boardless.judge import predictions
from boardless.model import ports, profiles, reference
from boardless.model.graph import Graph
from boardless.model.profiles import Profile
from boardless.model.reference import Answer
from boardless.path.preparing import Prepared, prepare
from boardless.path.request import Progress

Array = npt.NDArray[Any]


def expected(prepared: Prepared, inputs: Array, advance: Callable[[int], None]) -> Answer:
    """Returns what the reference computes of all inputs, or does not know."""
    request, model = prepared.request, prepared.model
    try:
        return reference.ask_once(
            model.reference, inputs, advance, request.keep_state, request.reference
        )
    except BoardlessError as error:
        error.where = error.where or model.name
        raise


def following(prepared: Prepared, expected: Answer, progress: Progress) -> Prepared:
    """Returns the model with a firmware that rounds as the interpreter that has answered: another
    profile's, where none of the one that was asked for takes the model or survives it."""
    if prepared.build.foreign or expected.profile == prepared.model.graph.profile:
        return prepared
    request = dataclasses.replace(prepared.request, reference=expected.profile)
    found = prepare(request, progress)
    return dataclasses.replace(found, request=prepared.request, began=prepared.began)


def instead(prepared: Prepared, expected: Answer) -> str:
    """Returns who has answered instead of the interpreter that was asked for, and why."""
    said = f"{expected.by} answered: {expected.instead}"
    if expected.profile == prepared.request.reference:
        return f"{said}; it may round otherwise than the firmware, by a few units"
    if prepared.build.foreign:
        return said
    return f"{said}; the firmware rounds as --reference {expected.profile} does"


def others(prepared: Prepared, inputs: Array) -> list[tuple[Profile, Answer]]:
    """Returns the outputs of the other references that are installed and take the model."""
    request, found = prepared.request, []
    for profile in profiles.others(request.reference):
        with contextlib.suppress(BoardlessError):
            answer = reference.ask_once(
                prepared.model.reference,
                inputs,
                keep_state=request.keep_state,
                profile=profile.name,
            )
            found.append((profile, answer))
    return found


def disagreements(
    graph: Graph, others: list[tuple[Profile, Answer]], part: slice, expected: Array
) -> Iterator[Disagreement]:
    """Yields those of the other references whose outputs for some of the pictures count as other
    ones than `expected` (N, values)."""
    for profile, answer in others:
        outputs = ports.values(graph, answer.outputs[part])
        if outputs.shape != expected.shape or outputs.dtype != expected.dtype:
            continue
        verdict = predictions.compare(outputs, expected)
        if verdict.mismatches:
            yield Disagreement(
                by=answer.by,
                profile=profile.name,
                pictures=len(verdict.mismatches),
                values=int((outputs != expected).sum()),
                largest=verdict.max_abs_error,
            )
