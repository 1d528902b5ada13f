"""TRANSPOSE_CONV -> bl_transpose_conv_*"""

import dataclasses

from boardless.model import profiles
from boardless.model.compiler import wide
from boardless.model.compiler.kernels import MAX_STEP, Call, Constant, Context, Params, place_window


def lower(context: Context) -> Call:
    # input 0 is the output's shape; from here on the others are in the order of a convolution
    inputs = context.op.inputs
    as_convolution = dataclasses.replace(context.op, inputs=(inputs[2], inputs[1], *inputs[3:]))
    conv = dataclasses.replace(context, op=as_convolution)
    suffix = conv.suffix("int16")
    (_, _, input_c), (_, _, output_c) = conv.maps()
    filter_h, filter_w = conv.constant(1, "filter").shape[1:3]
    filter_tensor = conv.filter((output_c, filter_h, filter_w, input_c))
    assert filter_tensor.data is not None
    constants = [Constant("filter", filter_tensor.data, "OHWI"), conv.bias(2, output_c)]
    window = _window(conv, filter_h, filter_w)
    params = {"window": window, **conv.activation()}
    if suffix == "s8":
        constants += conv.requantisation(filter_tensor, output_c)
        conv.accumulated(filter_tensor.data.reshape(output_c, -1), constants[1], constants[3])
        params |= conv.zero_points()
    elif suffix == "s16":
        rows = filter_tensor.data.reshape(output_c, -1)
        constants += conv.requantisation(filter_tensor, output_c)
        params["wide"] = wide.sums_in_64_bits(conv, rows, constants[1], constants[3])
        if not params["wide"] and not conv.profile.transposes_narrow:
            raise context.refuse(
                f"the reference {conv.profile.name} reads its int32 bias as int64",
                hint=f"--reference {profiles.DEFAULT}",
            )
    sized = context.input().data is None
    if sized and (context.input().dtype, context.input().shape) != ("int32", (4,)):
        raise context.refuse(f"its output's shape is {context.input().type_and_shape}")
    name = f"transpose_conv_sized_{suffix}" if sized else f"transpose_conv_{suffix}"
    return Call(
        function=f"bl_{name}_ref",
        params_type=f"bl_{name}",
        params={"layer": params} if sized else params,
        header="transpose_conv/transpose_conv.h",
        constants=tuple(constants),
        macs=window["input_h"] * window["input_w"] * filter_tensor.count,
        activations=(0, 2) if sized else (2,),
    )


def output_shape(context: Context) -> tuple[int, ...]:
    """Returns what input 0 says, or, where the model computes it, what its file says."""
    if context.input().data is None:
        return context.output().shape
    return tuple(context.integers(0, "output's shape").tolist())


def _window(context: Context, filter_h: int, filter_w: int) -> Params:
    """The window that would lead back from the output to the input."""
    (input_h, input_w, input_c), (output_h, output_w, output_c) = context.maps()
    options = context.op.options
    stride_h, stride_w = options["stride_h"], options["stride_w"]
    steps = (stride_h, stride_w, filter_h, filter_w)
    if not (min(steps) >= 1 and max(steps) <= MAX_STEP):
        raise context.refuse(f"a stride or filter size is not within 1..{MAX_STEP}")
    pad_top, height = place_window(options, "", output_h, filter_h, stride_h, 1)
    pad_left, width = place_window(options, "", output_w, filter_w, stride_w, 1)
    if (height, width) != (input_h, input_w):
        raise context.refuse(
            f"input map {input_h}x{input_w}, but an output of {output_h}x{output_w} needs one of "
            f"{height}x{width}"
        )
    return {
        "input_h": input_h,
        "input_w": input_w,
        "input_c": input_c,
        "output_h": output_h,
        "output_w": output_w,
        "output_c": output_c,
        "filter_h": filter_h,
        "filter_w": filter_w,
        "stride_h": stride_h,
        "stride_w": stride_w,
        "dilation_h": 1,
        "dilation_w": 1,
        "pad_top": pad_top,
        "pad_left": pad_left,
    }
