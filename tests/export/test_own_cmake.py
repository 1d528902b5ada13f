"""examples/own_zephyr and examples/own_mlperf: firmware around a model that CMake builds, of an
ecosystem and of a benchmark that are not here. There are stand-ins of both; `run --elf` takes what
they make as any other firmware. BOARDLESS_MLPERF_TINY names a checkout of the benchmark itself."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import kept
import pytest
from boardless import path
from boardless.core import paths
from boardless.judge.records import Outcome
from standalone_folder import made

BOARD = "mps2-an386"
HERE = Path(__file__).parent
EXAMPLES = paths.ROOT / "examples"
MODEL = EXAMPLES / "own_model" / "model.tflite"
TOOLCHAIN = EXAMPLES / "own_firmware" / "arm-none-eabi.cmake"
MLPERF = os.environ.get("BOARDLESS_MLPERF_TINY", "")
TOOLS = ("cmake", "make", "arm-none-eabi-g++", "qemu-system-arm")
pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(not all(map(shutil.which, TOOLS)), reason=f"needs {', '.join(TOOLS)}"),
]


def built(example: str, model: Path, place: Path, *words: str) -> Path:
    """Returns the folder in which CMake has built an example."""
    build = place / "build"
    given = [f"-DMODEL={model}", f"-DCMAKE_TOOLCHAIN_FILE={TOOLCHAIN}", *words]
    source = ["-S", str(EXAMPLES / example), "-B", str(build)]
    kept.run(["cmake", *source, "-DCMAKE_BUILD_TYPE=Release", *given])
    kept.run(["cmake", "--build", str(build), "-j2"])
    return build


def run(elf: Path, uint8: bool = False) -> Outcome:
    request = path.Request(
        str(MODEL),
        BOARD,
        elf=elf,
        region="inference_begin:inference_end",
        images=EXAMPLES / "own_model" / "pictures",
        jobs=1,
        uint8=uint8,
    )
    return path.follow(request)


def right(outcome: Outcome) -> bool:
    """Its outputs are those of the reference, and its inferences are counted."""
    assert outcome.ok, outcome.verdict.reason
    assert outcome.run.counts.instructions[0] > 1_000
    return outcome.verdict.bit_exact and outcome.verdict.accuracy_device == 1.0


def test_an_application_of_zephyr_is_run_as_any_firmware(tmp_path: Path) -> None:
    model = made(str(MODEL), BOARD, tmp_path, form="zephyr")
    build = built("own_zephyr", model, tmp_path, f"-DZephyr_DIR={HERE / 'zephyr'}")
    assert right(run(build / "zephyr" / "zephyr.elf"))


@pytest.mark.parametrize(
    "checkout",
    [
        str(HERE / "mlperf_tiny"),
        pytest.param(
            MLPERF,
            marks=pytest.mark.skipif(
                not MLPERF, reason="BOARDLESS_MLPERF_TINY names no checkout of mlcommons/tiny"
            ),
        ),
    ],
    ids=["stand-in", "mlcommons-tiny"],
)
def test_mlperfs_device_code_is_run_as_any_firmware(checkout: str, tmp_path: Path) -> None:
    model = made(str(MODEL), BOARD, tmp_path)
    build = built("own_mlperf", model, tmp_path, f"-DMLPERF_TINY={checkout}")
    # three decimals tell the values of this model apart
    assert right(run(build / "own_mlperf.elf", uint8=True))
