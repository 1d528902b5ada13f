"""Files whose shapes lie are refused in one line, or their kernels stay within their memory: under
sanitizers, with guard bytes around every buffer, for every operator and for layers in a row."""

from __future__ import annotations

import numpy as np
from boardless.core.errors import BadInput
from boardless.model import compiler, graph, ports
from hypothesis import given, note
from hypothesis import strategies as st
from properties import chains, records, runners, strategies
from properties.lies import lies
from properties.test_kernels import folders


def stays_within_its_memory(content: bytes, variants: tuple[str, ...]) -> None:
    try:
        read = graph.read(content, "file")
        program = compiler.compile_graph(read, variants=variants)
    except BadInput as error:
        refusal = str(error)
    else:
        rng = np.random.default_rng(1)
        values = rng.integers(-128, 128, (1, *program.input.shape[1:]))
        if read.more_inputs:  # one may have to list an output's sizes
            values = ports.noise(read, 1)
        runners.load("host").run(program, values.astype(program.input.dtype))
        return
    assert "\n" not in refusal
    assert refusal.startswith("file")


@folders
@given(data=st.data())
def test_of_one_operator(folder: str, dtype: str, data: st.DataObject) -> None:
    content, what = data.draw(lies(data.draw(strategies.load(folder).cases(dtype)).content))
    note(what)
    for variants in ((), *((name,) for name in records.HOST_VARIANTS)):
        stays_within_its_memory(content, variants)


@given(data=st.data())
def test_of_layers_in_a_row(data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from(["int8", "float32"]))
    content, what = data.draw(lies(data.draw(chains.networks(dtype)).content))
    note(what)
    stays_within_its_memory(content, ())
