"""TensorFlow Lite Micro as a runtime: which files of a checkout a model needs, and its refusals.

The checkout is a stand-in that computes nothing; tests/emulated/test_runtimes.py runs a real one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import tflm_checkout
from boardless import runtimes
from boardless.core.errors import BadInput, ToolMissing
from boardless.device import boards, build
from boardless.device.records import Sources
from boardless.model import zoo
from boardless.runtimes.tflm import arena, checkout, compiler
from boardless.runtimes.tflm.files import Needed
from tflm_checkout import DOWNLOADS, MICRO

START = '#include "tensorflow/lite/micro/micro_interpreter.h"\n'


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A stand-in that the user names; the compiler has what it needs."""
    found = tflm_checkout.made(tmp_path / "tflite-micro")
    monkeypatch.setenv(checkout.VARIABLE, str(found))
    monkeypatch.setattr(compiler, "_compiles", lambda *_: True)
    monkeypatch.setattr(arena, "of", lambda *_: Needed(1000, 1008, (16, 128)))
    return found


def made(runtime: str = "tflm", board: str = "mps2-an386") -> Sources:
    found = zoo.find("digits_cnn:int8", "tflm")
    return runtimes.load(runtime).sources(found.graph, boards.load(board), content=found.content)


def compiled(runtime: str, root: Path) -> set[str]:
    needs = json.loads(made(runtime).files["build.json"])
    return {str(Path(path).relative_to(root)) for path in needs["sources"]}


@pytest.mark.parametrize(
    ("runtime", "missing", "said"),
    [
        (
            "tflm",
            MICRO,
            f"this is no checkout of tflite-micro: {MICRO}/micro_mutable_op_resolver.h",
        ),
        ("tflm", f"{DOWNLOADS}/ruy", "the checkout lacks its downloads ruy; in it, run make -f "),
        ("tflm", DOWNLOADS, "lacks its downloads flatbuffers, gemmlowp, ruy; in it"),
        (
            "tflm:cmsis_nn",
            f"{DOWNLOADS}/cmsis_nn",
            "downloads cmsis_nn; in it, run make -f tensorflow/lite/micro/tools/make/Makefile "
            "OPTIMIZED_KERNEL_DIR=cmsis_nn third_party_downloads",
        ),
    ],
)
def test_an_incomplete_checkout_is_refused(
    root: Path, runtime: str, missing: str, said: str
) -> None:
    shutil.rmtree(root / missing)
    with pytest.raises(ToolMissing) as caught:
        made(runtime)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"BOARDLESS_TFLM={root}: ")
    assert caught.value.exit_status == 3


def test_without_a_checkout_one_line_says_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(checkout.VARIABLE, raising=False)
    with pytest.raises(ToolMissing, match="needs a checkout of tflite-micro; set BOARDLESS_TFLM"):
        made()
    assert runtimes.load("tflm").variants(boards.load("mps2-an386")) == ()


