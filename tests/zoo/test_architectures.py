"""Every architecture, untrained, against every figure that its source states.

    python -m pytest tests/zoo/test_architectures.py

Mobile-LeNet's and the digits CNN's tables are in test_zoo.py.
"""

from __future__ import annotations

import sys
from itertools import pairwise
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("tensorflow", reason="the zoo is trained with TensorFlow: nox -s train")

sys.path.insert(0, str(Path(__file__).parents[2] / "models"))

import recipes
import training
import untrained
from architectures import fdmobilenet, micromobilenet, mobilenet_v1
from boardless.data.pictures import as_real


def macs(model: Any) -> int:
    """Multiply-accumulates of one inference, those with zeros of the padding included."""
    total = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "DepthwiseConv2D":
            total += prod(layer.output.shape[1:]) * prod(layer.kernel_size)
        elif kind == "Conv2D":
            total += prod(layer.output.shape[1:3]) * prod(layer.kernel.shape)
        elif kind == "Dense":
            total += prod(layer.output.shape[1:-1]) * prod(layer.kernel.shape)
    return total


def folded(model: Any) -> int:
    """Parameters after batch normalisation went into the layer before it: a bias per channel, where
    there was none, is not counted by the source of 125,477 either."""
    return sum(
        layer.count_params() // 4
        if type(layer).__name__ == "BatchNormalization"
        else layer.count_params()
        for layer in model.layers
    )


def sides(model: Any, prefix: str) -> list[int]:
    """Side of the map behind each convolution whose name begins with `prefix`."""
    return [
        layer.output.shape[1]
        for layer in model.layers
        if layer.name.startswith(prefix) and "Conv2D" in type(layer).__name__
    ]


# --- The MicroMobileNet family ------------------------------------------------------------------
# parameters without the classes, per class; MACs for 2 classes; stem's map and those of the blocks
FAMILY = {
    "pico_mobilenet": (594, 25, 53_616, [32, 16, 8, 4]),
    "nano_mobilenet": (1386, 25, 125_139, [47, 24, 12, 6, 3]),
    "micro_mobilenet": (4014, 25, 612_048, [47, 47, 24, 24, 12, 12, 6, 6, 3]),
    "milli_mobilenet": (11214, 49, 744_936, [47, 47, 24, 24, 12, 12, 6, 6, 3, 3]),
    "mobilenet": (29070, 97, 1_127_352, [47, 47, 24, 24, 12, 12, 6, 6, 6, 6, 6, 3, 3]),
}


@pytest.mark.parametrize("name", FAMILY)
def test_micromobilenet(name: str) -> None:
    fixed, per_class, multiplications, maps = FAMILY[name]
    for classes in (2, 5):
        model = untrained.model(name, (96, 96, 1), classes)
        assert model.count_params() == fixed + per_class * classes
    model = untrained.model(name, (96, 96, 1), 2)
    assert macs(model) == multiplications
    assert sides(model, "stem") + sides(model, "dw_") == maps
    assert sides(model, "pw_") == maps[1:]


@pytest.mark.parametrize("name", FAMILY)
def test_micromobilenet_details(name: str) -> None:
    model = untrained.model(name, (96, 96, 1), 5)
    for layer in model.layers:
        kind = type(layer).__name__
        assert kind not in ("BatchNormalization", "Scale")
        if "Conv2D" in kind:
            assert layer.use_bias == (layer.name == "head")
            assert layer.padding == "valid"
            assert layer.activation.__name__ == "linear"
        if kind == "ReLU":
            assert layer.max_value == 6
        if kind == "ZeroPadding2D":
            assert layer.padding == ((1, 1), (1, 1))
    assert type(model.get_layer("pool")).__name__ == "GlobalMaxPooling2D"
    assert model.get_layer("dropout").rate == 0.1
    assert type(model.layers[2]).__name__ == "ZeroPadding2D"  # nothing but the stem before it


