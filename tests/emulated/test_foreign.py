"""`run --elf`: firmware that boardless has not built. Folders of `compile --standalone` in it give
the outputs and the counts of `run`."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bare_programs
import numpy as np
import pytest
from boardless import path
from boardless.core import paths
from boardless.core.errors import BadInput, LinkError
from boardless.cycles import image
from boardless.device import boards, foreign
from boardless.device.counting import bare
from boardless.device.link import foreign as link
from boardless.judge.records import Outcome
from boardless.model import reference, zoo
from command_line import Cli
from standalone_folder import made, sources

pytestmark = pytest.mark.emulated
BOARD = "mps2-an386"
EXAMPLES = paths.ROOT / "examples"
MODEL = EXAMPLES / "own_model" / "model.tflite"
IMAGES = EXAMPLES / "own_model" / "pictures"
WRAPPER = EXAMPLES / "own_firmware"
PROTOCOL = paths.FIRMWARE / "protocol"
REGION = "inference_begin:inference_end"
FLAGS = [
    *("-std=gnu11", "-O2", "-g", "-Wall", "-Wextra", "-Werror"),
    *("-ffunction-sections", "-fdata-sections", "-Wl,--gc-sections"),
]
# What lies around the kernels: the only functions that are not the same.
AROUND = re.compile(
    r"(bl_)?model_invoke|bl_mark|hal_\w+|mem(cpy|set)|inference_\w+|infer_from|predict|main"
)


def gcc(elf: Path, *words: str | Path, machine: Sequence[str] = ()) -> Path:
    flags = machine or boards.load(BOARD).toolchain.flags
    command = ["arm-none-eabi-gcc", *flags, *FLAGS, *map(str, words), "-o", str(elf)]
    subprocess.run(command, check=True, timeout=120)
    return elf


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("foreign")


@pytest.fixture(scope="module")
def folder(place: Path) -> Path:
    return made(str(MODEL), BOARD, place)


@pytest.fixture(scope="module")
def firmware(place: Path, folder: Path) -> Path:
    """The example around the model, built as in its CMakeLists.txt."""
    words = [f"-I{folder}/src", f"-I{PROTOCOL}", "-nostartfiles", f"-T{WRAPPER}/link.ld"]
    files = [*WRAPPER.glob("*.c"), *PROTOCOL.glob("*.c"), *sources(folder)]
    return gcc(place / "firmware.elf", *words, *files)


@pytest.fixture(scope="module")
def ours() -> Outcome:
    return path.follow(path.Request(str(MODEL), BOARD, images=IMAGES))


def request(elf: Path, model: str | Path = MODEL, **options: Any) -> path.Request:
    return path.Request(str(model), BOARD, elf=elf, **options)


def executed(outcome: Outcome) -> Counter[str]:
    """Returns the instructions of the first inference by function, kernels by their names in
    firmware/kernels."""
    counted = outcome.run.counts.counted
    assert counted
    elf = image.load(outcome.run.build.elf)
    found: Counter[str] = Counter()
    tally = counted.tally(pass_=0).executed.tolist()
    for address, count in zip(counted.code.address.tolist(), tally, strict=True):
        function = elf.function_at(address)
        assert function or not count
        if function and count:
            name = re.sub(r"^(bl_\w+)_[0-9a-f]{8}$", r"\1", function.name)
            found[name] += count
    return found


def test_a_standalone_folder_gives_what_run_gives(firmware: Path, ours: Outcome) -> None:
    outcome = path.follow(request(firmware, images=IMAGES, region=REGION, jobs=1))
    assert outcome.verdict.ok
    np.testing.assert_array_equal(outcome.run.outputs, ours.run.outputs)
    assert outcome.verdict.accuracy_device == ours.verdict.accuracy_device == 1.0
    theirs, mine = executed(outcome), executed(ours)
    kernels = {name for name in mine | theirs if not AROUND.fullmatch(name)}
    assert len(kernels) >= 4
    assert {n: theirs[n] for n in kernels} == {n: mine[n] for n in kernels}
    apart = outcome.run.counts.instructions[0] - ours.run.counts.instructions[0]
    assert apart == sum((theirs - mine).values()) - sum((mine - theirs).values())
    assert abs(apart) < 200
    assert [c.target.name for c in outcome.run.cycles] == ["cortex-m4"]


def test_memory_is_read_off_the_elf(firmware: Path) -> None:
    build = foreign.described(firmware, boards.load(BOARD), zoo.find(str(MODEL)).graph)
    assert build.static_ram_bytes > 424  # the arena
    assert 4_000 < build.flash_bytes < 8_000
    assert build.toolchain.startswith("GCC: ")
    assert build.macs > 3_000
    assert build.foreign
    assert build.foreign.input == "int8 1x12x12x1"


def test_two_models_in_one_firmware(place: Path, folder: Path) -> None:
    digits = made("digits_cnn:int8", BOARD, place)
    words = ["--specs=rdimon.specs", f"-I{digits}/src", f"-I{folder}/src"]
    files = [Path(__file__).with_name("two_models.c"), *sources(digits), *sources(folder)]
    no_fpu = ("-mcpu=cortex-m4", "-mthumb")  # newlib's start-up code does not turn it on
    elf = gcc(place / "two.elf", *words, *files, machine=no_fpu)
    symbols = Counter(re.sub("_[0-9a-f]{8}$", "", name) for name in image.load(elf).symbols)
    assert symbols["bl_fully_connected_s8_dsp"] == 1, "they share it"
    result = bare.run(elf, boards.load(BOARD), seconds=120)
    assert result.exit_code == 0
    expected = []
    for turn in (1, 2):
        for model in (zoo.find("digits_cnn:int8"), zoo.find(str(MODEL))):
            fed = np.zeros((1, *model.graph.input_tensor.shape[1:]), np.int8)
            fed.flat[0] = 50 * turn
            expected.append(reference.predict(model.reference, fed).tobytes().hex())
    assert result.stdout.decode().split() == expected


@pytest.mark.parametrize("kind", ["int8", "float32"])
def test_mlperfs_protocol(kind: str, place: Path) -> None:
    """Our own firmware without `hello` is one of MLPerf's: it prints three decimals."""
    ours = path.follow(path.Request(f"digits_cnn:{kind}", BOARD, limit=2, cycles=False))
    content = ours.run.build.elf.read_bytes()
    assert content.count(b"\0hello\0") == 1
    elf = place / f"{kind}.elf"
    elf.write_bytes(content.replace(b"\0hello\0", b"\0hullo\0"))
    region = "hal_timer_start:hal_timer_stop"
    outcome = path.follow(request(elf, f"digits_cnn:{kind}", limit=4, region=region))
    assert outcome.verdict.ok
    assert len(outcome.run.counts.instructions) == 4
    assert any("three decimals" in note for note in outcome.run.notes)
    assert outcome.verdict.bit_exact == (kind == "int8")


