"""Programs compiled with and without folding on the host: the same bits as each other and as TFLite
on the model as it was; channel counts become odd, which is what the kernels are tried on here."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import small_nets
from boardless.model import compiler, graph, reference
from boardless.model.compiler import fixed_point, fold
from command_line import Cli
from host_kernels import FLAGS, INCLUDES, HostModel

NETS = 24


@pytest.mark.parametrize("dtype", ["int8", "float32"])
def test_folded_programs_say_the_same(dtype: str, tmp_path: Path) -> None:
    folded = 0
    nets = [small_nets.draw(f"program {seed}", dtype) for seed in range(NETS)]
    contents = [small_nets.to_tflite(net) for net in nets]
    programs = [
        compiler.compile_graph(graph.read(content, "net"), fold=fold)
        for content in contents
        for fold in (True, False)
    ]
    models = HostModel.several(programs, tmp_path)
    for seed, (net, content) in enumerate(zip(nets, contents, strict=True)):
        inputs, (small, plain) = small_nets.pictures(net), programs[2 * seed :][:2]
        assert plain.nominal_macs == small.nominal_macs == plain.macs
        got, unfolded = (model.run(inputs) for model in models[2 * seed :][:2])
        np.testing.assert_array_equal(got, unfolded, err_msg=f"seed {seed}")
        expected = reference.predict(content, inputs)
        limit = 0 if dtype == "int8" else 1e-5 * max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(got, expected, rtol=0, atol=limit, err_msg=f"seed {seed}")
        if small.macs < plain.macs:
            folded += 1
            assert compiler.emit(small) != compiler.emit(plain)
    assert folded > NETS / 3


def test_symmetric_padding_is_minded(tmp_path: Path) -> None:
    """ZeroPadding2D becomes the window's own padding first; then a constant channel other than the
    zero point must stay, as under SAME."""
    gone, programs, wanted = 0, [], []
    for seed in range(NETS):
        draw = small_nets.Draw(f"padding {seed} int8", "int8", 0.6, False)
        if not any(op.name == "PAD" for op in draw.net.operators):
            continue
        content = small_nets.to_tflite(draw.net.graph())
        inputs = small_nets.pictures(draw.net.graph())
        read = graph.read(content, "net")
        small, plain = (compiler.compile_graph(read, fold=fold) for fold in (True, False))
        gone += small.macs < plain.macs
        programs.append(small)
        wanted.append((inputs, reference.predict(content, inputs), f"seed {seed}"))
    models = HostModel.several(programs, tmp_path)
    for model, (inputs, expected, what) in zip(models, wanted, strict=True):
        np.testing.assert_array_equal(model.run(inputs), expected, err_msg=what)
    assert gone


def test_no_fold_makes_another_build(cli: Cli, tmp_path: Path) -> None:
    seed = next(s for s in range(NETS) if is_folded(small_nets.draw(f"program {s}", "int8")))
    model = tmp_path / "net.tflite"
    model.write_bytes(small_nets.to_tflite(small_nets.draw(f"program {seed}", "int8")))
    said = {}
    for option in ("--fold", "--no-fold"):
        result = tmp_path / f"{option}.json"
        arguments = ("-o", str(tmp_path / option), "--board", "host", "--json", str(result))
        done = cli("compile", str(model), option, *arguments)
        assert done.returncode == 0, done.stderr
        said[option] = json.loads(result.read_text())
    small, plain = said["--fold"], said["--no-fold"]
    assert small["macs"] < plain["macs"] == plain["nominal_macs"] == small["nominal_macs"]
    assert small["build_id"] != plain["build_id"]


def is_folded(net: graph.Graph) -> bool:
    return fold.macs(fold.channels(net)) < fold.macs(net)


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """requantise.h behind four functions."""
    folder = tmp_path_factory.mktemp("requantise")
    source = folder / "requantise.c"
    names = ("doubling_high_mul", "rounding_shift_right")
    text = '#include "requantise.h"\n'
    for name in names:
        text += f"int32_t {name}(int32_t a, int32_t b) {{ return bl_{name}(a, b); }}\n"
    for name in ("requantise", "requantise_once"):
        text += (
            f"int32_t {name}(int32_t x, int32_t m, int32_t s) {{ return bl_{name}(x, m, s); }}\n"
        )
    source.write_text(text)
    library = folder / "requantise.so"
    subprocess.run(["gcc", *FLAGS, *INCLUDES, "-shared", source, "-o", library], check=True)
    return ctypes.CDLL(str(library))


def numbers(count: int, limit: int, seed: int) -> npt.NDArray[np.int64]:
    """Returns numbers of every magnitude up to `limit`, of both signs, with powers of two and their
    neighbours."""
    rng = np.random.default_rng(seed)
    size = rng.integers(0, limit.bit_length() + 1, count)
    x = (rng.random(count) * 2.0**size).astype(np.int64)
    x[::3] = (1 << np.minimum(size[::3], limit.bit_length() - 1)) + rng.integers(-1, 2, len(x[::3]))
    clipped: npt.NDArray[np.int64] = np.clip(x * rng.choice([-1, 1], count), -limit - 1, limit)
    return clipped


def test_fixed_point_equals_the_kernels(c: ctypes.CDLL) -> None:
    x, y = numbers(3000, 2**31 - 1, 1), numbers(3000, 2**31 - 1, 2)
    x[0] = y[0] = -(2**31)  # the product that saturates
    e = np.random.default_rng(3).integers(0, 32, 3000)
    multiplier = np.random.default_rng(4).integers(2**30, 2**31, 3000)
    multiplier[::10] = [0, 2**30, 2**31 - 1] * 100
    shift = np.random.default_rng(5).integers(-31, 31, 3000)
    cases = [
        ("doubling_high_mul", (x, y)),
        ("rounding_shift_right", (x, e)),
        ("requantise", (x, multiplier, shift)),  # wraps where it shifts left
        ("requantise_once", (x >> np.maximum(shift, 0), multiplier, shift)),
    ]
    for name, arguments in cases:
        ours = getattr(fixed_point, name)(*arguments)
        theirs = [getattr(c, name)(*map(int, row)) for row in zip(*arguments, strict=True)]
        assert np.ndim(getattr(fixed_point, name)(*(a[0] for a in arguments))) == 0
        np.testing.assert_array_equal(ours, theirs, err_msg=name)


@pytest.mark.skipif(
    "BOARDLESS_DATA" not in os.environ, reason="the model is no part of the project"
)
def test_vww_needs_half_the_work(tmp_path: Path) -> None:
    """MLPerf Tiny's visual wake words: 971 of its 2,738 filters are zero."""
    path = Path(os.environ["BOARDLESS_DATA"]) / "mlperf_tiny" / "vww_96_int8.tflite"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    content = path.read_bytes()
    program = compiler.compile_graph(graph.read(content, "vww"))
    assert program.nominal_macs == 7_489_664
    assert program.macs == 3_727_313
    inputs = np.random.default_rng(0).integers(-128, 128, (4, 96, 96, 3)).astype(np.int8)
    got = HostModel(program, tmp_path).run(inputs)
    np.testing.assert_array_equal(got, reference.predict(content, inputs))