@pytest.mark.parametrize("name", FAMILY)
def test_micromobilenet_is_plain_after_its_training(name: str) -> None:
    """Batch normalisation goes into the weights and a constant channel, bit for bit or nearly."""
    scaled = training.architecture(name).build((96, 96, 1), 5, scaled=True)
    plain = training.build(name, (96, 96, 1), 5)
    rng = np.random.default_rng(0)
    for layer in scaled.layers:
        if "scale" in layer.name or "_bn" in layer.name:
            layer.set_weights([rng.uniform(0.5, 2, w.shape) for w in layer.get_weights()])
        constraint = getattr(layer, "kernel_constraint", None)
        if layer.name == "dw_1":
            constraint = layer.depthwise_constraint
        if constraint:
            layer.set_weights([constraint(w) for w in layer.get_weights()])
    micromobilenet.fold(scaled, plain)
    pixels = rng.integers(0, 256, (4, 96, 96, 1))
    pixels[0, 20:60] = 0  # a black part is the darkest that there is
    pictures = as_real(pixels, recipes.read_recipe(name).input)
    expected = untrained.outputs(scaled, pictures)
    assert np.ptp(expected) > 0.01
    np.testing.assert_allclose(untrained.outputs(plain, pictures), expected, atol=1e-5)


def test_micromobilenet_begins_with_filters_that_pass_something_on() -> None:
    scaled = training.architecture("milli_mobilenet").build((96, 96, 1), 5, scaled=True)
    for number in range(2, 10):
        (kernel,) = scaled.get_layer(f"dw_{number}").get_weights()
        np.testing.assert_allclose(kernel.sum(axis=(0, 1)), 1, atol=1e-5)
        assert np.ptp(kernel) > 0.5


def test_squeeze_and_excitation_bottlenecks() -> None:
    model = untrained.model("se_mobilenet", (96, 96, 1), 5)
    names = {layer.name: layer for layer in model.layers}
    adds = [name for name in names if name.endswith("_add")]
    assert adds == ["b2_add", "b4_add", "b6_add", "b7_add"]  # where shapes are equal
    module = training.architecture("se_mobilenet")
    inputs = module.STEM
    for number, (channels, stride, expansion) in enumerate(module.BLOCKS, start=1):
        assert names[f"b{number}_expand"].filters == expansion * inputs
        assert names[f"b{number}_dw"].strides == (stride, stride)
        assert names[f"b{number}_project"].filters == channels
        assert names[f"b{number}_reduce"].units == channels // module.SQUEEZE
        assert names[f"b{number}_excite"].activation.__name__ == "sigmoid"
        assert names[f"b{number}_scale"].output.shape == names[f"b{number}_project"].output.shape
        inputs = channels


def test_excitation_weighs_channels() -> None:
    import keras

    model = training.build("se_mobilenet", (96, 96, 1), 5)
    kernel, bias = model.get_layer("b2_excite").get_weights()
    model.get_layer("b2_excite").set_weights([kernel, bias + np.linspace(-2, 2, len(bias))])
    project, scaled = (model.get_layer(name).output for name in ("b2_project_bn", "b2_scale"))
    probe = keras.Model(model.input, [project, scaled])
    picture = np.random.default_rng(0).normal(size=(1, 96, 96, 1)).astype(np.float32)
    before, after = untrained.outputs(probe, picture)
    share = after / before
    assert np.allclose(share, share[:, :1, :1], atol=1e-3)  # one weight for a whole channel
    assert 0 < share.min() < share.max() < 1


