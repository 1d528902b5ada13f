"""PAD of height and width, where it could not be folded into the next layer -> bl_pad_*"""

from boardless.compiler import quantise
from boardless.compiler.kernels import Call, Context
from boardless.compiler.overlap import pixelwise


def lower(context: Context) -> Call:
    suffix = context.suffix()
    (input_h, input_w, channels), output = context.maps()
    paddings = context.constant(1, "list of paddings").data
    if paddings is None or paddings.shape != (4, 2) or paddings[[0, 3]].any() or paddings.min() < 0:
        raise context.refuse("only height and width can be padded")
    (top, bottom), (left, right) = ((int(a), int(b)) for a, b in paddings[1:3])
    if output != (input_h + top + bottom, input_w + left + right, channels):
        raise context.refuse(f"output {output} does not fit the paddings")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    return Call(
        function=f"bl_pad_{suffix}_ref",
        params_type=f"bl_pad_{suffix}",
        params={
            "input_h": input_h,
            "input_w": input_w,
            "channels": channels,
            "top": top,
            "bottom": bottom,
            "left": left,
            "right": right,
            "value": quantise.of(context.output()).zero_point if suffix == "s8" else 0.0,
        },
        header="pad/pad.h",
    ).with_clearances(context.clearance(pixelwise(*context.maps(), top, left)))
