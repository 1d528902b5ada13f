"""BakeNN as a runtime: edits of the file that change no result, and where a model is cut in two."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import small_nets
from ai_edge_litert import schema_py_generated as schema
from boardless import runtimes
from boardless.core.errors import BadInput
from boardless.device import boards
from boardless.device.records import Sources
from boardless.model import reference, zoo
from boardless.model.graph import Graph
from boardless.runtimes import served
from boardless.runtimes.bakenn import edits


def made(model: str, board: str, runtime: str) -> Sources:
    found = zoo.find(model, "tflm")
    return runtimes.load(runtime).sources(found.graph, boards.load(board), content=found.content)


@pytest.mark.parametrize("model", ["digits_cnn:int8", "fdmobilenet_025:int8"])
def test_an_edited_model_computes_what_it_did(model: str) -> None:
    found = zoo.find(model)
    content, notes = edits.edited(found.content)
    assert content != found.content
    assert notes
    shape = found.graph.input_tensor.shape
    inputs = np.random.default_rng(1).integers(-128, 128, (2, *shape[1:])).astype(np.int8)
    assert (reference.predict(content, inputs) == reference.predict(found.content, inputs)).all()


def test_edits_name_the_operators_that_they_are_about() -> None:
    _, notes = edits.edited(zoo.find("digits_cnn:int8").content)
    assert notes == [
        "edited for BakeNN, operator 2: options, which were missing and are the defaults now"
    ]


def test_an_edited_file_needs_no_other_edit() -> None:
    content, _ = edits.edited(zoo.find("fdmobilenet_025:int8").content)
    assert edits.edited(content)[1] == []


def test_a_model_is_cut_behind_its_first_operators() -> None:
    found = zoo.find("digits_cnn:int8")
    count, output = served.cuts(found.graph)[-1]
    model = schema.ModelT.InitFromPackedBuf(edits.cut(found.content, count, output), 0)
    [subgraph] = model.subgraphs
    assert (count, len(subgraph.operators), [*subgraph.outputs]) == (1, 1, [output])


def test_no_model_is_cut_where_two_tensors_live() -> None:
    net = small_nets.draw(3, "int8", more=True)
    assert served.cuts(net)[0] == (len(net.operators), net.output)
    for count, output in served.cuts(net):
        after = [i for op in net.operators[count:] for i in op.inputs]
        made_before = {i for op in net.operators[:count] for i in op.outputs} | {net.input}
        assert {i for i in after if i in made_before} <= {output}


def test_the_last_operators_are_our_kernels() -> None:
    found = made("nano_mobilenet:int8", "mps2-an386", "bakenn")
    assert found.runtime == "bakenn:cmsis_nn"
    assert found.notes[-1] == (
        "computed by boardless's kernels: operators 12 to 15, which BakeNN refuses"
    )
    ops = [layer.op for layer in found.layers]
    graph = zoo.find("nano_mobilenet:int8").graph
    assert ops == [op.name for op in graph.operators if op.name != graph.operators[14].name]
    assert [layer.index for layer in found.layers] == [*range(len(ops))]
    assert sum(layer.macs for layer in found.layers) == found.nominal_macs
    text = found.files["bknn_model.c"].decode()
    assert all(f"bl_mark({i});" in text for i in range(12))


def test_back_ends_are_those_of_the_core() -> None:
    load = runtimes.load("bakenn")
    assert load.variants(boards.load("mps2-an386"))[0] == "bakenn:cmsis_nn"
    assert load.variants(boards.load("esp32c3")) == ("bakenn:optimised", "bakenn:portable")
    assert load.variants(boards.load("esp32"))[0] == "bakenn:esp_nn"
    kernels = made("digits_cnn:int8", "esp32", "bakenn:esp_nn").files
    assert any("esp_nn" in name and name.endswith(".c") for name in kernels)
    with pytest.raises(BadInput, match="bakenn's esp_nn is not for cortex-m4"):
        made("digits_cnn:int8", "mps2-an386", "bakenn:esp_nn")
    with pytest.raises(BadInput, match="bakenn has no back end 'fast'; known: portable"):
        made("digits_cnn:int8", "mps2-an386", "bakenn:fast")


def test_a_model_that_it_refuses_is_refused_with_its_own_reason() -> None:
    with pytest.raises(BadInput, match=r"se_mobilenet:int8: BakeNN refuses it: .*operator code 40"):
        made("se_mobilenet:int8", "mps2-an386", "bakenn")
    with pytest.raises(BadInput, match="digits_cnn:float32: BakeNN refuses it: "):
        made("digits_cnn:float32", "mps2-an386", "bakenn")


def test_several_outputs_are_refused() -> None:
    graph: Graph = dataclasses.replace(zoo.find("digits_cnn:int8").graph, more_outputs=(1,))
    with pytest.raises(BadInput, match="bakenn takes models with one input, one output"):
        runtimes.load("bakenn").sources(graph, boards.load("host"), content=b"")