# --- FD-MobileNet -------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("alphas", "fixed", "channels", "at_128", "at_224"),
    [
        (12 * (0.25,), 127_528, [8, 16, 32, 32, 64, 64, *5 * [128], 256], 3.85e6, 11.78e6),
        (fdmobilenet.ST_V1, 144_080, [16, 48, 80, 64, 96, 64, *5 * [128], 256], 7.98e6, 24.43e6),
    ],
    ids=["0.25", "ST v1"],
)
def test_fdmobilenet(
    alphas: tuple[float, ...], fixed: int, channels: list[int], at_128: float, at_224: float
) -> None:
    for classes in (2, 5, 1000):
        model = untrained.fdmobilenet_of((128, 128, 3), classes, alphas)
        assert model.count_params() == fixed + 257 * classes
    model = untrained.fdmobilenet_of((128, 128, 3), 5, alphas)
    outputs = [model.get_layer("conv1"), *(model.get_layer(f"conv_pw_{n}") for n in range(1, 12))]
    assert [layer.filters for layer in outputs] == channels
    assert sides(model, "conv_dw") == [32, 16, 16, 8, 8, *6 * [4]]
    assert macs(model) == pytest.approx(at_128, abs=5e3)
    assert macs(untrained.fdmobilenet_of((224, 224, 3), 5, alphas)) == pytest.approx(
        at_224, abs=5e3
    )


def separable(inputs: int, outputs: int, depthwise: int) -> int:
    """Parameters of a block; `depthwise`: those per channel without the 9 weights, BN has 4."""
    return (9 + depthwise) * inputs + inputs * outputs + 4 * outputs


@pytest.mark.parametrize("side", [128, 224])
@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.75, 1.0])
def test_fdmobilenet_parameters(alpha: float, side: int) -> None:
    filters = (32, 64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 1024)
    widths = [int(alpha * channels) for channels in filters]
    blocks = sum(separable(i, o, depthwise=1) for i, o in pairwise(widths))  # a bias
    model = untrained.fdmobilenet_of((side, side, 3), 5, 12 * (alpha,))
    assert model.count_params() == (27 + 4) * widths[0] + blocks + 5 * (widths[-1] + 1)


def test_fdmobilenet_with_batch_normalisation_folded() -> None:
    """128,813 parameters for 5 classes; the source's 125,477 have lost 3 of the 4 per channel."""
    model = untrained.model("fdmobilenet_025", (128, 128, 3), 5)
    assert model.count_params() == 128_813
    assert folded(model) == 125_477 == 128_813 - 3 * 1112


@pytest.mark.parametrize("alpha", [0.25, 0.5, 0.75, 1.0])
def test_fdmobilenet_widths(alpha: float) -> None:
    model = untrained.fdmobilenet_of((128, 128, 3), 5, 12 * (alpha,))
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "DepthwiseConv2D":
            assert layer.use_bias
            (after,) = layer._outbound_nodes
            assert after.operation.name == layer.name.replace("dw", "pw")  # no BN, no activation
        if "Conv2D" in kind:
            assert layer.padding == "same" or layer.kernel_size == (1, 1)
        if kind == "BatchNormalization":
            assert layer.epsilon == 1e-3
        if kind == "ReLU":
            assert layer.max_value is None
    assert model.get_layer("conv_pw_11").filters == int(1024 * alpha)
    larger = untrained.fdmobilenet_of((224, 224, 3), 5, 12 * (alpha,))
    assert larger.count_params() == model.count_params()
    assert sides(larger, "conv_dw") == [56, 28, 28, 14, 14, *6 * [7]]


# --- MobileNetV1 --------------------------------------------------------------------------------
# alpha, side, millions of MACs, millions of parameters with 1000 classes
V1_TABLE = (
    (1.0, 224, 569, 4.24), (1.0, 128, 186, 4.14), (0.75, 224, 317, 2.59), (0.75, 128, 104, 2.59),
    (0.5, 224, 150, 1.34), (0.5, 128, 49, 1.34), (0.25, 224, 41, 0.47), (0.25, 128, 14, 0.47),
)  # fmt: skip


