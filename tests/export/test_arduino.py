"""The library of `boardless export --format arduino`: its sketches run on an emulated board, with a
stand-in for Arduino's core, and predict what the .tflite predicts. Arduino's own builder, a package
of Debian's, takes the library where it is installed."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import kept
import numpy as np
import pytest
from boardless.core import paths
from boardless.data import pictures
from boardless.device import boards
from boardless.model import ports, reference, zoo
from command_line import Cli
from one_operator import Operator, Tensor
from one_operator import graph as network
from standalone_folder import made

BOARD = boards.load("mps2-an386")
HERE = Path(__file__).parent / "arduino"
HAL = paths.FIRMWARE / "hal"
INCLUDES = [f"-I{p}" for p in (HERE, HAL, HAL / "cortex_m", paths.FIRMWARE / "app")]
WARNINGS = ["-Wall", "-Wextra", "-Werror"]
MODELS = (
    "digits_cnn:int8",
    "se_mobilenet:int8",  # squeeze-and-excitation, with a logistic function
    "se_mobilenet:float32",
    "mobile_lenet:float32",
)
HARDWARE = Path(__file__).parent / "arduino_hardware"  # as Arduino's builder has it, without a core
BUILDER = ("arduino-builder", "arduino-ctags")
MAIN = """\
#include <Arduino.h>
SerialStandIn Serial;
void setup();
void loop();
extern "C" void run_sketches(void) {
  setup();
  loop();
}
"""
needs_board = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-g++") and shutil.which("qemu-system-arm")),
    reason="needs arm-none-eabi-g++ and qemu-system-arm",
)


def sketches(folders: list[Path]) -> str:
    """Returns C++ that runs the sketches of all folders, each in a namespace of its own."""
    text = "#include <Arduino.h>\nSerialStandIn Serial;\n"
    text += "".join(f'#include "{folder.name}_sketch.h"\n' for folder in folders)
    for number, folder in enumerate(folders):
        (ino,) = folder.glob("examples/*/*.ino")
        assert ino.parent.name == ino.stem
        text += f'namespace n{number} {{\n#include "{ino}"\n}}\n'
    calls = "".join(f"  n{n}::setup();\n  n{n}::loop();\n" for n in range(len(folders)))
    return f'{text}extern "C" void run_sketches(void) {{\n{calls}}}\n'


def firmware(folders: list[Path], place: Path) -> Path:
    """Returns a firmware that runs the sketches of all folders once."""
    flags = ["-O1", "-ffunction-sections", *BOARD.toolchain.flags]
    defines = [f'-DBL_BOARD="{BOARD.name}"']
    sources, seen = [HERE / "shim.c", HAL / "cortex_m" / "startup.c"], set()
    sources.append(paths.FIRMWARE / "boards" / BOARD.name / "board.c")
    includes = [*INCLUDES, f"-I{paths.KERNELS}"]
    objects = []
    for number, source in enumerate(sources):
        objects.append(place / f"hal{number}.o")
        kept.compiled(
            ["arm-none-eabi-gcc", "-std=c11", *flags, *defines, *includes], source, objects[-1]
        )
    for folder in folders:
        for source in sorted((folder / "src").rglob("*.c")):
            if source.read_bytes() not in seen:  # models share the kernels that are the same
                seen.add(source.read_bytes())
                objects.append(place / f"{folder.name}-{source.stem}.o")
                command = ["arm-none-eabi-gcc", "-std=c11", *flags, *WARNINGS, f"-I{folder}/src"]
                kept.run([*command, "-c", str(source), "-o", str(objects[-1])])
    main = place / "sketches.cpp"
    main.write_text(sketches(folders))
    own = [f"-I{folder}/src" for folder in folders]
    cxx = ["arm-none-eabi-g++", "-std=c++11", *flags, *WARNINGS, "-fno-exceptions", "-fno-rtti"]
    objects.append(place / "sketches.o")
    kept.run([*cxx, *INCLUDES, *own, "-c", str(main), "-o", str(objects[-1])])
    memory = {"flash_origin": 0, "flash_bytes": 0x400000, "ram_origin": 0x20000000}
    memory |= {"ram_bytes": 0x400000, "stack_bytes": 0x4000}
    symbols = [f"-Wl,--defsym=bl_{name}={value}" for name, value in memory.items()]
    elf = place / "sketches.elf"
    link = ["arm-none-eabi-gcc", *flags, "-nostartfiles", "-Wl,--gc-sections", *symbols]
    script = HAL / "cortex_m" / "cortex_m.ld"
    kept.run([*link, "-T", str(script), "-o", str(elf), *map(str, objects), "-lm"])
    return elf


def hardware(place: Path) -> Path:
    """Returns a folder of hardware for Arduino's builder: its core is the stand-in, with what
    starts the board."""
    core = place / "stand_ins" / "arm" / "cores" / "stand_in"
    shutil.copytree(HARDWARE, place / "stand_ins")
    shutil.copytree(HERE, core)
    board = paths.FIRMWARE / "boards" / BOARD.name / "board.c"
    for source in (HAL / "cortex_m" / "startup.c", board):
        shutil.copy(source, core)
    (core / "main.cpp").write_text(MAIN)
    return place


def printed(elf: Path) -> list[str]:
    """Returns the lines that a firmware of sketches prints."""
    command = ["qemu-system-arm", "-M", "mps2-an386", "-display", "none", "-serial", "stdio"]
    command += ["-monitor", "none", "-semihosting-config", "enable=on,target=native"]
    done = subprocess.run(
        [*command, "-icount", "0", "-kernel", str(elf)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


def expected(model: zoo.Model, folder: Path) -> tuple[int, np.ndarray]:
    """Returns class and probabilities that the reference gives for the sketch's own picture."""
    (header,) = folder.glob("examples/*/picture.h")
    body = header.read_text().partition("{")[2].rpartition("}")[0]
    pixels = np.array([int(n) for n in re.findall(r"-?\d+", body)], np.uint8)
    tensor = model.graph.input_tensor
    assert model.results
    inputs = pictures.as_inputs(pixels.reshape(tensor.shape), tensor, model.results.input)
    (raw,) = ports.values(model.graph, reference.predict(model.reference, inputs))
    outputs = raw.astype(np.float64)
    q = model.graph.output_tensor.quantisation
    if raw.dtype != np.float32:
        assert q
        outputs = (outputs - q.zero_point) * q.scale
    if model.name.startswith("digits"):
        outputs = np.exp(outputs - outputs.max())
        outputs /= outputs.sum()
    return int(raw.argmax()), outputs


