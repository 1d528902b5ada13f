"""examples/own_sketch: a firmware that boardless has not built, with Arduino's functions, of which
there is a stand-in here. `run --elf` takes it as any other."""

from __future__ import annotations

import shutil
from pathlib import Path

import kept
import pytest
from boardless import path
from boardless.core import paths
from boardless.device import boards
from standalone_folder import made, sources

BOARD = boards.load("mps2-an386")
HERE = Path(__file__).parent / "arduino"
HAL = paths.FIRMWARE / "hal"
EXAMPLES = paths.ROOT / "examples"
MODEL = EXAMPLES / "own_model" / "model.tflite"
SKETCH = EXAMPLES / "own_sketch" / "src" / "main.cpp"
MAIN = """\
#include <Arduino.h>
SerialStandIn Serial;
void setup();
void loop();
extern "C" void run_sketches(void) {
  setup();
  for (;;) {
    loop();
  }
}
"""
pytestmark = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")),
    reason="needs arm-none-eabi-g++ and qemu-system-arm",
)


def firmware(place: Path) -> Path:
    """Returns the ELF of the sketch."""
    folder = made(str(MODEL), BOARD.name, place)
    main = place / "stand_in.cpp"
    main.write_text(MAIN)
    flags = ["-O2", "-ffunction-sections", *BOARD.toolchain.flags, f'-DBL_BOARD="{BOARD.name}"']
    places = (HAL, HAL / "cortex_m", paths.FIRMWARE / "app", paths.KERNELS)
    includes = [f"-I{place}" for place in places]
    of_sketch = [f"-I{HERE}", f"-I{folder}/src"]
    cxx = ["-std=c++17", "-Wall", "-Wextra", "-Werror", "-fno-exceptions", "-fno-rtti"]
    objects = []
    board = paths.FIRMWARE / "boards" / BOARD.name / "board.c"
    for number, source in enumerate([HERE / "shim.c", HAL / "cortex_m" / "startup.c", board]):
        objects.append(place / f"hal{number}.o")
        command = ["arm-none-eabi-gcc", "-std=c11", *flags, *includes]
        kept.compiled(command, source, objects[-1])
    for source in (SKETCH, main):
        objects.append(place / f"{source.stem}.o")
        command = ["arm-none-eabi-g++", *cxx, *flags, *of_sketch, "-c", str(source)]
        kept.run([*command, "-o", str(objects[-1])])
    symbols = [f"-Wl,--defsym=bl_{k}={v}" for k, v in BOARD.memory_symbols().items()]
    elf = place / "sketch.elf"
    command = ["arm-none-eabi-gcc", *flags, "-nostartfiles", "-Wl,--gc-sections", *symbols]
    command += ["-T", str(HAL / "cortex_m" / "cortex_m.ld"), f"-I{folder}/src", "-o", str(elf)]
    kept.run([*command, *map(str, [*objects, *sources(folder)]), "-lm"])
    return elf


@pytest.mark.emulated
def test_a_sketch_is_run_as_any_firmware(tmp_path: Path) -> None:
    request = path.Request(
        str(MODEL),
        BOARD.name,
        elf=firmware(tmp_path),
        region="inference_begin:inference_end",
        images=EXAMPLES / "own_model" / "pictures",
        jobs=1,
    )
    outcome = path.follow(request)
    assert outcome.ok, outcome.verdict.reason
    assert outcome.verdict.accuracy_device == 1.0
    assert outcome.verdict.bit_exact  # three decimals tell the values of this model apart
    assert outcome.run.counts.instructions[0] > 1_000
    assert outcome.run.cycles[0].median > outcome.run.counts.instructions[0]
