"""The builds of a standalone folder: its Makefile, CMake, PlatformIO, and the forms of ecosystems
whose own tools are not here, held against what those tools read."""

from __future__ import annotations

import json
import re
import shutil
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import yaml
from boardless import path
from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.front.standalone import forms
from boardless.model import zoo
from host_cxx import needs_cxx
from standalone_folder import Library, made, run

MODEL = paths.ROOT / "examples" / "own_model" / "model.tflite"
EXAMPLE = paths.ROOT / "examples" / "own_firmware"
needs_make = pytest.mark.skipif(not shutil.which("make"), reason="needs make")
needs_cmake = pytest.mark.skipif(not shutil.which("cmake"), reason="needs cmake")
needs_arm = pytest.mark.skipif(
    not shutil.which("arm-none-eabi-gcc"), reason="needs arm-none-eabi-gcc"
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("builds")


@pytest.fixture(scope="module")
def plain(place: Path) -> Path:
    return made(str(MODEL), "mps2-an386", place)


def defines(nm: str, file: Path, name: str) -> bool:
    return bool(re.search(rf"\b[TW] {name}$", run([nm, file]), re.MULTILINE))


def form(name: str, place: Path) -> Path:
    return made(str(MODEL), "mps2-an386", place / name, form=name)


@needs_make
def test_make_on_the_host_gives_the_outputs_of_run(plain: Path, place: Path) -> None:
    run(["make", "-s", "-j2", "CFLAGS=-O1 -fPIC -Wall -Wextra -Werror"], plain)
    ours = path.follow(path.Request(str(MODEL), "host", images=MODEL.parent / "pictures"))
    assert ours.verdict.ok
    size = json.loads((plain / "manifest.json").read_text())["arena"]["bytes"]
    library = Library.linked(plain / "libmodel.a", place)
    graph = zoo.find(str(MODEL)).graph
    found = library.run("model", size, graph, ours.run.pictures.inputs)
    np.testing.assert_array_equal(found, ours.run.outputs)
    run(["make", "-s", "clean"], plain)
    assert not [*plain.rglob("*.o"), *plain.rglob("*.a")]


@needs_make
@needs_arm
def test_make_for_the_board_as_the_readme_says(plain: Path) -> None:
    command = re.search(r"^make .*", (plain / "README.md").read_text(), re.MULTILINE)
    assert command
    run(["sh", "-c", f"{command[0]} -s -j2"], plain)
    assert defines("arm-none-eabi-nm", plain / "libmodel.a", "model_invoke")
    run(["make", "-s", "clean"], plain)


@needs_cmake
@needs_make
@needs_arm
def test_cmake_builds_the_example(plain: Path, place: Path) -> None:
    build = place / "cmake"
    words = [f"-DMODEL={plain}", f"-DCMAKE_TOOLCHAIN_FILE={EXAMPLE}/arm-none-eabi.cmake"]
    run(["cmake", "-S", EXAMPLE, "-B", build, "-DCMAKE_BUILD_TYPE=Release", *words])
    run(["cmake", "--build", build, "-j2"])
    assert defines("arm-none-eabi-nm", build / "own_firmware.elf", "model_invoke")


STUB = """
cmake_minimum_required(VERSION 3.13)
project(stub C)
function(idf_component_register)
  cmake_parse_arguments(IDF "" "" "SRCS;INCLUDE_DIRS" ${ARGN})
  add_library(idf STATIC ${IDF_SRCS})
  target_include_directories(idf PUBLIC ${IDF_INCLUDE_DIRS})
endfunction()
function(zephyr_library_named name)
  add_library(${name} STATIC)
  set(ZEPHYR_CURRENT_LIBRARY ${name} PARENT_SCOPE)
endfunction()
function(zephyr_library_sources)
  foreach(source ${ARGN})
    get_filename_component(path ${source} ABSOLUTE)
    target_sources(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${path})
  endforeach()
endfunction()
function(zephyr_include_directories path)
  get_filename_component(full ${path} ABSOLUTE)
  target_include_directories(${ZEPHYR_CURRENT_LIBRARY} PRIVATE ${full})
endfunction()
set(CONFIG_MODEL y)
add_subdirectory(${IDF} idf)
add_subdirectory(${ZEPHYR}/zephyr zephyr)
"""


@needs_cmake
@needs_make
def test_esp_idf_and_zephyr_by_a_stub_of_their_functions(place: Path) -> None:
    idf, zephyr = form("esp-idf", place), form("zephyr", place)
    stub = place / "stub"
    stub.mkdir()
    (stub / "CMakeLists.txt").write_text(STUB)
    run(["cmake", "-S", stub, "-B", stub / "build", f"-DIDF={idf}", f"-DZEPHYR={zephyr}"])
    run(["cmake", "--build", stub / "build", "-j2"])
    assert defines("nm", stub / "build" / "idf" / "libidf.a", "model_invoke")
    assert defines("nm", stub / "build" / "zephyr" / "libmodel.a", "model_invoke")


def test_files_of_esp_idf_and_zephyr(tmp_path: Path) -> None:
    idf, zephyr = form("esp-idf", tmp_path), form("zephyr", tmp_path)
    listed = re.findall(r'"(src/\S+\.c)"', (idf / "CMakeLists.txt").read_text())
    assert listed == sorted(str(p.relative_to(idf)) for p in (idf / "src").rglob("*.c"))
    component = yaml.safe_load((idf / "idf_component.yml").read_text())
    assert re.fullmatch(r"\d+\.\d+\.\d+", component["version"])
    assert {*component} <= {"version", "description", "license", "dependencies"}
    module = yaml.safe_load((zephyr / "zephyr" / "module.yml").read_text())
    assert module == {"name": "model", "build": {"cmake": "zephyr", "kconfig": "zephyr/Kconfig"}}
    assert "config MODEL\n\tbool" in (zephyr / "zephyr" / "Kconfig").read_text()


@needs_cxx
def test_files_of_arduino(tmp_path: Path) -> None:
    here = form("arduino", tmp_path)
    lines = (here / "library.properties").read_text().splitlines()
    found = dict(line.split("=", 1) for line in lines)
    needed = "name version author maintainer sentence paragraph category url architectures"
    assert {*needed.split()} <= {*found}
    assert re.fullmatch(r"[A-Za-z0-9][\w .-]*", found["name"])
    assert (here / "src" / found["includes"]).is_file()
    (sketch,) = here.glob("examples/*/*.ino")
    assert sketch.parent.name == sketch.stem
    main = tmp_path / "sketch.cpp"
    main.write_text(f'{HOST}#include "{sketch}"\n{USE}')
    objects = tmp_path / "objects"
    objects.mkdir()
    run(["gcc", "-O1", "-c", *sorted((here / "src").rglob("*.c"))], objects)
    program = tmp_path / "sketch"
    cxx = ["g++", "-std=c++11", "-Wall", "-Wextra", "-Werror", f"-I{here}/src", f"-I{STAND_IN}"]
    run([*cxx, main, *objects.glob("*.o"), "-lm", "-o", program])
    values, label, time, same = run([program]).splitlines()
    assert sum(map(float, values.split(","))) == pytest.approx(1, abs=1e-3)
    assert label in ("Predicted class is: 0", "Predicted class is: 1")
    assert time == " - Time (ms): 0.001"
    assert same == "same"


# Arduino's functions on this machine, and a use of the class that the sketch makes none of.
STAND_IN = paths.ROOT / "tests" / "export" / "arduino"
HOST = """
#include <Arduino.h>
#include <stdio.h>
static unsigned long now;
SerialStandIn Serial;
unsigned long micros(void) { return now++; }
void delay(unsigned long) {}
void shim_putc(char c) { putchar(c); }
"""
USE = """
int main() {
  setup();
  loop();
  float values[Model::kInputs], first[Model::kClasses], second[Model::kClasses];
  for (int shift = 0; shift < 256; shift++) {
    uint8_t pixels[Model::kInputs];
    for (size_t i = 0; i < Model::kInputs; i++) {
      pixels[i] = (uint8_t)(i + shift);
      values[i] = pixels[i] * (1.0f / 255);
    }
    const int found = model.predictPixels(pixels, first);
    if (model.predict(values, second) != found || model.predictedClass() != found ||
        Model::probaToClass(first) != found || !model.isOk() || model.getErrorMessage()[0]) {
      return 1;
    }
    for (size_t k = 0; k < Model::kClasses; k++) {
      if (first[k] != second[k] || first[k] != model.probability(k) ||
          first[k] != model.probabilities()[k]) {
        return 1;
      }
    }
  }
  puts(Model::className(1)[0] == '1' && !Model::className(2)[0] ? "same" : "other names");
}
"""


def test_files_of_a_cmsis_pack(tmp_path: Path) -> None:
    here = form("cmsis-pack", tmp_path)
    (pack,) = here.glob("*.pdsc")
    root = ElementTree.parse(pack).getroot()
    texts = {name: root.findtext(name) for name in ("vendor", "name", "description", "url")}
    assert all(texts.values())
    assert pack.name == f"{texts['vendor']}.{texts['name']}.pdsc"
    assert (here / str(root.findtext("license"))).is_file()
    listed = [file.attrib for file in root.iter("file")]
    assert all((here / file["name"]).exists() for file in listed)
    compiled = {file["name"] for file in listed if file["category"] == "source"}
    assert compiled == {str(p.relative_to(here)) for p in (here / "src").rglob("*.c")}
    # No tool for packs is in a registry: this compiles what such a tool reads off the description.
    folders = [file["name"] for file in listed if file["category"] == "include"]
    words = [f"-I{folder}" for folder in folders]
    run(["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", *words, "-c", *compiled], here)
    assert {path.stem for path in here.glob("*.o")} == {Path(name).stem for name in compiled}
    (component,) = root.iter("component")
    assert {"Cclass", "Cgroup", "Csub", "Cversion"} == {*component.attrib}


BUILDER = """
from SCons.Script import Default, DefaultEnvironment

env = DefaultEnvironment()
env.Replace(AR="ar", AS="gcc", CC="gcc", CXX="g++", LINK="gcc", RANLIB="ranlib", ARFLAGS=["rcs"])
env.Append(LIBS=["m"])
Default(env.BuildProgram())
"""
PROGRAM = """
#include <stdio.h>

#include "model.h"

_Alignas(16) static uint8_t arena[MODEL_ARENA_BYTES];
static int8_t input[MODEL_INPUT_COUNT], output[MODEL_OUTPUT_COUNT];

int main(void) {
  printf("%d\\n", model_invoke(arena, sizeof arena, input, output));
  return 0;
}
"""


def test_platformio_finds_and_builds_the_library(tmp_path: Path) -> None:
    """The platform is ours, which needs no registry, with a builder for this machine's gcc."""
    here = made(str(MODEL), "mps2-an386", tmp_path / "project" / "lib", form="platformio")
    about = json.loads((here / "library.json").read_text())
    assert {"name", "version", "description"} <= {*about}
    assert (here / "src" / about["headers"]).is_file()
    project, platform = tmp_path / "project", tmp_path / "platform"
    (platform / "builder").mkdir(parents=True)
    for name in ("platform.json", "platform.py"):
        shutil.copyfile(paths.FIRMWARE / "platform" / name, platform / name)
    (platform / "builder" / "main.py").write_text(BUILDER)
    (project / "src").mkdir()
    (project / "src" / "main.c").write_text(PROGRAM)
    (project / "platformio.ini").write_text(
        f"[platformio]\ncore_dir = {tmp_path}/core\n[env:here]\nplatform = symlink://{platform}\n"
    )
    run([sys.executable, "-m", "platformio", "run", "-d", project], project)
    program = next((project / ".pio" / "build" / "here").glob("program*"))
    assert run([program]) == "0\n"


def test_an_unknown_form_is_named() -> None:
    assert forms.names() == ("arduino", "cmsis-pack", "esp-idf", "platformio", "zephyr")
    with pytest.raises(BadInput, match="unknown form 'iar'; known: arduino, "):
        forms.load("iar")
