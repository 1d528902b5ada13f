"""Networks of other people's papers and model zoos, with random weights, as .tflite files.

content = build("fdmobilenet_025_128")

They serve to compare memory and instructions with published figures: those depend on shapes, not on
weights.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from boardless.core.errors import BadInput
from boardless.model.random_network import NONE, RELU, RELU6, SAME, VALID, Network
from boardless.model.traits import LayerKind

FD_STRIDES = (2, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1)
FD_025 = (8, 16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 256)
ST_V1 = (16, 48, 80, 64, 96, 64, 128, 128, 128, 128, 128, 256)
PICO = (6, 12, 24)
V1_FILTERS = (64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024)
V1_STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)


def fdmobilenet(size: int, channels: tuple[int, ...], classes: int = 5) -> bytes:
    """FD-MobileNet: SAME padding, RELU after the pointwise layers only, 1x1 convolution as head."""
    net = Network((1, size, size, 3))
    net.conv(channels[0], 3, 2, RELU)
    for outputs, stride in zip(channels[1:], FD_STRIDES, strict=True):
        net.depthwise(3, stride, NONE)
        net.conv(outputs, 1, 1, RELU)
    return _head(net, classes)


def mobilenet_v1(size: int, alpha: float, classes: int = 2) -> bytes:
    """Keras's MobileNetV1: RELU6 everywhere; stride 2 is PAD (0, 1) and a VALID convolution."""
    net = Network((1, size, size, 3))
    net.pad(0, 1, 0, 1)
    net.conv(int(32 * alpha), 3, 2, RELU6, VALID)
    for filters, stride in zip(V1_FILTERS, V1_STRIDES, strict=True):
        if stride == 2:
            net.pad(0, 1, 0, 1)
        net.depthwise(3, stride, RELU6, SAME if stride == 1 else VALID)
        net.conv(int(filters * alpha), 1, 1, RELU6)
    return _head(net, classes)


def vww(kind: str) -> bytes:
    """The visual wake words model of MLPerf Tiny: MobileNetV1 0.25 with RELU and SAME padding."""
    net = Network((1, 96, 96, 3), kind=kind)
    net.conv(8, 3, 2, RELU)
    for filters, stride in zip(V1_FILTERS, V1_STRIDES, strict=True):
        net.depthwise(3, stride, RELU)
        net.conv(filters // 4, 1, 1, RELU)
    net.pool(LayerKind.AVERAGE_POOL, 3, 3, VALID)
    net.reshape(1, 256)
    net.dense(2)
    net.softmax()
    return net.content()


def micromobilenet(channels: tuple[int, ...], stem_stride: int, classes: int = 2) -> bytes:
    """MicroMobileNet, float32, every block of stride 2 on an even map: a stem without activation,
    global max pooling, no bias but in the head."""
    net = Network((1, 96, 96, 1), kind="float32")
    net.conv(3, 3, stem_stride, NONE, VALID, bias=False)
    for outputs in channels:
        net.pad(1, 1, 1, 1)
        net.depthwise(3, 2, RELU6, VALID, bias=False)
        net.conv(outputs, 1, 1, RELU6, bias=False)
    net.largest()
    net.conv(classes, 1, 1, NONE)
    net.reshape(1, classes)
    net.softmax()
    return net.content()


def _head(net: Network, classes: int) -> bytes:
    net.mean()
    net.conv(classes, 1, 1, NONE)
    net.reshape(1, classes)
    net.softmax()
    return net.content()


STRUCTURES: dict[str, Callable[[], bytes]] = {
    "fdmobilenet_025_128": partial(fdmobilenet, 128, FD_025),
    "fdmobilenet_025_224": partial(fdmobilenet, 224, FD_025),
    "st_fdmobilenet_v1_128": partial(fdmobilenet, 128, ST_V1),
    "st_fdmobilenet_v1_224": partial(fdmobilenet, 224, ST_V1),
    "mobilenet_v1_025_96": partial(mobilenet_v1, 96, 0.25),
    "mobilenet_v1_020_96": partial(mobilenet_v1, 96, 0.2),
    "mobilenet_v1_010_96": partial(mobilenet_v1, 96, 0.1),
    "micromobilenet_pico": partial(micromobilenet, PICO, 3),
}


def build(name: str) -> bytes:
    """The .tflite of a structure; BadInput where the name is unknown. Equal calls, equal bytes."""
    if name not in STRUCTURES:
        raise BadInput(f"unknown structure {name!r}", hint=f"one of {', '.join(STRUCTURES)}")
    return STRUCTURES[name]()
