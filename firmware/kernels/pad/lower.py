"""PAD and PADV2, where they could not be folded into the next layer -> bl_pad_*"""

from boardless.model.compiler import quantise
from boardless.model.compiler.kernels import Call, Context
from boardless.model.compiler.overlap import pixelwise


def lower(context: Context) -> Call:
    suffix = context.suffix("int16")
    shape, output = context.input().shape, context.output().shape
    paddings = context.integers(1, "list of paddings")
    if paddings.shape != (len(shape), 2) or paddings.min() < 0:
        raise context.refuse(f"its paddings do not fit the input {shape}")
    pairs = [(int(before), int(after)) for before, after in paddings]
    if output != tuple(a + size + b for size, (a, b) in zip(shape, pairs, strict=True)):
        raise context.refuse(f"output {output} does not fit the paddings {pairs}")
    if context.input().quantisation != context.output().quantisation:
        raise context.refuse("input and output differ in scale or zero point")
    if any(size != 1 for size in shape[:-3]) or any(map(any, pairs[:-3])):
        raise context.refuse("only height, width and channels can be padded")
    missing = max(3 - len(shape), 0)
    shape = (1,) * missing + shape[-3:]
    (top, bottom), (left, right), (before, after) = [(0, 0)] * missing + pairs[-3:]
    call = Call(
        function=f"bl_pad_{suffix}_ref",
        params_type=f"bl_pad_{suffix}",
        params={
            "input_h": shape[0],
            "input_w": shape[1],
            "input_c": shape[2],
            "top": top,
            "bottom": bottom,
            "left": left,
            "right": right,
            "before": before,
            "after": after,
            "value": _value(context),
        },
        header="pad/pad.h",
    )
    if len(context.input().shape) != 4 or before or after:
        return call  # channels written between pixels: no promise
    return call.with_clearances(context.clearance(pixelwise(*context.maps(), top, left)))


def output_shape(context: Context) -> tuple[int, ...]:
    pairs = context.integers(1, "list of paddings").tolist()
    sizes = zip(context.input().shape, pairs, strict=True)
    return tuple(before + size + after for size, (before, after) in sizes)


def _value(context: Context) -> int | float:
    """Real 0, or the constant that PADV2 names."""
    output = context.output()
    if context.optional(2) is None:
        return 0.0 if output.dtype == "float32" else quantise.of(output).zero_point
    value = context.constant(2, "padding value")
    if value.dtype != output.dtype or value.count != 1 or value.data is None:
        raise context.refuse(f"the padding value is {value.type_and_shape}")
    if value.quantisation != output.quantisation:
        raise context.refuse("the padding value and the output differ in scale or zero point")
    number: int | float = value.data.reshape(-1)[0].item()
    return number