@pytest.mark.parametrize(
    ("runtime", "board", "said"),
    [
        ("tflm:xtensa", "mps2-an386", "tflm has no kernels 'xtensa'; known: cmsis_nn"),
        ("tflm:cmsis_nn", "esp32c3", "tflm's cmsis_nn is for Arm's cores, not for esp32-c3"),
    ],
)
def test_unknown_kernels_are_refused(root: Path, runtime: str, board: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        made(runtime, board)


def test_an_operator_that_it_does_not_have_is_refused(root: Path) -> None:
    resolver = root / MICRO / "micro_mutable_op_resolver.h"
    resolver.write_text(tflm_checkout.RESOLVER.replace("_RESHAPE", "_SQUEEZE"))
    with pytest.raises(BadInput, match=r"digits_cnn:int8, operator 2: .* no operator RESHAPE$"):
        made()


@pytest.mark.parametrize(
    ("board", "there", "said"),
    [
        ("mps2-an386", True, "apt-get install libstdc++-arm-none-eabi-newlib"),
        ("esp32c3", True, "apt-get install libstdc++-arm-none-eabi-newlib"),
        ("esp32", False, "no package of Debian's brings it"),
    ],
)
def test_a_missing_library_of_c_plus_plus_is_named(
    monkeypatch: pytest.MonkeyPatch, board: str, there: bool, said: str
) -> None:
    monkeypatch.setattr(compiler, "_compiles", lambda *_: False)
    monkeypatch.setattr(shutil, "which", lambda name: name if there else None)
    monkeypatch.setattr(compiler, "_lent", lambda _: compiler.Library())
    with pytest.raises(ToolMissing) as caught:
        compiler.library(boards.load(board))
    what = "does not find the C++ library" if there else "is not there"
    assert str(caught.value).endswith(f"g++ {what}; {said}")


@pytest.mark.parametrize(("version", "lends"), [("12.2.1", True), ("13.3.0", False)])
def test_risc_v_takes_the_headers_of_arms_compiler_if_it_is_of_the_same_version(
    root: Path, monkeypatch: pytest.MonkeyPatch, version: str, lends: bool
) -> None:
    """Debian has no C++ library for RISC-V, and the interpreter needs nothing of it but headers."""

    def said(program: str, *words: str) -> str:
        if words == ("-dumpversion",):
            return f"{version if program.startswith('arm-') else '12.2.0'}\n"
        return "Using built-in specs.\n /usr/lib/c++/12\n /usr/lib/c++/12/thumb\n /usr/lib/gcc\n"

    monkeypatch.setattr(compiler, "_said", said)
    monkeypatch.setattr(compiler, "_compiles", lambda _, flags: "-isystem" in flags)
    compiler._lent.cache_clear()
    try:
        if not lends:
            with pytest.raises(ToolMissing, match="riscv64-unknown-elf-g\\+\\+ does not find"):
                made(board="esp32c3")
            return
        found = made(board="esp32c3")
    finally:
        compiler._lent.cache_clear()
    headers = ["-isystem", "/usr/lib/c++/12", "-isystem", "/usr/lib/c++/12/thumb"]
    assert json.loads(found.files["build.json"])["cxxflags"][-4:] == headers
    assert found.notes == ("headers of C++: those of arm-none-eabi-g++ 12.2.1",)


def test_what_a_compiler_finds_is_asked() -> None:
    assert not compiler._compiles("no-such-g++", ())


def test_a_model_compiles_the_kernels_that_it_calls(root: Path) -> None:
    core = {f"{MICRO}/micro_interpreter.cc", f"{MICRO}/micro_log.cc"}
    kernels = {
        f"{MICRO}/kernels/{name}.cc"
        for name in ("conv_common", "fully_connected", "pooling", "reshape")
    }
    reference = {f"{MICRO}/kernels/{name}.cc" for name in ("conv", "kernel_util")}
    optimised = {f"{MICRO}/kernels/cmsis_nn/conv.cc"}
    # Of CMSIS-NN, what the kernels call and what that uses.
    called = {
        f"{DOWNLOADS}/cmsis_nn/Source/{name}.c" for name in ("arm_convolve_s8", "arm_nntables")
    }
    assert compiled("tflm", root) == core | kernels | reference
    assert compiled("tflm:cmsis_nn", root) == core | kernels | optimised | called


def test_layers_and_places_are_those_of_the_interpreter(root: Path) -> None:
    sources = made()
    graph = zoo.find("digits_cnn:int8").graph
    assert [layer.op for layer in sources.layers] == [op.name for op in graph.operators]
    assert sum(layer.macs for layer in sources.layers) == sources.nominal_macs
    assert sources.arena_bytes == 1000
    assert sources.weights_bytes == len(sources.files["flatbuffer.bin"])
    text = sources.files["model.c"].decode()
    assert ".data = bl_runtime_arena + 16," in text
    assert ".data = bl_runtime_arena + 128," in text
    assert b"#define BL_INPUT_KEPT 0\n" in sources.files["model_config.h"]
    assert b"#define ARENA_BYTES 1008\n" in sources.files["invoke.cc"]
    assert b"  resolver.AddConv2D();\n" in sources.files["operators.h"]


def test_a_changed_checkout_is_another_build(root: Path) -> None:
    board, runtime = boards.load("mps2-an386"), runtimes.load("tflm")
    seen = set()

    def look() -> None:
        key = build.build_key(made(), board, "gcc 1")
        seen.add((runtime.identity, key))

    look()
    look()
    assert len(seen) == 1
    for number, name in enumerate(("kernels/conv.cc", "micro_log.h"), start=2):
        (root / MICRO / name).write_text(f"{tflm_checkout.FILES[f'{MICRO}/{name}']}// {number}\n")
        look()
        assert len({identity for identity, _ in seen}) == len({key for _, key in seen}) == number
    (root / ".git/refs/heads").mkdir(parents=True)
    (root / ".git/HEAD").write_text("ref: refs/heads/main\n")
    (root / ".git/refs/heads/main").write_text("0123456789abcdef\n")
    look()
    assert len(seen) == 4
    assert runtime.version.startswith("tflite-micro 0123456789ab, sources ")
    (root / ".git/refs/heads/main").unlink()
    (root / ".git/packed-refs").write_text("# packed\nfedcba9876543210 refs/heads/main\n")
    assert runtime.version.startswith("tflite-micro fedcba987654, sources ")
    # The kernels of a variant are in its version, too.
    assert runtimes.load("tflm:cmsis_nn").version != runtime.version


def test_a_reason_of_the_interpreter_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = zoo.find("digits_cnn:int8", "tflm")
    wanted = runtimes.Wanted(found.graph, boards.load("host"), found.content)
    said = arena.NUMBERS.pack(0, 0, 0, 0) + b"Type INT16 \r\n not supported.\0rest"

    class Asked:
        build_id = "of a test"

    monkeypatch.setattr(arena, "_build", lambda *_, silent: Asked)
    monkeypatch.setattr("boardless.device.once.answer", lambda *_: said)
    with pytest.raises(BadInput, match=r"tflite-micro refuses it: Type INT16 not supported\.$"):
        arena.of(None, wanted)  # type: ignore[arg-type]
