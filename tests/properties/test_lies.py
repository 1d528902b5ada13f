"""Files whose shapes or other fields lie are refused in one line, or their kernels stay within
their memory: under sanitizers, with guard bytes around every buffer, for every operator and for
layers in a row. What runs gives LiteRT's outputs, where LiteRT gives any."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence

import numpy as np
from boardless.core.errors import BadInput, BoardlessError
from boardless.model import compiler, graph, ports, reference
from boardless.model.graph.dynamic_range import as_float
from hypothesis import given, note
from hypothesis import strategies as st
from properties import chains, drawn, records, runners, strategies
from properties.fields import changed
from properties.lies import lies
from properties.test_kernels import FOLDERS, folders

EVERY = [(), *((name,) for name in records.HOST_VARIANTS)]


def stays_within_its_memory(content: bytes, several: Sequence[tuple[str, ...]]) -> None:
    """Compiles the file with each set of variants, and runs what gives other calls."""
    try:
        read = graph.read(content, "file")
        settled = compiler.settle(read)
    except BadInput as error:
        is_one_line(str(error))
        return
    programs = {}
    for variants in several:
        try:
            program = next(compiler.compile_settled(settled, variants))
        except BadInput as error:
            is_one_line(str(error))
        else:
            programs[tuple(layer.call.function for layer in program.layers)] = program
    for program in programs.values():
        rng = np.random.default_rng(1)
        values = rng.integers(-128, 128, (1, *program.input.shape[1:]))
        if read.more_inputs:  # one may have to list an output's sizes
            values = ports.noise(read, 1)
        # The places of a GATHER, which other layers compute, may lie outside of its table then.
        with contextlib.suppress(runners.Refused):
            runners.load("host").run(program, values.astype(program.input.dtype))


def is_one_line(refusal: str) -> None:
    assert "\n" not in refusal
    assert refusal.startswith("file")


@folders
@drawn.before
@given(data=st.data())
def test_of_one_operator(folder: str, dtype: str, data: st.DataObject) -> None:
    case = data.draw(drawn.any_case(folder, dtype))
    content, what = data.draw(lies(case.content))
    note(f"{case}: {what}")
    stays_within_its_memory(content, EVERY)


@given(data=st.data())
def test_of_layers_in_a_row(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(["int8", "float32"]))
    content, what = data.draw(lies(data.draw(chains.networks(dtype)).content))
    note(what)
    stays_within_its_memory(content, [()])


@given(data=st.data())
def test_of_any_field(data: st.DataObject) -> None:
    folder, dtype = data.draw(st.sampled_from(FOLDERS))
    case = data.draw(strategies.load(folder).cases(dtype))
    content, what = data.draw(changed(case.content))
    note(f"{folder} {dtype}: {what}")
    stays_within_its_memory(content, EVERY)
    gives_the_references_outputs(content)


def gives_the_references_outputs(content: bytes) -> None:
    try:
        read = graph.read(content, "file")
        program = compiler.compile_graph(read)
        fed = ports.noise(read, 2)
        if not read.more_inputs:
            fed = fed.view(program.input.dtype).reshape(2, *program.input.shape[1:])
        with np.errstate(all="ignore"):
            expected = reference.predict(as_float(content, read), fed)
    except BoardlessError:  # of the compiler or of LiteRT
        return
    got = runners.load("host").run(program, fed)
    if got.dtype != np.float32:
        np.testing.assert_array_equal(got, expected.reshape(got.shape))
