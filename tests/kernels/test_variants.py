"""Every optimised variant against its reference kernel, on random shapes and extreme values: int8
to the last bit, float32 within 1e-5 of the largest output. On the host, where kernels/dsp.h is
plain C, and on the emulated core, where it is assembly."""

from __future__ import annotations

import dataclasses
import random
import subprocess
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from boardless.model import compiler, graph
from host_kernels import FLAGS, INCLUDES, HostModel
from one_operator import Tensor, model
from properties import runners

CASES = 60  # random cases per operator on the host, where each is compiled
CORE_CASES = 500  # on the core, which has all kernels in one firmware
PICTURES = 2
SAME, VALID = 0, 1
SCRATCH_TOO_SMALL = 2  # bl_status
CHANNELS = [*range(1, 10), 11, 12, 13, 15, 16, 17, 20]
Case = tuple[bytes, npt.NDArray[np.generic]]


class Draw:
    """Random choices for one case; the seed is in the message, so a failure repeats."""

    def __init__(self, seed: str) -> None:
        self.rng = random.Random(seed)
        self.np = np.random.default_rng(self.rng.randrange(1 << 32))

    def choice(self, *options: Any) -> Any:
        return self.rng.choice(options)

    def activation(self) -> dict[str, int]:
        return {"fusedActivationFunction": self.choice(0, 0, 1, 2, 3)}

    def tensor(self, shape: tuple[int, ...], dtype: str) -> Tensor:
        if dtype == "float32":
            return Tensor(shape, dtype)
        zero_point = self.choice(-128, 127, 0, self.rng.randint(-128, 127))
        return Tensor(shape, dtype, (self.choice(1 / 255, 0.02, 0.5),), (zero_point,))

    def inputs(self, shape: tuple[int, ...], dtype: str) -> npt.NDArray[np.generic]:
        if dtype == "float32":
            return self.np.normal(size=(PICTURES, *shape[1:])).astype(np.float32)
        pictures = self.np.integers(-128, 128, (PICTURES, *shape[1:])).astype(np.int8)
        pictures[0] = self.choice(pictures[0], -128, 127)
        return pictures

    def weights(
        self, shape: tuple[int, ...], dtype: str, axis: int, source: Tensor, output: Tensor
    ) -> tuple[Tensor, ...]:
        """Filter and bias. Scales are set by the multiplier they lead to: from vanishing to just
        below 1/2, the fast way's limit, and now and then beyond."""
        channels = shape[axis]
        if dtype == "float32":
            data = self.np.normal(size=shape).astype(np.float32)
            offsets = self.np.normal(size=channels).astype(np.float32)
            return Tensor(shape, dtype, data=data), Tensor((channels,), dtype, data=offsets)
        reals = [2.0 ** self.rng.uniform(-12, -1.01) for _ in range(channels)]
        reals[self.rng.randrange(channels)] = self.choice(
            2.0**-40, 2.0**-30, 2.0**-22, 2.0**-21.5, 2.0**-2, 0.4999, reals[0], 0.75
        )
        scales = tuple(
            float(np.float32(real * output.scales[0] / source.scales[0])) for real in reals
        )
        if self.rng.random() < 0.2:
            scales = scales[:1]
        taps: npt.NDArray[Any] = self.np.integers(-127, 128, shape)
        taps[self.np.random(shape) < self.choice(0, 0, 0.5)] = 0
        if self.rng.random() < 0.3:  # a dead channel
            np.moveaxis(taps, axis, 0)[self.rng.randrange(channels)] = 0
        largest = self.choice(100, 3000, 1 << 20, (1 << 30) - (1 << 24))
        biases = self.np.integers(-largest, largest + 1, channels)
        bias_scales = tuple(float(np.float32(s * source.scales[0])) for s in scales)
        weights = Tensor(shape, dtype, scales, (0,), axis, taps)
        bias = Tensor((channels,), "int32", bias_scales, (0,), 0, biases)
        return (weights, bias) if self.rng.random() < 0.9 else (weights,)


