"""Figures that others publish of networks that boardless has, too: memory, times, sizes.

    MEMORY["fdmobilenet_025_128"].arena_bytes
    [time for time in TIMES if time.part == "nrf52840"]

They depend on shapes, not on weights, so that structures.py's random weights compare with them.
"""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024


@dataclass(frozen=True)
class Published:
    """Published memory of a model, in bytes; None where it is not published."""

    source: str
    part: str = ""  # whose core the code is for
    arena_bytes: int | None = None  # activations alone
    runtime_ram_bytes: int | None = None  # of the runtime: other data and stack
    ram_bytes: int | None = None  # activations, other data and stack
    weights_bytes: int | None = None
    code_bytes: int | None = None
    flash_bytes: int | None = None  # weights and code


@dataclass(frozen=True)
class Time:
    """The published time of an inference on a part."""

    model: str
    part: str
    milliseconds: float
    source: str


@dataclass(frozen=True)
class Width:
    """A row of MobileNetV1's published table: 1,000 classes, a picture of size x size pixels."""

    alpha: float
    size: int
    macs: int  # millions
    parameters: float  # millions
    top_1: float  # percent of ImageNet's pictures


def _x_cube_ai(activations: float, runtime: float, weights: float, code: float) -> Published:
    """The four columns of the table, in KiB."""
    return Published(
        "X-CUBE-AI 9.1.0, int8, flowers",
        "stm32h747",
        arena_bytes=int(activations * KIB),
        runtime_ram_bytes=int(runtime * KIB),
        ram_bytes=int((activations + runtime) * KIB),
        weights_bytes=int(weights * KIB),
        code_bytes=int(code * KIB),
        flash_bytes=int((weights + code) * KIB),
    )


def _keras_vww(ram: float, rom: float) -> Published:
    # "K" is read as 1,000 bytes, the stricter of its two meanings
    return Published(
        "a published footprint, visual wake words by transfer learning",
        "nrf52840",
        ram_bytes=int(ram * 1000),
        flash_bytes=int(rom * 1000),
    )


MEMORY = {
    "fdmobilenet_025_128": _x_cube_ai(56.16, 14.2, 128.32, 58.16),
    "fdmobilenet_025_224": _x_cube_ai(157.03, 14.25, 128.32, 58.66),
    "st_fdmobilenet_v1_128": _x_cube_ai(74.23, 14.2, 144.93, 60.12),
    "st_fdmobilenet_v1_224": _x_cube_ai(211.64, 14.25, 144.93, 60.17),
    "mobilenet_v1_025_96": _keras_vww(105.9, 301.6),
    "mobilenet_v1_020_96": _keras_vww(83.1, 218.3),
    "mobilenet_v1_010_96": _keras_vww(53.2, 101.0),
    "micromobilenet_pico": Published(
        "micromobilenet's C++ for 2 classes, measured in QEMU",
        "nrf52840",
        ram_bytes=67204,
        flash_bytes=8072,
    ),
    "mobile_lenet:float32": Published(
        "Noodle for BloodMNIST, measured in QEMU; RAM is its heap",
        "nrf52840",
        ram_bytes=70496,
        flash_bytes=23400,
    ),
    "vww_96_int8": Published("CMSIS-NN called directly, measured in QEMU", arena_bytes=65536),
}

ST_TIMES = "X-CUBE-AI 9.1.0, int8, flowers, measured on the Discovery board"
NANO_TIMES = "micromobilenet's C++, float32, flowers, measured on an Arduino Nano 33 BLE"

TIMES = (
    Time("fdmobilenet_025_128", "stm32h747", 17.73, ST_TIMES),
    Time("fdmobilenet_025_224", "stm32h747", 53.52, ST_TIMES),
    Time("st_fdmobilenet_v1_128", "stm32h747", 32.14, ST_TIMES),
    Time("st_fdmobilenet_v1_224", "stm32h747", 102.0, ST_TIMES),
    Time("st_fdmobilenet_v1_128", "stm32f769", 59.29, ST_TIMES),
    Time("st_fdmobilenet_v1_224", "stm32f769", 176.5, ST_TIMES),
    Time("pico_mobilenet:float32", "nrf52840", 11.3, NANO_TIMES),
    Time("nano_mobilenet:float32", "nrf52840", 25.6, NANO_TIMES),
    Time("micro_mobilenet:float32", "nrf52840", 124.5, NANO_TIMES),
    Time("milli_mobilenet:float32", "nrf52840", 148.3, NANO_TIMES),
)

CLASSES = 1000  # of the table below
# 4.14 million parameters for the smaller picture are a slip: pictures do not change parameters.
WIDTHS = (
    Width(1.0, 224, 569, 4.24, 70.7),
    Width(1.0, 128, 186, 4.14, 64.1),
    Width(0.75, 224, 317, 2.59, 68.4),
    Width(0.75, 128, 104, 2.59, 61.8),
    Width(0.5, 224, 150, 1.34, 64.0),
    Width(0.5, 128, 49, 1.34, 56.2),
    Width(0.25, 224, 41, 0.47, 50.6),
    Width(0.25, 128, 14, 0.47, 41.2),
)
