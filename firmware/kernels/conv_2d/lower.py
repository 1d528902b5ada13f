"""CONV_2D -> bl_conv_2d_*"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import numpy as np
import numpy.typing as npt
from boardless.model.compiler import fixed_point, mve, wide
from boardless.model.compiler.dsp import (
    FastChannels,
    bias_or_zeros,
    fast_channels,
    float32_bounds,
    words,
)
from boardless.model.compiler.kernels import Call, Constant, Context, Params
from boardless.model.traits import Rounding

MOST_BLOCKS = 32  # of four pixels, beyond which little is left to gain
DIRECT_PIXELS = 16  # of a block, where patches are read in the input
FEW_CHANNELS_PIXELS = 32  # the same with fewer than four output channels
MOST_SKIPPED = 8  # rows times columns that a window does not share with its neighbour
PATCH_BYTES = 1280  # of scratch, where that is enough for two patches


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    (_, _, input_c), (output_h, output_w, output_c) = context.maps()
    filter_h, filter_w, own_c = context.constant(1, "filter").shape[1:]
    groups, rest = divmod(input_c, own_c)
    if rest or output_c % groups:
        raise context.refuse(
            f"{input_c} input channels, {own_c} of the filter and {output_c} output channels do "
            "not make whole groups"
        )
    filter_tensor = context.filter((output_c, filter_h, filter_w, own_c))
    assert filter_tensor.data is not None
    constants = [
        Constant("filter", filter_tensor.data, "OHWI"),
        context.bias(2, output_c),
    ]
    params = {"window": context.window(filter_h, filter_w), **context.activation()}
    offset = 0  # the weights' zero point
    if suffix == "s8" and context.rounding is Rounding.FLOAT:
        return _by_real_factors(context, constants, params | {"groups": groups})
    if suffix == "s8":
        constants += context.requantisation(filter_tensor, output_c, any_zero_point=True)
        rows, offset = context.centred(filter_tensor)
        context.accumulated(rows.reshape(output_c, -1), constants[1], constants[3])
        params |= context.zero_points()
        if offset:
            params["filter_zero_point"] = offset
    if suffix == "s16":
        rows = filter_tensor.data.reshape(output_c, -1)
        constants += context.requantisation(filter_tensor, output_c)
        params["wide"] = wide.sums_in_64_bits(context, rows, constants[1], constants[3])
        params["groups"] = groups
    elif groups > 1:
        if offset:
            raise context.refuse("a filter in groups with a zero point")
        params["groups"] = groups
    grouped = groups > 1 and suffix != "s16"
    name = "conv_2d_offset" if offset else "conv_2d_grouped" if grouped else "conv_2d"
    call = Call(
        function=f"bl_{name}_{suffix}_ref",
        params_type=f"bl_{name}_{suffix}",
        params=params,
        header="conv_2d/conv_2d.h",
        constants=tuple(constants),
        macs=output_h * output_w * filter_tensor.count,
    ).with_clearances(context.clearance(params["window"]))
    if offset or groups > 1:
        return call
    if "mve" in context.variants and suffix == "s8" and mve.shifts_right(call.constants[3]):
        return _s8_mve(context, call)
    if "dsp" in context.variants and suffix == "s8":
        return s8_dsp(context, call)
    if "fpu" in context.variants and suffix == "f32":
        return _f32_fpu(context, call)
    if "scalar" in context.variants and suffix == "s8":
        return s8_scalar(context, call)
    return call


def _by_real_factors(context: Context, constants: list[Constant], params: Params) -> Call:
    """Returns the call of the kernel that scales in single precision."""
    (_, _, _), (output_h, output_w, output_c) = context.maps()
    filter_tensor = context.input(1)
    return Call(
        function="bl_conv_2d_real_s8_ref",
        params_type="bl_conv_2d_grouped_s8",
        params=params | context.zero_points(),
        header="conv_2d/conv_2d.h",
        constants=(*constants, context.real_factors(filter_tensor, output_c)),
        macs=output_h * output_w * filter_tensor.count,
    ).with_clearances(context.clearance(params["window"]))


def output_shape(context: Context) -> tuple[int, ...]:
    filters, filter_h, filter_w, _ = context.constant(1, "filter").shape
    return context.windowed(filter_h, filter_w, filters)


def _is_mono(call: Call) -> bool:
    """Returns True if the _mono variants support the window."""
    window, taps = call.params["window"], call.constants[0].data
    return taps is not None and taps.shape[1:] == (3, 3, 1) and window["dilation_w"] == 1


def s8_scalar(context: Context, call: Call) -> Call:
    """Returns the call of the variant without the zero point in its inner loop."""
    taps, bias, *scaling = call.constants
    assert taps.data is not None
    rows = taps.data.reshape(len(taps.data), -1)
    folded = fixed_point.folded_bias(rows, bias.data, call.params["input_zero_point"])
    if _is_mono(call):
        columns = [folded, *(c.data for c in scaling if c.data is not None), rows]
        packed = np.column_stack(columns).astype(np.int32)
        return dataclasses.replace(
            call,
            function="bl_conv_2d_s8_mono_scalar",
            constants=(Constant("filter", packed, "channels: bias, multiplier, shift, taps"),),
        ).with_clearances(context.clearance(call.params["window"], pixels=0))
    return dataclasses.replace(
        call,
        function="bl_conv_2d_s8_scalar",
        constants=(taps, Constant("bias", folded), *scaling),
        scratch_bytes=2 * rows.shape[1],
    ).with_clearances(context.clearance(call.params["window"], pixels=2))


def _s8_mve(context: Context, call: Call) -> Call:
    """Returns the call of an MVE variant."""
    taps, bias, multiplier, shift = call.constants
    assert taps.data is not None
    window, zero_point = call.params["window"], call.params["input_zero_point"]
    if _is_mono(call):
        mono = np.zeros((len(taps.data), 4, 4), np.int8)
        mono[:, :3, :3] = taps.data.reshape(-1, 3, 3)
        packed = mve.packed(mono.reshape(-1, 16), bias, multiplier, shift, zero_point)
        return dataclasses.replace(
            call, function="bl_conv_2d_s8_mono_mve", constants=(packed,)
        ).with_clearances(context.clearance(window, pixels=0))
    window = mve.in_a_row(window)
    patches = _patches(window)
    filters = taps.data.transpose(0, 2, 1, 3) if patches.columns else taps.data
    rows = np.ascontiguousarray(filters).reshape(len(filters), -1)
    groups = (len(rows) + (3 if patches.most < 4 else 0)) // 4
    packed = (
        mve.packed(rows, bias, multiplier, shift, zero_point)
        if patches.most == 1
        else mve.by_turns(rows, groups, bias, multiplier, shift, zero_point, filled=patches.filled)
    )
    return dataclasses.replace(
        call,
        function=f"bl_conv_2d_s8_{'' if patches.scratch_bytes else 'direct_'}mve",
        params=call.params | {"window": window},
        constants=(packed,),
        scratch_bytes=patches.scratch_bytes,
    ).with_clearances(
        context.clearance(window, pixels=0 if patches.scratch_bytes else patches.most)
    )


@dataclasses.dataclass(frozen=True)
class _Patches:
    """The patches under a block of output pixels, as bl_conv_2d_s8_mve walks over it."""

    columns: bool  # of the window lie one behind the other, else rows
    most: int  # pixels of a block
    filled: bool  # with zeros, to whole vectors of taps
    scratch_bytes: int  # 0: the patches are read where they lie in the input


def _patches(window: Params) -> _Patches:
    """Returns how the variant lays out the patches of a window."""
    rows, columns, input_c = window["filter_h"], window["filter_w"], window["input_c"]
    aside, stride = 1 in (window["dilation_w"], columns), window["stride_w"]
    reach = {s: (window[f"output_{s}"] - 1) * window[f"stride_{s}"] + 1 for s in "hw"}
    inside = reach["h"] <= window["input_h"] and reach["w"] + columns - 1 <= window["input_w"]
    direct = aside and rows == 1 and window["pad_top"] == window["pad_left"] == 0 and inside
    if direct:
        flat = columns == stride == window["stride_h"] == 1 and all(
            window[f"input_{s}"] == window[f"output_{s}"] for s in "hw"
        )
        pixels = window["output_w"] * (window["output_h"] if flat else 1)
        most = DIRECT_PIXELS if window["output_c"] >= 4 else FEW_CHANNELS_PIXELS
        return _Patches(columns=False, most=min(most, pixels), filled=False, scratch_bytes=0)
    wide = columns * input_c > mve.AT_ONCE or (stride - 1) * rows <= MOST_SKIPPED
    by_columns = aside and window["output_w"] > 1 and stride <= columns and wide
    patch = rows * columns * input_c
    step = stride * rows * input_c if by_columns else patch
    pixels = window["output_w"] * (1 if by_columns else window["output_h"])
    most = max(((PATCH_BYTES - patch) // step + 1) // 2 * 2, 2)
    each = -(-pixels // -(-pixels // most))
    most = min(each + each % 2, pixels)
    filled = patch > mve.AT_ONCE
    whole = -(-patch // mve.AT_ONCE) * mve.AT_ONCE if filled and pixels > 1 else patch
    return _Patches(by_columns, most, filled, scratch_bytes=whole + (most - 1) * step)


def s8_dsp(context: Context, call: Call) -> Call:
    """Returns the call of the SIMD variant; `call` itself if the variant would not be exact."""
    data = call.constants[0].data
    assert data is not None
    output_c, _, filter_w, input_c = data.shape
    fast = fast_channels(context, data.reshape(output_c, -1), call.constants[1])
    if fast is None:
        return call
    if _is_mono(call):
        return _s8_mono(context, call, fast)
    side_by_side = call.params["window"]["dilation_w"] == 1
    run = filter_w * input_c if side_by_side else input_c  # bytes
    packed = pack(fast.taps.reshape(output_c, -1, run), fast.channels)
    steps, clearance = packed.shape[1] - 6, context.clearance(call.params["window"], pixels=0)
    relu = "relu_" if call.params["activation_min"] >= call.params["output_zero_point"] else ""
    few = dataclasses.replace(
        call,
        function="bl_conv_2d_s8_dsp",
        constants=(Constant("filter", packed, "channel pairs: biases, input pairs, scalings"),),
        scratch_bytes=16 * steps + run,
    )
    blocks = call.params["window"]["output_h"] * call.params["window"]["output_w"] // 4
    fewest = fewest_blocks(steps)
    if blocks < fewest or output_c < 2 or steps < 2:
        return few.with_clearances(clearance)
    many = dataclasses.replace(
        few,
        function=f"bl_conv_2d_s8_{relu}blocks_dsp",
        scratch_bytes=(8 + 16 * fewest) * steps + run,
        most_scratch_bytes=(8 + 16 * max(fewest, min(blocks + 1, MOST_BLOCKS))) * steps + run,
    ).with_clearances(clearance)
    return dataclasses.replace(few, roomier=many).with_clearances(clearance)


def fewest_blocks(steps: int) -> int:
    """Returns for how many blocks of four pixels it pays to widen the weights of two channels
    first, `steps` pairs of each. On a Cortex-M4 with memory that hardly waits a block gains 2 of
    19 cycles per step, and widening takes 6.6 per step and 115 for all."""
    return max(4, math.ceil((115 + 6.6 * steps) / (2 + 2 * steps)))


def _s8_mono(context: Context, call: Call, fast: FastChannels) -> Call:
    """Returns the call of the SIMD variant for a 3x3 window on a single channel."""
    taps = np.full((len(fast.taps), 10), -1, "<i2")
    taps[:, :9] = fast.taps
    taps[-1, 9] = 0  # no channel follows
    pairs = np.ascontiguousarray(taps[:, [0, 2, 3, 5, 6, 8, 1, 4, 7, 9]]).view("<i4")
    packed = np.hstack([fast.channels[:, :1], pairs, fast.channels[:, 1:]])
    return dataclasses.replace(
        call,
        function="bl_conv_2d_s8_mono_dsp",
        constants=(Constant("filter", packed, "channels: bias, taps, multiplier, scale"),),
    ).with_clearances(context.clearance(call.params["window"], pixels=0))


def _f32_fpu(context: Context, call: Call) -> Call:
    """Returns the call of the variant with several sums in registers; `call` itself if it does not
    fit."""
    data = call.constants[0].data
    assert data is not None
    if not float32_bounds(call.params):
        return call
    output_c = len(data)
    taps = data.reshape(output_c, -1)
    padded = np.zeros((-(-output_c // 4) * 4, taps.shape[1]), np.float32)
    padded[:output_c] = taps
    packed = padded.reshape(-1, 4, taps.shape[1]).transpose(0, 2, 1)
    return dataclasses.replace(
        call,
        function="bl_conv_2d_f32_fpu",
        constants=(
            Constant("filter", packed, "channel blocks, HWI, 4 channels"),
            bias_or_zeros(call.constants[1], output_c),
        ),
    ).with_clearances(context.clearance(call.params["window"], pixels=4))


def pack(taps: npt.NDArray[np.int8], channels: npt.NDArray[np.int32]) -> npt.NDArray[Any]:
    """(output_c, runs, run) and (output_c, 3) -> words (channel pairs, 2 biases, input pairs,
    2 multipliers and scales), as conv_2d.h says."""
    output_c, runs, run = taps.shape
    first, second = [], []
    for i in range(0, run - 3, 4):
        first += [i, i + 1]
        second += [i + 2, i + 3]
    first += range(run - run % 4, run, 2)
    second += range(run - run % 4 + 1, run + 1, 2)
    padded = np.zeros((output_c, runs, run + 1), np.int8)
    padded[:, :, :run] = taps
    inputs = np.stack([padded[:, :, first], padded[:, :, second]], axis=-1)  # c, runs, pairs, 2
    begin = np.minimum(np.arange(0, output_c, 2), max(output_c - 2, 0))
    two = np.stack([begin, np.minimum(begin + 1, output_c - 1)], axis=-1)  # the channels of a pair
    by_two = inputs[two].reshape(len(two), 2, runs * len(first), 2).transpose(0, 2, 3, 1)
    scalings = channels[two][:, :, 1:].reshape(len(two), 4)
    return np.hstack([channels[two][:, :, 0], words(by_two.reshape(len(two), -1)), scalings])
