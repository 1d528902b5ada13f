"""The argument of a kernel folder's lower(): its operator's operands, scales and windows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from boardless.model import traits
from boardless.model.compiler import fixed_point, quantise
from boardless.model.compiler.calls import Constant, Params
from boardless.model.compiler.operands import Operands
from boardless.model.compiler.overlap import window_clearance
from boardless.model.graph import Tensor

MAX_STEP = 1 << 12  # pixels; keeps every position of a window within int32
# of a bias, by the type of the layer's output; kernels get the first
BIASES = {"int8": ("int32",), "float32": ("float32",), "int16": ("int64", "int32")}
Values = npt.NDArray[np.int64] | int


@dataclass(frozen=True)
class Context(Operands):
    """The argument of lower(): operands, with what is computed of their scales and windows."""

    def requantisation(
        self, filter_tensor: Tensor, channels: int, any_zero_point: bool = False
    ) -> tuple[Constant, Constant]:
        """Per-channel multiplier and shift from input, filter and output scales. Kernels that take
        weights of `any_zero_point` say so."""
        scales = quantise.of(filter_tensor).scales
        if len(scales) not in (1, channels):
            raise self.refuse(f"{len(scales)} filter scales for {channels} output channels")
        if any(quantise.of(filter_tensor).zero_points) and not any_zero_point:
            raise self.refuse("the filter's zero point is not 0")
        pairs = [
            quantise.multiplier_and_shift(product / quantise.of(self.output()).scale)
            for product in self._products(scales, channels)
        ]
        return (
            Constant("multiplier", np.array([m for m, _ in pairs], np.int32)),
            Constant("shift", np.array([s for _, s in pairs], np.int32)),
        )

    def _products(self, scales: tuple[float, ...], channels: int) -> list[float]:
        """The scale of the sum of products of each channel. TFLite multiplies in double precision,
        but in single for uint8 windows."""
        scale, known = quantise.of(self.input()).scale, traits.of(self.op.name)
        windowed = known.form is traits.Form.WINDOW or known.filtered is not None
        single = windowed and self.input().own_dtype == "uint8"
        found = [
            float(np.float32(scale) * np.float32(other)) if single else scale * other
            for other in scales
        ]
        return found * channels if len(scales) == 1 else found

    def real_factors(self, filter_tensor: Tensor, channels: int) -> Constant:
        """Returns the factor of each channel in single precision, as XNNPACK computes it."""
        quantisation = quantise.of(filter_tensor)
        if len(quantisation.scales) not in (1, channels):
            raise self.refuse(
                f"{len(quantisation.scales)} filter scales for {channels} output channels"
            )
        if any(quantisation.zero_points):
            raise self.refuse("the filter's zero point is not 0")
        own = np.array(quantisation.scales, np.float32)
        product = np.float32(quantise.of(self.input()).scale) * own
        found = product / np.float32(quantise.of(self.output()).scale)
        return Constant("factor", np.resize(found, channels).astype(np.float32))

    def centred(self, filter_tensor: Tensor) -> tuple[npt.NDArray[Any], int]:
        """Returns (int8 weights less their zero point, as wide as that needs; the zero point)."""
        zero_points = set(quantise.of(filter_tensor).zero_points)
        if len(zero_points) != 1:
            raise self.refuse("the filter's zero points differ between output channels")
        zero_point = zero_points.pop()
        assert filter_tensor.data is not None
        if not zero_point:
            return filter_tensor.data, 0
        return filter_tensor.data.astype(np.int16) - zero_point, zero_point

    def scaled_up(self, low: Values, high: Values, shift: Values) -> None:
        """Refuses an operator whose accumulator, between `low` and `high`, can leave int32 when it
        is shifted left by `shift`: of what comes then the reference itself is not sure."""
        up = np.maximum(np.asarray(shift, np.int64), 0)
        least, greatest = np.asarray(fixed_point.INT32_MIN), np.asarray(fixed_point.INT32_MAX)
        leaves = (up > 0) & ((np.asarray(low) < least >> up) | (np.asarray(high) > greatest >> up))
        if leaves.any():
            ratio = int(np.max(up[leaves]))
            raise self.refuse(
                f"its accumulator leaves 32 bits: it is scaled up by as much as 2^{ratio}",
                hint="convert the model again with representative data",
            )

    def accumulated(self, rows: npt.NDArray[Any], bias: Constant, shift: Constant) -> None:
        """Refuses the same of rows of int8 taps (output channels, n) over the input."""
        low, high = self.sums(rows, bias)
        assert shift.data is not None
        self.scaled_up(low, high, shift.data)

    def sums(
        self, rows: npt.NDArray[Any], bias: Constant
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Returns the least and the greatest accumulator of each row of int8 taps (output channels,
        n) over the input."""
        source = self.input()
        low, high = (end - quantise.of(source).zero_point for end in quantise.ends(source))
        above = np.maximum(rows, 0).sum(axis=1, dtype=np.int64)
        below = np.minimum(rows, 0).sum(axis=1, dtype=np.int64)
        offset = np.int64(0) if bias.data is None else bias.data.astype(np.int64)
        return above * low + below * high + offset, above * high + below * low + offset

    def bias(self, i: int, channels: int) -> Constant:
        """Returns a bias of one value per channel, whose data is None where there is none: int32,
        float32, or, of int16 layers, int64."""
        tensor = self.optional(i)
        if tensor is None:
            return Constant("bias", None)
        wants = BIASES[self.output().dtype]
        if tensor.data is None or tensor.dtype not in wants or tensor.count != channels:
            want = " or ".join(wants)
            raise self.refuse(f"the bias is {tensor.type_and_shape}, not {want} {channels}")
        return Constant("bias", tensor.data.reshape(-1).astype(wants[0]))

    def filter(self, shape: tuple[int, ...]) -> Tensor:
        tensor = self.constant(1, "filter")
        want = "int8" if self.output().dtype == "int16" else self.output().dtype
        if tensor.shape != shape or tensor.dtype != want:
            raise self.refuse(
                f"the filter is {tensor.type_and_shape}, not {want} " + "x".join(map(str, shape))
            )
        if want == "int8" and tensor.quantisation is None:
            raise self.refuse("the filter has no scale")
        return tensor

    def maps(self) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
        """(height, width, channels) of input and output."""
        source, target = self.input().shape, self.output().shape
        if len(source) != 4 or len(target) != 4:
            raise self.refuse(f"input {source} and output {target} are not pictures (NHWC)")
        return (source[1], source[2], source[3]), (target[1], target[2], target[3])

    def windowed(self, filter_h: int, filter_w: int, channels: int) -> tuple[int, ...]:
        """The output's shape of an operator that moves a window over the input."""
        window = self.window(filter_h, filter_w)
        return self.input().shape[0], window["output_h"], window["output_w"], channels

    def window(self, filter_h: int, filter_w: int) -> Params:
        """The fields of bl_window, checked against the output's shape."""
        (input_h, input_w, input_c), (output_h, output_w, output_c) = self.maps()
        options = self.op.options
        stride_h, stride_w = options["stride_h"], options["stride_w"]
        dilation_h = options.get("dilation_h_factor", 1)
        dilation_w = options.get("dilation_w_factor", 1)
        steps = (stride_h, stride_w, dilation_h, dilation_w, filter_h, filter_w)
        if not (min(steps) >= 1 and max(steps) <= MAX_STEP):
            raise self.refuse(f"a stride, dilation or filter size is not within 1..{MAX_STEP}")
        pad_top, height = place_window(options, "pad_h", input_h, filter_h, stride_h, dilation_h)
        pad_left, width = place_window(options, "pad_w", input_w, filter_w, stride_w, dilation_w)
        if (height, width) != (output_h, output_w):
            raise self.refuse(
                f"output map {output_h}x{output_w}, but its window gives {height}x{width}"
            )
        return {
            "input_h": input_h,
            "input_w": input_w,
            "input_c": input_c,
            "output_h": height,
            "output_w": width,
            "output_c": output_c,
            "filter_h": filter_h,
            "filter_w": filter_w,
            "stride_h": stride_h,
            "stride_w": stride_w,
            "dilation_h": dilation_h,
            "dilation_w": dilation_w,
            "pad_top": pad_top,
            "pad_left": pad_left,
        }

    def clearance(self, window: Params, pixels: int = 1) -> int:
        """Bytes for Call.with_clearances of a window kernel; Call says what `pixels` promises."""
        sizes = {t.nbytes // t.count for t in (self.input(), self.output())}
        return window_clearance(window, sizes.pop(), pixels)


def place_window(
    options: dict[str, Any], key: str, size: int, filter_size: int, stride: int, dilation: int
) -> tuple[int, int]:
    """(padding before, output size) along one axis.

    `options[key]`, where the padding of a PAD was folded in, is (before, after) in pixels.
    """
    reach = (filter_size - 1) * dilation + 1
    if options["padding"] == "SAME":
        output = -(-size // stride)
        return max((output - 1) * stride + reach - size, 0) // 2, output
    before, after = options.get(key, (0, 0))
    return before, (size + before + after - reach) // stride + 1
