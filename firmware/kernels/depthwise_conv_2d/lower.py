"""DEPTHWISE_CONV_2D -> bl_depthwise_conv_2d_*"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import fixed_point, kernels, mve, wide
from boardless.model.compiler.dsp import (
    FastChannels,
    bias_or_zeros,
    fast_channels,
    float32_bounds,
    words,
)
from boardless.model.compiler.kernels import Call, Constant, Context, Params
from boardless.model.traits import Rounding

BAND_BYTES = 2048  # of scratch: larger bands widen fewer rows twice
THRIFTY_BANDS = 5  # of a map that could be one: then input and output share most of their memory
MOST_PLANE = 8191  # bytes that eight channels' planes may lie apart
FEW_PIXELS = 4  # of an output map: with fewer, preparing a channel to slide takes longer than taps


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    (_, _, input_c), (output_h, output_w, output_c) = context.maps()
    filter_h, filter_w = context.constant(1, "filter").shape[1:3]
    filter_tensor = context.filter((1, filter_h, filter_w, output_c))
    if output_c % input_c:
        raise context.refuse(f"{output_c} output channels are no multiple of {input_c}")
    assert filter_tensor.data is not None
    constants = [
        Constant("filter", filter_tensor.data, "1HWO"),
        context.bias(2, output_c),
    ]
    params = {"window": context.window(filter_h, filter_w), **context.activation()}
    offset = 0  # the weights' zero point
    if suffix == "s8" and context.rounding is Rounding.FLOAT:
        return Call(
            function="bl_depthwise_conv_2d_real_s8_ref",
            params_type="bl_depthwise_conv_2d_s8",
            params=params | context.zero_points(),
            header="depthwise_conv_2d/depthwise_conv_2d.h",
            constants=(*constants, context.real_factors(filter_tensor, output_c)),
            macs=output_h * output_w * filter_tensor.count,
        ).with_clearances(context.clearance(params["window"]))
    if suffix == "s8":
        constants += context.requantisation(filter_tensor, output_c, any_zero_point=True)
        rows, offset = context.centred(filter_tensor)
        context.accumulated(rows.reshape(-1, output_c).T, constants[1], constants[3])
        params |= context.zero_points()
        if offset:
            params["filter_zero_point"] = offset
    if suffix == "s16":
        columns = filter_tensor.data.reshape(-1, output_c).T
        constants += context.requantisation(filter_tensor, output_c)
        params["wide"] = wide.sums_in_64_bits(context, columns, constants[1], constants[3])
    name = "depthwise_conv_2d_offset" if offset else "depthwise_conv_2d"
    call = Call(
        function=f"bl_{name}_{suffix}_ref",
        params_type=f"bl_{name}_{suffix}",
        params=params,
        header="depthwise_conv_2d/depthwise_conv_2d.h",
        constants=tuple(constants),
        macs=output_h * output_w * filter_tensor.count,
    ).with_clearances(context.clearance(params["window"]))
    if offset:
        return call
    if "mve" in context.variants and suffix == "s8" and mve.shifts_right(call.constants[3]):
        variant = _mve(context, call)
        if variant:
            return variant
    if "dsp" in context.variants and suffix == "s8":
        return _s8_dsp(context, call, filter_tensor.data.reshape(-1, output_c).T) or call
    if "fpu" in context.variants and suffix == "f32" and _slides(call) and input_c == output_c:
        return _f32_fpu(context, call)
    if "scalar" in context.variants and suffix == "s8" and filter_h * filter_w < 65536:
        if input_c == 1 and not _by_fours(params["window"]):
            found: Call = kernels.module("CONV_2D").s8_scalar(context, _as_convolution(call))
            return found
        return _s8_scalar(context, call)
    return call


def output_shape(context: Context) -> tuple[int, ...]:
    _, filter_h, filter_w, channels = context.constant(1, "filter").shape
    return context.windowed(filter_h, filter_w, channels)


def _slides(call: Call) -> bool:
    """Returns True if slide.h supports the window."""
    window = call.params["window"]
    return (
        (window["filter_h"], window["filter_w"]) == (3, 3)
        and (window["dilation_h"], window["dilation_w"]) == (1, 1)
        and window["stride_w"] <= 2
    )


def _s8_dsp(context: Context, call: Call, taps: npt.NDArray[Any]) -> Call | None:
    """Returns the call of a _dsp variant; None if there is no variant or it would not be exact.
    `taps` is (output channels, taps) of int8."""
    window = call.params["window"]
    input_c, output_c = window["input_c"], window["output_c"]
    thin, multiplier = input_c < 4, output_c // input_c
    few = window["output_w"] == 1 or window["output_h"] * window["output_w"] < FEW_PIXELS
    slides = _slides(call) and (thin or (multiplier == 1 and not few))
    if not slides and input_c == 1:
        convolution: Call = kernels.module("CONV_2D").s8_dsp(context, _as_convolution(call))
        return None if convolution.function.endswith("_ref") else convolution
    if not slides and (input_c if multiplier == 1 else multiplier) < 4:
        return None
    fast = fast_channels(context, taps, call.constants[1])
    if fast is None:
        return None
    return (_slide_dsp if slides else _taps_dsp)(context, call, fast)


def _as_convolution(call: Call) -> Call:
    """Returns the convolution with the same sums, of a layer with one input channel: its kernels
    keep the inputs under a window for all output channels."""
    filter_data = call.constants[0].data
    assert filter_data is not None
    taps = np.ascontiguousarray(filter_data.transpose(3, 1, 2, 0))
    return dataclasses.replace(
        call,
        function="bl_conv_2d_s8_ref",
        params_type="bl_conv_2d_s8",
        header="conv_2d/conv_2d.h",
        constants=(Constant("filter", taps, "OHWI"), *call.constants[1:]),
    )


def _slide_dsp(context: Context, call: Call, fast: FastChannels) -> Call:
    """Returns the call of the variant that slides: for maps of few channels the thin one."""
    window = call.params["window"]
    thin = window["input_c"] < 4
    row_bytes = 16 * ((window["output_w"] + 1) // 2 * window["stride_w"] + 1)
    whole = (window["output_h"] - 1) * window["stride_h"] + 3
    twice_the_middle = fast.taps.reshape(-1, 3, 3)[:, :, [0, 1, 1, 2]]
    relu = call.params["activation_min"] >= call.params["output_zero_point"]
    packed = np.hstack([words(twice_the_middle).reshape(-1, 3), fast.channels])
    found = dataclasses.replace(
        call,
        function=f"bl_depthwise_conv_2d_s8_{'thin_' * thin}{'relu_' * relu}dsp",
        constants=(Constant("filter", packed, "channels: rows of taps; bias, multiplier, scale"),),
    )

    def of(rows: int, thriftier: Call | None = None) -> Call:
        band = (rows - 3) // window["stride_h"] + 1  # output rows that are made from these
        pixels = 0 if thin else band * window["output_w"]
        return dataclasses.replace(
            found, scratch_bytes=row_bytes * rows, thriftier=thriftier
        ).with_clearances(context.clearance(window, pixels))

    rows = min(whole, max(3, BAND_BYTES // row_bytes))
    if thin or rows < whole:
        return of(rows)
    fewer = -(-window["output_h"] // THRIFTY_BANDS)
    return of(rows, of((fewer - 1) * window["stride_h"] + 3))


def _taps_dsp(context: Context, call: Call, fast: FastChannels) -> Call:
    """Returns the call of the variant for any window."""
    window = call.params["window"]
    taps = fast.taps.T.reshape(1, window["filter_h"], window["filter_w"], window["output_c"])
    return dataclasses.replace(
        call,
        function="bl_depthwise_conv_2d_s8_taps_dsp",
        constants=(Constant("filter", np.ascontiguousarray(taps), "1HWO"), fast.constant()),
        scratch_bytes=8 * window["filter_h"] * window["filter_w"],
    ).with_clearances(context.clearance(window))


def _f32_fpu(context: Context, call: Call) -> Call:
    """Returns the call of the variant with the taps in registers."""
    if not float32_bounds(call.params):
        return call
    window = call.params["window"]
    bias = bias_or_zeros(call.constants[1], window["output_c"])
    return dataclasses.replace(
        call, function="bl_depthwise_conv_2d_f32_fpu", constants=(call.constants[0], bias)
    ).with_clearances(context.clearance(window, pixels=window["output_w"]))


def _s8_scalar(context: Context, call: Call) -> Call:
    """Returns the call of the variant without the zero point in its inner loop."""
    taps, bias, multiplier, shift = call.constants
    assert taps.data is not None
    assert multiplier.data is not None
    assert shift.data is not None
    rows = taps.data.reshape(-1, call.params["window"]["output_c"]).T
    folded = fixed_point.folded_bias(rows, bias.data, call.params["input_zero_point"])
    last = rows.sum(axis=1, dtype=np.int32) * 256 + (-1 - shift.data & 0xFF)
    channels = np.stack([folded, multiplier.data, last], axis=1).astype(np.int32)
    fours = _by_fours(call.params["window"])
    taps_of_fours = np.concatenate([four.T.ravel() for four in _in_fours(rows)]) if fours else rows
    return dataclasses.replace(
        call,
        function=f"bl_depthwise_conv_2d_s8_{'fours_' * fours}scalar",
        constants=(
            Constant("filter", np.ascontiguousarray(taps_of_fours), "channels, rows of taps"),
            Constant("channels", channels, "channels: bias, multiplier, taps and shift"),
        ),
    ).with_clearances(context.clearance(call.params["window"]))


def _by_fours(window: Params) -> bool:
    """Returns True where four output channels at a time are faster than one."""
    channels, multiplier = window["input_c"], window["output_c"] // window["input_c"]
    nine = (window["filter_h"], window["filter_w"]) == (3, 3)
    if channels == 1:  # else a convolution: many outputs make up for the copy of its patches
        return bool(multiplier in (4, 8) and not nine)
    if multiplier > 1:
        return bool(multiplier % 4 == 0)
    return bool(channels >= 4 and not nine)


def _in_fours(rows: npt.NDArray[np.int8]) -> list[npt.NDArray[np.int8]]:
    """Returns the channels (C, T) in parts (4, T), and those that are left in parts (1, T)."""
    whole = len(rows) // 4 * 4
    return [*np.split(rows[:whole], whole // 4 or 1), *rows[whole:, None]]


def _s8_mve(context: Context, call: Call) -> Call:
    """Returns the call of the MVE variant."""
    taps, bias, multiplier, shift = call.constants
    assert taps.data is not None
    window = call.params["window"]
    channels, height, width = window["output_c"], window["filter_h"], window["filter_w"]
    rows = np.zeros((channels, 4, 4), np.int8)  # columns, then rows
    rows[:, :width, :height] = taps.data.reshape(height, width, channels).transpose(2, 1, 0)
    columns = (window["output_w"] - 1) * window["stride_w"] + (width - 1) * window["dilation_w"] + 1
    zero_point = call.params["input_zero_point"]
    return dataclasses.replace(
        call,
        function="bl_depthwise_conv_2d_s8_mve",
        constants=(mve.packed(rows.reshape(channels, 16), bias, multiplier, shift, zero_point),),
        scratch_bytes=4 * (columns - 1) * min(channels, 16) + 64,
    ).with_clearances(context.clearance(window, pixels=0 if channels <= 16 else window["output_w"]))


def _mve(context: Context, call: Call) -> Call | None:
    """Returns the call of the MVE variant that is expected to take the fewest instructions; None
    where there is none."""
    window, taps = call.params["window"], call.constants[0].data
    assert taps is not None
    lines, same = _lines(window), window["input_c"] == window["output_c"]
    column = window["input_w"] == window["filter_w"] == 1  # whose rows are too short
    small = same and max(window["filter_h"], window["filter_w"]) <= 4
    if same and window["input_c"] >= mve.AT_ONCE and taps.min() >= -127:
        others = [_lines_cost(window, lines)] if lines.most and (column or not small) else []
        others += [_small_cost(window)] if small and not others else []
        if _channels_cost(window) <= min(others, default=math.inf):
            return _s8_channels_mve(context, call)
    if lines.most and (column or not small):
        return _s8_lines_mve(context, call, lines)
    return _s8_mve(context, call) if small else None


# Instructions that the variants take, fitted to counts of the layers in shapes.toml.


def _channels_cost(window: Params) -> float:
    """Returns about how many instructions bl_depthwise_conv_2d_s8_channels_mve takes."""
    taps, inside, pixels = window["filter_h"] * window["filter_w"], 1, 1
    for side, pad in ("h", "pad_top"), ("w", "pad_left"):
        reach = (window[f"filter_{side}"] - 1) * window[f"dilation_{side}"] + 1
        starts = np.arange(window[f"output_{side}"]) * window[f"stride_{side}"] - window[pad]
        inside *= int(((starts >= 0) & (starts + reach <= window[f"input_{side}"])).sum())
        pixels *= len(starts)
    sixteens = -(-window["input_c"] // mve.AT_ONCE)
    return float(pixels * sixteens * (57 + 12 * taps) + (pixels - inside) * (20 + 10 * taps))


def _small_cost(window: Params) -> float:
    """Returns the same for bl_depthwise_conv_2d_s8_mve."""
    fours = -(-window["input_c"] // 4)
    return float(window["output_h"] * fours * (36 * window["output_w"] + 100))


def _lines_cost(window: Params, lines: _Lines) -> float:
    """Returns the same for bl_depthwise_conv_2d_s8_lines_mve."""
    along, across = "hw" if lines.upright else "wh"
    fours = window["input_c"] * window[f"output_{across}"] * -(-window[f"output_{along}"] // 4)
    vectors = lines.count * -(-lines.reach // mve.AT_ONCE)
    return float(fours) * (44 if vectors == 1 else 60 + 16 * vectors)


def _s8_channels_mve(context: Context, call: Call) -> Call:
    """Returns the call of the MVE variant for many channels."""
    taps, bias, multiplier, shift = call.constants
    assert taps.data is not None
    assert multiplier.data is not None
    assert shift.data is not None
    window = mve.in_a_row(call.params["window"])
    zero_point = call.params["input_zero_point"]
    channels, count = window["output_c"], window["filter_h"] * window["filter_w"]
    rows = taps.data.reshape(count, channels).T
    folded = fixed_point.folded_bias(np.ascontiguousarray(rows), bias.data, zero_point)
    begin = np.minimum(np.arange(0, channels, mve.AT_ONCE), channels - mve.AT_ONCE)
    sixteens = begin[:, None] + np.arange(mve.AT_ONCE)
    in_order = sixteens[:, [0, 4, 8, 12, 2, 6, 10, 14, 1, 5, 9, 13, 3, 7, 11, 15]]
    heads = np.stack([folded, multiplier.data, shift.data])[:, in_order].transpose(1, 0, 2)
    body = np.ascontiguousarray(rows.T[:, sixteens].transpose(1, 0, 2)).view("<i4")
    packed = np.hstack([x.reshape(len(begin), -1) for x in (heads, body)]).astype(np.int32)
    return dataclasses.replace(
        call,
        function="bl_depthwise_conv_2d_s8_channels_mve",
        params=call.params | {"window": window},
        constants=(Constant("filter", packed, "16 channels: biases, multipliers, shifts, taps"),),
        scratch_bytes=8 * count + channels,
    ).with_clearances(context.clearance(window))


@dataclasses.dataclass(frozen=True)
class _Lines:
    """The lines of a window, as bl_depthwise_conv_2d_s8_lines_mve walks over them."""

    upright: bool  # a line is a column
    reach: int  # of a line, in pixels
    count: int  # of a window's lines
    most: int  # rows of windows in a band; 0 if the planes would be too large
    scratch_bytes: int


def _lines(window: Params) -> _Lines:
    """Returns the lines of a window: columns where that takes fewer vectors of 16 taps."""
    reach = {s: (window[f"filter_{s}"] - 1) * window[f"dilation_{s}"] + 1 for s in "hw"}
    vectors = {
        along: -(-reach[along] // 16) * window[f"filter_{across}"] for along, across in ("hw", "wh")
    }
    along, across = "hw" if vectors["h"] < vectors["w"] else "wh"
    fours, stride = -(-window[f"output_{along}"] // 4), window[f"stride_{across}"]
    pitch = (4 * fours - 1) * window[f"stride_{along}"] + reach[along]
    planes = min(window["input_c"], 8)
    fitting = min(BAND_BYTES // (planes * pitch), MOST_PLANE // pitch)
    most = max(1, min((fitting - reach[across]) // stride + 1, window[f"output_{across}"]))
    plane = ((most - 1) * stride + reach[across]) * pitch
    return _Lines(
        upright=along == "h",
        reach=reach[along],
        count=window[f"filter_{across}"],
        most=most if plane <= MOST_PLANE else 0,
        scratch_bytes=planes * plane + 16,
    )


def _s8_lines_mve(context: Context, call: Call, lines: _Lines) -> Call:
    """Returns the call of the MVE variant for any window."""
    taps, bias, multiplier, shift = call.constants
    assert taps.data is not None
    assert multiplier.data is not None
    assert shift.data is not None
    window = call.params["window"]
    channels = window["output_c"]
    shape = (window["filter_h"], window["filter_w"], channels)
    by_line = taps.data.reshape(shape).transpose((2, 1, 0) if lines.upright else (2, 0, 1))
    rows = np.zeros((channels, lines.count, lines.reach), np.int8)
    rows[:, :, :: window["dilation_h" if lines.upright else "dilation_w"]] = by_line
    parts = [rows[:, :, at : at + 16].reshape(channels, -1) for at in range(0, lines.reach, 16)]
    body = np.zeros((channels, -(-lines.count * lines.reach // 4) * 4), np.int8)
    body[:, : lines.count * lines.reach] = np.hstack(parts)
    zero_point = call.params["input_zero_point"]
    folded = fixed_point.folded_bias(rows.reshape(channels, -1), bias.data, zero_point)
    head = np.stack([folded, multiplier.data, shift.data], axis=1)
    packed = np.hstack([head, body.view("<i4")]).astype(np.int32)
    found = dataclasses.replace(
        call,
        function="bl_depthwise_conv_2d_s8_lines_mve",
        constants=(Constant("filter", packed, "channels: bias, multiplier, shift, lines"),),
        scratch_bytes=lines.scratch_bytes,
    )
    if lines.upright and window["output_w"] > 1:
        return found.with_clearances()
    band = window["output_h"] if lines.upright else lines.most * window["output_w"]
    pixels = 0 if window["input_c"] <= 8 else band
    return found.with_clearances(context.clearance(window, pixels))
