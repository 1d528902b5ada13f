"""Contracts of the optimised variants that no drawn case shows: scratch memory that is too small,
and the fast requantisation against the exact one. tests/properties compares them with TFLite."""

from __future__ import annotations

import dataclasses
import subprocess
from pathlib import Path

import hypothesis
import pytest
from boardless.model import compiler, graph
from host_kernels import FLAGS, INCLUDES, HostModel
from properties import strategies
from properties.drawing import DrawnCase

SCRATCH_TOO_SMALL = 2  # bl_status
SHORT = 12  # bytes


@pytest.mark.parametrize("operator", ["conv_2d", "depthwise_conv_2d"])
def test_scratch_is_checked(operator: str, tmp_path: Path) -> None:
    """A caller that hands over less scratch than the contract asks for gets a status, no crash."""

    def compiled(case: DrawnCase) -> compiler.Program:
        return compiler.compile_graph(graph.read(case.content, "case"), variants=("dsp",))

    case = hypothesis.find(
        strategies.load(operator).cases("int8"),
        lambda case: compiled(case).layers[0].call.scratch_bytes > SHORT,
        settings=hypothesis.settings(database=None),
    )
    program = compiled(case)
    layer = program.layers[0]
    call = dataclasses.replace(layer.call, scratch_bytes=SHORT)
    program = dataclasses.replace(program, layers=(dataclasses.replace(layer, call=call),))
    assert HostModel(program, tmp_path).invoke() == SCRATCH_TOO_SMALL


REQUANTISE = r"""
#include <stdio.h>
#include "dsp.h"
#include "kernel.h"
#include "requantise.h"
#include "scalar.h"

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
      if (b >= 0 && bl_doubled_high_16(a, b) != bl_doubling_high_mul(a, b)) {
        printf("%d by %d, which is not negative, in halves\\n", a, b);
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