@pytest.mark.parametrize(("alpha", "side", "millions", "parameters"), V1_TABLE)
def test_mobilenet_v1_is_the_published_table(
    alpha: float, side: int, millions: int, parameters: float
) -> None:
    model = untrained.mobilenet_v1_of((side, side, 3), 1000, alpha)
    assert round(macs(model) / 1e6) == millions or macs(model) == pytest.approx(
        1e6 * millions, rel=0.03
    )
    # 4.14 for the smaller picture is a slip: pictures do not change parameters
    trainable = sum(prod(w.shape) for w in model.trainable_weights)
    assert trainable == pytest.approx(1e6 * (4.24 if alpha == 1 else parameters), rel=0.01)


def test_mobilenet_v1_is_keras_own() -> None:
    """475,544 parameters in layers of the names and shapes of keras.applications."""
    import keras

    ours = mobilenet_v1.build((224, 224, 3), 1000, 0.25)
    theirs = keras.applications.MobileNet((224, 224, 3), alpha=0.25, weights=None)
    assert ours.count_params() == theirs.count_params() == 475_544
    for layer in theirs.layers:
        if layer.weights:
            own = ours.get_layer(layer.name)
            assert [w.shape for w in own.weights] == [w.shape for w in layer.weights], layer.name
    ours.set_weights(theirs.get_weights())
    picture = np.random.default_rng(0).uniform(-1, 1, (1, 224, 224, 3)).astype(np.float32)
    np.testing.assert_allclose(
        untrained.outputs(ours, picture), untrained.outputs(theirs, picture), atol=1e-6
    )


@pytest.mark.parametrize("alpha", [0.25, 0.2, 0.1])
@pytest.mark.parametrize("colours", [1, 3])
def test_mobilenet_v1_at_96(alpha: float, colours: int) -> None:
    model = untrained.mobilenet_v1_of((96, 96, colours), 2, alpha)
    assert model.get_layer("conv1").filters == int(32 * alpha)
    assert model.get_layer("conv_pw_13").filters == int(1024 * alpha)
    assert sides(model, "conv_dw") == [48, 24, 24, 12, 12, *6 * [6], 3, 3]
    filters = (32, 64, 128, 128, 256, 256, *6 * (512,), 1024, 1024)
    widths = [int(alpha * channels) for channels in filters]
    blocks = sum(separable(i, o, depthwise=4) for i, o in pairwise(widths))
    stem, head = (9 * colours + 4) * widths[0], 2 * (widths[-1] + 1)
    assert model.count_params() == stem + blocks + head


# --- Weights to start from ----------------------------------------------------------------------
def key(layer: Any, weight: Any) -> str:
    """The name in Keras 2's files."""
    depthwise = type(layer).__name__ == "DepthwiseConv2D"
    return f"{layer.name}/{'depthwise_kernel' if depthwise else weight.name}"


def imagenet() -> dict[str, np.ndarray[Any, Any]]:
    """Weights with the names and shapes of the real ones, at random."""
    rng = np.random.default_rng(0)
    model = untrained.mobilenet_v1_of((96, 96, 3), 1000, 0.25)
    made = {}
    for layer in model.layers:
        for weight in layer.weights:
            made[key(layer, weight)] = rng.uniform(0.5, 1.5, weight.shape).astype(np.float32)
    return made


def test_transfer_takes_every_weight_but_the_heads() -> None:
    weights = imagenet()
    model = training.build("mobilenet_v1_025", (96, 96, 3), 5)
    mobilenet_v1.start_from(model, weights)
    for layer in model.layers:
        if layer.weights and layer.name != "conv_preds":
            for weight in layer.weights:
                assert np.array_equal(weight, weights[key(layer, weight)]), weight.path


