"""Each profile against the interpreter that it names: whole models, as generated C on this machine.

    BOARDLESS_REFERENCE_INPUTS=1000 pytest tests/kernels/test_references.py -k tflm

`nox -s references` runs all models of the zoo and MLPerf's with 1,000 inputs, or the files that
BOARDLESS_REFERENCE_MODELS names; here a few models get a few inputs. int8 must be equal to the last
bit. A profile whose package is missing is skipped.
"""

from __future__ import annotations

import os
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core.errors import BadInput
from boardless.judge import predictions
from boardless.model import compiler, graph, ports, profiles, reference, zoo
from boardless.model.reference import Answer
from host_kernels import HostModel
from one_operator import Tensor, model
from properties.records import HOST_VARIANTS

INPUTS = int(os.environ.get("BOARDLESS_REFERENCE_INPUTS", "0"))
NAMED = os.environ.get("BOARDLESS_REFERENCE_MODELS", "")
FEW = ("digits_cnn:int8", "digits_cnn:float32", "se_mobilenet:int8")  # between them: all roundings
MLPERF = Path(os.environ.get("BOARDLESS_DATA", "")) / "mlperf_tiny"


def models() -> list[str]:
    """Returns the models to compare: those that are named, few, or all of the zoo and MLPerf's."""
    if NAMED:
        return NAMED.split(os.pathsep)
    if not INPUTS:
        return [*FEW]
    found = [f"{name}:{kind}" for name in zoo.names() for kind in zoo.types(name)]
    return found + [str(path) for path in sorted(MLPERF.glob("*.tflite"))]


def installed(name: str) -> str:
    """Returns the name of a profile; skips the test where its package is not installed."""
    if profiles.load(name).version() is None:
        pytest.skip(f"{profiles.load(name).package} is not installed")
    return name


every_profile = pytest.mark.parametrize("profile", profiles.names())


@cache
def inputs(text: str, count: int = INPUTS or 8) -> npt.NDArray[np.generic]:
    """Random inputs (N, ...): a third of them of full contrast, the others around a grey. Where
    they are no int8 or float32 pictures, noise over the whole range of each input."""
    found = zoo.find(text).graph
    source = found.input_tensor
    if found.more_inputs or source.dtype not in ("int8", "float32"):
        noise = ports.noise(found, count)
        shape = (count, *source.shape[1:])
        return noise if found.more_inputs else noise.view(source.dtype).reshape(shape)
    rng = np.random.default_rng(0)
    noise = rng.random((count, *source.shape[1:]), np.float32)
    contrast = rng.choice([0.1, 0.4, 1.0], (count, *[1] * (noise.ndim - 1)))
    grey = rng.random(contrast.shape)
    values = grey + (noise - grey) * contrast
    stored = values if source.dtype == "float32" else np.rint(values * 255 - 128)
    typed: npt.NDArray[np.generic] = stored.astype(source.dtype)
    return typed


@cache
def expected(text: str, profile: str) -> Answer:
    return reference.ask(zoo.find(text).reference, inputs(text), profile=profile)


@every_profile
@pytest.mark.parametrize("variants", [(), HOST_VARIANTS], ids=["reference", "variants"])
@pytest.mark.parametrize("text", models(), ids=lambda text: Path(text).stem.replace(":", "-"))
def test_models(text: str, variants: tuple[str, ...], profile: str, tmp_path: Path) -> None:
    wanted = zoo.find(text, installed(profile)).graph
    answer = expected(text, profile)
    assert not answer.instead
    got = HostModel(compiler.compile_graph(wanted, variants), tmp_path).run(inputs(text))
    outputs, theirs = (ports.values(wanted, values) for values in (got, answer.outputs))
    verdict = predictions.compare(outputs, theirs, named=answer.by)
    assert verdict.ok, verdict.reason
    assert wanted.output_tensor.dtype == "float32" or verdict.bit_exact


@every_profile
def test_scales_of_a_dense_layer_are_multiplied_in_double_precision(
    profile: str, tmp_path: Path
) -> None:
    """MLPerf's autoencoder, whose last layer this is, differed from TensorFlow Lite Micro for 7 of
    1,000 inputs where the product was in single precision: -117.499025 was taken for -117.5."""
    scales = tuple(float(np.float32(s)) for s in (0.02479089, 0.019556683, 0.36449847))
    sums = np.array([-88337, -88336, -88338, 88337, 12345])
    tensors = [
        Tensor((1, 1), "int8", scales[:1], (-128,)),
        Tensor((5, 1), "int8", scales[1:2], (0,), 0, np.zeros((5, 1))),
        Tensor((5,), "int32", (scales[0] * scales[1],), (0,), 0, sums),
    ]
    content = model("FULLY_CONNECTED", tensors, Tensor((1, 5), "int8", scales[2:], (96,)))
    wanted = graph.read(content, "dense").replace(profile=installed(profile))
    fed = np.zeros((1, 1), np.int8)
    got = HostModel(compiler.compile_graph(wanted), tmp_path).run(fed)
    np.testing.assert_array_equal(got, reference.predict(content, fed, profile=profile))


def test_profiles_differ() -> None:
    """A model whose roundings are mixed up is wrong, so the tests above say something."""
    content, fed = zoo.find("se_mobilenet:int8").content, inputs("se_mobilenet:int8", 40)
    names = [installed(name) for name in profiles.names()]
    found = {reference.predict(content, fed, profile=name).tobytes() for name in names}
    assert len(found) == len(names)


def curve(name: str, zero_point: int, scale: float, output: tuple[float, int]) -> bytes:
    source = Tensor((1, 256), "int8", (scale,), (zero_point,))
    return model(name, [source], Tensor((1, 256), "int8", output[:1], output[1:]))


@pytest.mark.parametrize(
    ("name", "output"),
    [("LOGISTIC", (1 / 256, -128)), ("TANH", (1 / 128, 0)), ("RELU6", (0.02, 3))],
)
@pytest.mark.parametrize("scale", [0.0023, 0.047, 0.0625, 0.31, 3.0])
@every_profile
def test_curves(name: str, output: tuple[float, int], scale: float, profile: str) -> None:
    """All inputs of tables: TensorFlow Lite Micro makes them in fixed point, LiteRT does not."""
    every = np.arange(-128, 128, dtype=np.int8)[np.newaxis]
    for zero_point in (0, -128, 17):
        content = curve(name, zero_point, scale, output)
        wanted = graph.read(content, "curve").replace(profile=installed(profile))
        (layer,) = compiler.compile_graph(wanted).layers
        (table,) = layer.call.constants
        answer = reference.predict(content, every, profile=profile)
        np.testing.assert_array_equal(table.data, answer[0])


def test_what_a_profile_cannot_round_is_refused() -> None:
    """Each operator is named with the profile, in one line."""
    source = Tensor((1, 4, 4, 2), "int8", (0.1,), (0,))
    sizes = Tensor((2,), "int32", data=np.array([8, 8]))
    content = model("RESIZE_BILINEAR", [source, sizes], Tensor((1, 8, 8, 2), "int8", (0.1,), (0,)))
    found = graph.read(content, "larger").replace(profile="xnnpack")
    with pytest.raises(BadInput) as caught:
        compiler.compile_graph(found)
    said = str(caught.value)
    assert "\n" not in said
    assert "operator 0 RESIZE_BILINEAR: the reference xnnpack scales its int8 values by" in said
    compiler.compile_graph(found.replace(profile="tflm"))
