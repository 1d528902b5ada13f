"""Sums of int8 as one product each: which sums have factors, and that these give the same bits."""

from __future__ import annotations

import numpy as np
import pytest
import small_nets
from boardless.model import compiler, graph
from boardless.model.compiler import fixed_point, linear, quantise
from boardless.model.compiler.elementwise import FRACTION_BITS, INT8

# scale of a, of b, of the output; zero points
USUAL = [
    (0.02, 0.03, 0.04, -128, 5, -128),
    (0.1, 0.1, 0.2, 0, 0, 0),
    (0.5, 0.001, 0.4, 127, -128, 3),
    (0.07, 0.02, 0.03, -4, 90, 11),
]


def params(a: float, b: float, output: float, *zeros: float, low: int = -128) -> dict[str, int]:
    common = 2 * max(a, b)
    found = {"activation_min": low, "activation_max": 127}
    for name, zero, real in zip(
        ("a", "b", "output"),
        zeros,
        (a / common, b / common, common / ((1 << FRACTION_BITS) * output)),
        strict=True,
    ):
        found[f"{name}_zero_point"] = int(zero)
        found[f"{name}_multiplier"], found[f"{name}_shift"] = quantise.multiplier_and_shift(real)
    return found


def reference(p: dict[str, int]) -> np.ndarray:
    """Returns what bl_add_s8_ref gives for all pairs."""
    a, b = (
        fixed_point.requantise(
            (INT8 - p[f"{x}_zero_point"]) << FRACTION_BITS, p[f"{x}_multiplier"], p[f"{x}_shift"]
        )
        for x in "ab"
    )
    sums = fixed_point.requantise(a[:, None] + b, p["output_multiplier"], p["output_shift"])
    return np.clip(sums + p["output_zero_point"], p["activation_min"], p["activation_max"])


@pytest.mark.parametrize("scales", USUAL, ids=str)
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("low", [-128, 20])
def test_factors_give_the_references_output_for_all_pairs(
    scales: tuple[float, ...], sign: int, low: int
) -> None:
    given = params(*scales, low=low)
    given["b_multiplier"] *= sign
    found = linear.find(**given)
    assert found
    sums = found.a_multiplier * INT8[:, None] + found.b_multiplier * INT8 + found.bias
    assert fixed_point.fits(sums).all()
    outputs = np.clip(sums >> linear.BITS, low, 127)
    assert (outputs == reference(given)).all()


def test_a_sum_that_leaves_32_bits_has_no_factors() -> None:
    assert linear.find(**params(0.1, 0.1, 0.02, 0, 0, 0)) is None


def added(output: float) -> list[str]:
    """Returns the kernels of a sum with an output of that scale: with SIMD, without, reference."""
    scale = graph.Quantisation((0.1,), (3,), 0)
    net = small_nets.Net("int8", (1, 4, 4, 5), scale)
    other = net.constant(np.arange(80, dtype=np.int8).reshape(1, 4, 4, 5), scale)
    options = {"fused_activation_function": "NONE"}
    net.add("ADD", (other,), (1, 4, 4, 5), graph.Quantisation((output,), (0,), 0), **options)
    found = graph.read(small_nets.to_tflite(net.graph()), "net")
    programs = [compiler.compile_graph(found, kinds) for kinds in [("dsp",), ("scalar",), ()]]
    return [program.layers[0].call.function for program in programs]


def test_where_there_are_no_factors_a_sum_is_looked_up() -> None:
    assert added(0.2) == ["bl_add_linear_s8_dsp", "bl_add_linear_s8_scalar", "bl_add_s8_ref"]
    assert added(0.02) == ["bl_add_table_s8_ref", "bl_add_table_s8_ref", "bl_add_s8_ref"]