def test_transfer_to_a_narrower_network_keeps_the_strongest_channels() -> None:
    weights = imagenet()
    weights["conv1_bn/gamma"][:] = [0.1, 5, 0.2, 6, 0.3, 0.4, 7, 0.5]
    model = training.build("mobilenet_v1_010", (96, 96, 3), 5)  # 3 of 8 channels
    mobilenet_v1.start_from(model, weights)
    kernel, *_ = model.get_layer("conv1").get_weights()
    assert np.array_equal(kernel, weights["conv1/kernel"][..., [1, 3, 6]])
    kernel, *_ = model.get_layer("conv_dw_1").get_weights()
    assert np.array_equal(kernel, weights["conv_dw_1/depthwise_kernel"][:, :, [1, 3, 6]])


def test_transfer_to_gray_pictures_sums_the_colours() -> None:
    weights = imagenet()
    model = mobilenet_v1.build((96, 96, 1), 5, 0.25)
    mobilenet_v1.start_from(model, weights)
    kernel, *_ = model.get_layer("conv1").get_weights()
    np.testing.assert_allclose(kernel[:, :, 0], weights["conv1/kernel"].sum(axis=2), rtol=1e-6)


def test_fdmobilenet_takes_the_batch_normalisation_of_depthwise_layers_into_them() -> None:
    weights = imagenet()
    model = training.build("fdmobilenet_025", (128, 128, 3), 5)
    fdmobilenet.start_from(model, weights)
    x = np.random.default_rng(1).normal(size=(1, 9, 9, 8)).astype(np.float32)
    kernel = weights["conv_dw_1/depthwise_kernel"]
    import keras

    plain = keras.ops.depthwise_conv(x, kernel, padding="same")
    gamma, beta, mean, variance = (
        weights[f"conv_dw_1_bn/{k}"] for k in ("gamma", "beta", "moving_mean", "moving_variance")
    )
    expected = gamma * (np.asarray(plain) - mean) / np.sqrt(variance + 1e-3) + beta
    ours, bias = model.get_layer("conv_dw_1").get_weights()
    seen = np.asarray(keras.ops.depthwise_conv(x, ours, padding="same")) + bias
    np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-4)


def test_channels_that_transfer_repeats_can_part() -> None:
    """Equal channels have equal gradients, so without a difference they would stay copies for
    ever."""
    model = training.build("st_fdmobilenet_v1", (128, 128, 3), 5)
    fdmobilenet.start_from(model, imagenet())
    for name, width in (("conv1", 8), ("conv_pw_1", 16), ("conv_pw_2", 32), ("conv_pw_4", 64)):
        kernel, *_ = model.get_layer(name).get_weights()
        one, other = kernel[..., : kernel.shape[3] - width], kernel[..., width:]
        assert not np.isclose(one, other).all(axis=(0, 1, 2)).any(), name


def test_equalising_changes_ranges_and_nothing_else() -> None:
    import keras

    weights = imagenet()
    weights["conv1_bn/gamma"][:] = [0.01, 0.1, 1, 10, 1, 1, 1, 1]
    model = training.build("fdmobilenet_025", (128, 128, 3), 5)
    fdmobilenet.start_from(model, weights)
    for layer in model.layers:  # all weights positive would hide a mistake of signs
        if "Conv2D" in type(layer).__name__:
            kernel, *bias = layer.get_weights()
            signs = np.random.default_rng(2).choice([-0.1, 0.1], kernel.shape)
            layer.set_weights([kernel * signs, *bias])
    pictures = np.random.default_rng(3).uniform(-1, 1, (4, 128, 128, 3)).astype(np.float32)
    before = untrained.outputs(model, pictures)
    fdmobilenet.equalise(model, pictures)
    assert np.ptp(before) > 0.01
    np.testing.assert_allclose(untrained.outputs(model, pictures), before, atol=1e-4)
    stem = keras.Model(model.input, model.get_layer("conv1_relu").output)
    largest = untrained.outputs(stem, pictures).max(axis=(0, 1, 2))
    np.testing.assert_allclose(largest, largest.mean(), rtol=1e-3)


def test_every_recipe_has_an_architecture() -> None:
    for name in recipes.names():
        assert hasattr(training.architecture(name), "build"), name