@needs_board
def test_sketches_predict_what_the_reference_does(tmp_path: Path) -> None:
    folders = [made(name, BOARD.name, tmp_path, form="arduino") for name in MODELS]
    elf = firmware(folders, tmp_path)
    lines = printed(elf)
    assert len(lines) == 3 * len(MODELS), lines
    for number, (name, folder) in enumerate(zip(MODELS, folders, strict=True)):
        model = zoo.find(name)
        values, label, time = lines[3 * number : 3 * number + 3]
        best, probabilities = expected(model, folder)
        assert model.results
        assert label == f"Predicted class is: {model.results.classes[best]}", name
        found = [float(value) for value in values.split(",")]
        np.testing.assert_allclose(found, probabilities, rtol=0, atol=1e-4, err_msg=name)
        assert float(time.removeprefix(" - Time (ms): ")) > 0, name


@needs_board
@pytest.mark.skipif(not all(map(shutil.which, BUILDER)), reason=f"needs {' and '.join(BUILDER)}")
def test_arduinos_builder_takes_the_library(tmp_path: Path) -> None:
    model = zoo.find(MODELS[0])
    library = made(MODELS[0], BOARD.name, tmp_path / "libraries", form="arduino")
    (sketch,) = library.glob("examples/*/*.ino")
    build = tmp_path / "build"
    build.mkdir()
    flags = [*BOARD.toolchain.flags, f"'-DBL_BOARD=\"{BOARD.name}\"'", *INCLUDES]
    flags += [f"-I{paths.KERNELS}"]
    link = ["-T", str(HAL / "cortex_m" / "cortex_m.ld")]
    link += [f"-Wl,--defsym=bl_{name}={value}" for name, value in BOARD.memory_symbols().items()]
    words = ["-hardware", str(hardware(tmp_path / "hardware")), "-tools", str(tmp_path)]
    words += ["-libraries", str(library.parent), "-fqbn", "stand_ins:arm:emulated"]
    words += ["-prefs", f"board.flags={' '.join(flags)}", "-prefs", f"board.link={' '.join(link)}"]
    kept.run(["arduino-builder", "-compile", *words, "-build-path", str(build), str(sketch)])
    _, label, _ = printed(build / f"{sketch.name}.elf")
    assert model.results
    best, _ = expected(model, library)
    assert label == f"Predicted class is: {model.results.classes[best]}"


def test_a_model_of_several_inputs_has_a_sketch_without_a_class(tmp_path: Path) -> None:
    shape = Tensor((1, 7), "float32")
    content = network([shape, shape, shape], [Operator("ADD", [0, 1], [2])], [0, 1], [2])
    file = tmp_path / "sums.tflite"
    file.write_bytes(content)
    here = made(str(file), BOARD.name, tmp_path, form="arduino")
    assert [p.stem for p in here.glob("examples/*/*.ino")] == ["sums_once"]
    assert not [*here.rglob("*_sketch.h")]


def test_real_values_are_given_to_a_model_of_no_picture(tmp_path: Path) -> None:
    tensors = [Tensor((1, 7), "int8", (0.5,), (3,)), Tensor((1, 7), "int8", (0.5,), (3,))]
    file = tmp_path / "row.tflite"
    file.write_bytes(network(tensors, [Operator("RELU", [0], [1])], [0], [1]))
    here = made(str(file), BOARD.name, tmp_path, form="arduino")
    assert "predictPixels" not in (here / "src" / "row_sketch.h").read_text()
    text = (here / "examples" / "row_classify" / "picture.h").read_text()
    values = [float(n) for n in re.findall(r"-?[\d.]+(?=f)", text)]
    assert len(values) == 7
    assert all(-66 <= value <= 62 and value % 0.5 == 0 for value in values)


def test_the_command_writes_it(tmp_path: Path) -> None:
    done = Cli(tmp_path)("export", "digits_cnn", "--format", "arduino", "-o", "out", "--json", "-")
    assert done.returncode == 0, done.stderr
    names = {Path(file["file"]).name for file in json.loads(done.stdout)["files"]}
    assert {
        "library.properties",
        "digits_cnn_int8_sketch.h",
        "digits_cnn_int8_classify.ino",
    } <= names
    assert (tmp_path / "out" / "src" / "digits_cnn_int8.c").is_file()