def test_a_region_is_run_through_once_per_inference(firmware: Path) -> None:
    twice = request(firmware, limit=2, region="bl_link_end:bl_link_text", jobs=1)
    with pytest.raises(BadInput, match=r"run through \d+ times in 2 inferences"):
        path.follow(twice)
    uncounted = path.follow(request(firmware, limit=1))
    assert uncounted.run.counts.instructions == ()
    assert any("--region BEGIN:END says it" in note for note in uncounted.run.notes)


def test_wrong_firmware_is_named(firmware: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        LinkError, match="the firmware's input is int8 1x12x12x1, the model's int8 "
    ):
        path.follow(request(firmware, "digits_cnn:int8", limit=1))
    with pytest.raises(BadInput, match="an ELF for thumb, and board esp32c3 runs riscv"):
        path.follow(path.Request(str(MODEL), "esp32c3", elf=firmware, limit=1))
    with pytest.raises(BadInput, match="board host runs no such ELF"):
        path.follow(path.Request(str(MODEL), "host", elf=firmware, limit=1))
    with pytest.raises(BadInput, match="no symbol 'begin'"):
        path.follow(request(firmware, region="begin:end", limit=1))


def test_what_says_nothing_and_what_calls_the_host(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program may print and exit by semihosting; it opens no file of this machine."""
    monkeypatch.setattr(link, "PATIENCE", 2.0)
    target, source = place / "stolen", place / "thief.c"
    source.write_text(
        "#include <stdio.h>\n#include <stdlib.h>\nint main(void) {\n"
        f'  FILE *f = fopen("{target}", "w");\n  if (f) fputs("x", f);\n'
        f'  system("touch {target}");\n  for (;;) {{\n  }}\n}}\n'
    )
    elf = place / "thief.elf"
    gcc_command = (*bare_programs.GCC, *bare_programs.NEWLIB, "-o", str(elf), str(source))
    subprocess.run(gcc_command, check=True, timeout=60)
    with pytest.raises(LinkError, match="the firmware does not say m-ready"):
        path.follow(request(elf, limit=1))
    assert not target.exists()


def test_the_command(firmware: Path) -> None:
    cli, words = Cli(), ("run", str(MODEL), "--limit", "2")
    done = cli(*words, "--elf", str(firmware), "--region", REGION, "--max-flash", "1K")
    assert done.returncode == 1
    assert "flash is " in done.stdout
    assert "its arena, weights and layers are not known" in done.stdout
    assert "runtime: " not in done.stdout  # nobody knows
    assert "--region is for --elf" in cli(*words, "--region", "a:b").stderr
    assert "mutually exclusive" in cli(*words, "--elf", str(firmware), "--keep-input").stderr