def window(draw: Draw, sizes: tuple[int, ...], strides: tuple[int, ...], dilations: Any) -> Any:
    """Options of a convolution, and (filter h, w), (input h, w), (output h, w)."""
    padding, stride, dilation, taps = draw.choice(SAME, VALID), [], [], []
    for _ in range(2):
        stride.append(draw.choice(*strides))
        dilation.append(draw.choice(*dilations) if stride[-1] == 1 else 1)
        taps.append(draw.choice(*sizes))
    reach = [(k - 1) * d + 1 for k, d in zip(taps, dilation, strict=True)]
    lowest = [1, 1] if padding == SAME else reach
    size = [draw.choice(low, low + draw.rng.randint(0, 9)) for low in lowest]
    output = [
        -(-n // s) if padding == SAME else (n - r) // s + 1
        for n, s, r in zip(size, stride, reach, strict=True)
    ]
    options = {"strideH": stride[0], "strideW": stride[1], "padding": padding}
    options |= {"dilationHFactor": dilation[0], "dilationWFactor": dilation[1]}
    return options | draw.activation(), taps, size, output


def conv_2d(draw: Draw, dtype: str) -> Case:
    sizes = draw.choice((1,), (1, 2, 3, 4, 5))
    how = window(draw, sizes, (1, 1, 2, 3), (1, 1, 2))
    return convolution(draw, dtype, how, draw.choice(*CHANNELS))


def mono(draw: Draw, dtype: str) -> Case:
    """Draws a case that bl_conv_2d_s8_mono_dsp supports."""
    return convolution(draw, dtype, window(draw, (3,), (1, 1, 2, 3), (1,)), 1)


def convolution(draw: Draw, dtype: str, how: Any, input_c: int) -> Case:
    (options, taps, size, out), output_c = how, draw.choice(*CHANNELS)
    source = draw.tensor((1, *size, input_c), dtype)
    output = draw.tensor((1, *out, output_c), dtype)
    weights = draw.weights((output_c, *taps, input_c), dtype, 0, source, output)
    return model("CONV_2D", [source, *weights], output, options), draw.inputs(source.shape, dtype)


def depthwise_conv_2d(draw: Draw, dtype: str) -> Case:
    sizes = draw.choice((3,), (3,), (1, 2, 3, 5))
    how = window(draw, sizes, (1, 1, 2, 2, 3), draw.choice((1,), (1, 2)))
    return depthwise(draw, dtype, how, draw.choice(*CHANNELS), draw.choice(1, 1, 1, 1, 1, 2, 3))


def thin(draw: Draw, dtype: str) -> Case:
    """Draws a case that bl_depthwise_conv_2d_s8_thin_dsp supports."""
    how = window(draw, (3,), (1, 2), (1,))
    return depthwise(draw, dtype, how, draw.choice(1, 2, 3), draw.choice(1, 1, 2, 5))


def depthwise(draw: Draw, dtype: str, how: Any, input_c: int, multiplier: int) -> Case:
    (options, taps, size, out), output_c = how, input_c * multiplier
    source = draw.tensor((1, *size, input_c), dtype)
    output = draw.tensor((1, *out, output_c), dtype)
    weights = draw.weights((1, *taps, output_c), dtype, 3, source, output)
    options |= {"depthMultiplier": multiplier}
    content = model("DEPTHWISE_CONV_2D", [source, *weights], output, options)
    return content, draw.inputs(source.shape, dtype)


def fully_connected(draw: Draw, dtype: str) -> Case:
    input_c, output_c = draw.choice(*CHANNELS, 100), draw.choice(*CHANNELS)
    source, output = draw.tensor((1, input_c), dtype), draw.tensor((1, output_c), dtype)
    weights = draw.weights((output_c, input_c), dtype, 0, source, output)
    content = model("FULLY_CONNECTED", [source, *weights], output, draw.activation())
    return content, draw.inputs(source.shape, dtype)


VARIANTS: list[tuple[Callable[[Draw, str], Case], str]] = [
    (conv_2d, "int8"),
    (conv_2d, "float32"),
    (mono, "int8"),
    (depthwise_conv_2d, "int8"),
    (depthwise_conv_2d, "float32"),
    (thin, "int8"),
    (fully_connected, "int8"),
]


variants = pytest.mark.parametrize(
    ("operator", "dtype"), VARIANTS, ids=lambda v: getattr(v, "__name__", v)
)


@variants
def test_variant_equals_reference(
    operator: Callable[[Draw, str], Case], dtype: str, tmp_path: Path
) -> None:
    compare(operator, dtype, CASES, lambda program, x: HostModel(program, tmp_path).run(x))


@pytest.mark.emulated
@pytest.mark.parametrize(
    ("operator", "dtype", "board"),
    [
        pytest.param(operator, dtype, board, id=f"{operator.__name__}-{dtype}-{board}")
        for operator, dtype in VARIANTS
        for variants, board in runners.boards_by_variants().items()
        if (dtype == "int8" and variants) or "fpu" in variants  # float32 has no others
    ],
)
def test_variant_equals_reference_on_core(
    operator: Callable[[Draw, str], Case], dtype: str, board: str
) -> None:
    runner = runners.load(board)
    compare(operator, dtype, CORE_CASES, runner.run, runner.variants)


def compare(
    operator: Callable[[Draw, str], Case],
    dtype: str,
    cases: int,
    run: Callable[[compiler.Program, Any], npt.NDArray[Any]],
    variants: tuple[str, ...] = ("dsp", "fpu"),
) -> None:
    """run(program, inputs) with and without variants gives the same outputs."""
    used: Counter[str] = Counter()
    for seed in range(cases):
        content, inputs = operator(Draw(f"{operator.__name__} {dtype} {seed}"), dtype)
        case = graph.read(content, "case")
        program = compiler.compile_graph(case, variants)
        function = program.layers[0].call.function
        used[function.rpartition("_")[2]] += 1
        if function.endswith("_ref"):
            continue  # what it does is test_against_reference's business
        got = run(program, inputs).reshape(len(inputs), -1)
        expected = run(compiler.compile_graph(case), inputs).reshape(len(inputs), -1)
        message = f"seed {seed}: {program.layers[0].call.params}"
        if dtype == "int8":
            np.testing.assert_array_equal(got, expected, err_msg=message)
        else:
            limit = 1e-5 * max(1.0, float(np.abs(expected).max()))
            np.testing.assert_allclose(got, expected, rtol=0, atol=limit, err_msg=message)
    best = variants[0] if dtype == "int8" else "fpu"
    assert used[best] > cases / 4, f"the cases hardly reach the variant: {used}"


def test_scratch_is_checked(tmp_path: Path) -> None:
    """A caller that hands over less scratch than the contract asks for gets a status, no crash."""
    for operator in (conv_2d, depthwise_conv_2d):
        for seed in range(20):
            content, _ = operator(Draw(f"scratch {seed}"), "int8")
            program = compiler.compile_graph(graph.read(content, "case"), variants=("dsp",))
            if program.layers[0].call.scratch_bytes:
                break
        layer = program.layers[0]
        assert layer.call.scratch_bytes > 12
        call = dataclasses.replace(layer.call, scratch_bytes=12)
        program = dataclasses.replace(program, layers=(dataclasses.replace(layer, call=call),))
        assert HostModel(program, tmp_path).library.bl_model_invoke() == SCRATCH_TOO_SMALL


REQUANTISE = r"""
#include <stdio.h>
#include "dsp.h"
#include "kernel.h"
#include "requantise.h"

static uint32_t state = 1;

static uint32_t draw(void) { /* xorshift */
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state;
}

int main(void) {
  for (int32_t shift = -31; shift <= -1; shift++) {
    for (int32_t k = 0; k < 40000; k++) {
      const uint32_t m = k % 4 == 0 ? 1u << 30 : k % 4 == 1 ? 0x7fffffffu : draw() >> 2 | 1u << 30;
      /* sums of every size, and ties: a half of the last place, give or take 1 */
      int32_t sum = (int32_t)draw() >> draw() % 32;
      if (k % 3 == 0) {
        sum = (int32_t)((draw() % 255 - 127) * (1u << -shift >> draw() % 2) + draw() % 5 - 2);
      }
      if (sum == INT32_MIN) {
        continue; /* beyond what the compiler lets through */
      }
      const int32_t a = k % 7 ? sum : k % 2 ? INT32_MAX : INT32_MIN;
      const int32_t b = k % 5 ? (int32_t)m : k % 2 ? -(int32_t)m : (int32_t)(draw() << draw() % 32);
      if (bl_doubling_high_mul_16(a, b) != bl_doubling_high_mul(a, b) &&
          (a != INT32_MIN || b != INT32_MIN)) {
        printf("%d by %d in halves\\n", a, b);
        return 1;
      }
      const int32_t zero_point = (int32_t)(draw() % 256) - 128;
      const int32_t expected =
          bl_clamp(bl_requantise(sum, (int32_t)m, shift) + zero_point, INT8_MIN, INT8_MAX);
      const int32_t multiplier = (int32_t)(2 * m), scale = (int32_t)-(INT64_C(1) << (32 + shift));
      const int32_t relu = bl_requantise_fast(sum, multiplier, scale, zero_point, 1);
      if (bl_requantise_fast(sum, multiplier, scale, zero_point, 0) != expected ||
          (relu > zero_point ? relu : zero_point) !=
              (expected > zero_point ? expected : zero_point)) {
        printf("sum %d, multiplier %u, shift %d, zero point %d\n", sum, m, shift, zero_point);
        return 1;
      }
    }
  }
  return 0;
}
"""


def test_fast_requantisation_is_exact(tmp_path: Path) -> None:
    source, program = tmp_path / "requantise.c", tmp_path / "requantise"
    source.write_text(REQUANTISE)
    subprocess.run(["gcc", *FLAGS, *INCLUDES, str(source), "-o", str(program)], check=True)
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
