"""Models that were trained by the protocol of a published figure are as accurate as their results
state, and no command takes them for the zoo's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from boardless.core import checked, paths
from boardless.data import datasets, pictures
from boardless.data.datasets import _network
from boardless.model import graph, reference, zoo

FOLDERS = {path.parents[1].name: path.parent for path in paths.ZOO.glob("*/published/results.toml")}


def results(name: str) -> zoo.Results:
    return checked.file(FOLDERS[name] / "results.toml", zoo.Results)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_int8_is_as_accurate_as_stated(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All reported pictures, not a sample: the figure stands next to a published one."""

    def no_network(*_: object) -> Path:
        raise datasets.DataMissing("not in $BOARDLESS_DATA")

    monkeypatch.setattr(_network, "unpacked", no_network)
    about = results(name)
    try:
        data = datasets.load(about.dataset)
    except datasets.DataMissing as error:
        pytest.skip(str(error))
    if not about.data_origin.startswith(data.origin):
        pytest.skip(f"measured on {about.data_origin}; here is {data.origin}")
    content = (FOLDERS[name] / "int8.tflite").read_bytes()
    source = graph.read(content, name).input_tensor
    inputs = pictures.as_inputs(data.test.images, source, about.input)
    predictions = reference.predict(content, inputs).argmax(axis=1)
    assert len(inputs) == about.test_pictures
    assert float(np.mean(predictions == data.test.labels)) == pytest.approx(
        about.accuracy["int8"], abs=1e-6
    )


@pytest.mark.parametrize("name", sorted(FOLDERS))
@pytest.mark.parametrize("kind", zoo.TYPES)
def test_it_is_the_same_network_with_other_weights(name: str, kind: str) -> None:
    own = zoo.find(f"{name}:{kind}")
    other = graph.read((FOLDERS[name] / f"{kind}.tflite").read_bytes(), name)
    assert [op.name for op in other.operators] == [op.name for op in own.graph.operators]
    assert [t.shape for t in other.tensors] == [t.shape for t in own.graph.tensors]
    assert own.content != (FOLDERS[name] / f"{kind}.tflite").read_bytes()
    assert own.results == zoo.results(name) != results(name)


@pytest.mark.parametrize("name", sorted(FOLDERS))
def test_the_card_has_both_figures(name: str) -> None:
    text = (paths.ZOO / name / "card.md").read_text(encoding="utf-8")
    for about, row in (
        (zoo.results(name), "| accuracy, int8 | {int8:.2f} % |"),
        (results(name), "by the published protocol | {float32:.2f} % float32, {int8:.2f} % int8 |"),
    ):
        assert row.format(**{k: 100 * v for k, v in about.accuracy.items()}) in text
