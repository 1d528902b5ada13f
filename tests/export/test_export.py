"""Exported files compile without warnings and predict what the .tflite predicts."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from boardless.core import paths
from boardless.core.errors import BadInput
from boardless.data import pictures
from boardless.model import compiler, export, graph, random_network, reference, zoo
from host_cxx import needs_cxx
from host_kernels import HostModel
from layers_example import example, mobile_lenet

CXX = ["g++", "-std=c++11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wpedantic"]
CC = ["gcc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Werror", "-Wpedantic"]
FAMILY = sorted(
    {"pico_mobilenet", "nano_mobilenet", "micro_mobilenet", "milli_mobilenet", "mobilenet"}
    & set(zoo.names())
)
Array = npt.NDArray[np.float32]


def some_pictures(model: zoo.Model, count: int) -> Array:
    """Held-out pictures where there are some, else generated ones."""
    return np.asarray(pictures.load(model, None, limit=count).inputs, np.float32)


def compiled(command: list[str], folder: Path, source: str, text: str) -> Path:
    (folder / source).write_text(text)
    target = folder / "program"
    run = [*command, "-I", str(folder), str(folder / source), "-o", str(target), "-lm"]
    subprocess.run(run, check=True)
    return target


def test_names_and_what_they_are() -> None:
    assert export.names() == ("c_array", "cpp_class", "noodle_binary", "noodle_text", "tflite")
    for name in export.names():
        assert export.about(name).endswith(".")
    with pytest.raises(BadInput, match=r"unknown format 'onnx'; known are: c_array, "):
        export.write("onnx", zoo.find("digits_cnn"), Path("nowhere"))


def test_tflite_is_the_pair(tmp_path: Path) -> None:
    written = export.write("tflite", zoo.find("digits_cnn:int8"), tmp_path / "new" / "folder")
    assert sorted(p.name for p in written) == [
        "digits_cnn_float32.tflite",
        "digits_cnn_int8.tflite",
    ]
    for path in written:
        kind = path.stem.removeprefix("digits_cnn_")
        assert path.read_bytes() == zoo.find(f"digits_cnn:{kind}").content


@pytest.mark.parametrize(
    ("command", "source"), [(CC, "main.c"), pytest.param(CXX, "main.cpp", marks=needs_cxx)]
)
def test_c_array_holds_the_file(tmp_path: Path, command: list[str], source: str) -> None:
    model = zoo.find("digits_cnn:int8")
    export.write("c_array", model, tmp_path)
    program = compiled(
        command,
        tmp_path,
        source,
        '#include "digits_cnn_int8.h"\n#include <stdio.h>\n#include <stdint.h>\n'
        "int main(void) {\n"
        "  fwrite(digits_cnn_int8, 1, digits_cnn_int8_len, stdout);\n"
        "  return (uintptr_t)digits_cnn_int8 % 16 != 0;\n}\n",
    )
    assert subprocess.run([program], check=True, capture_output=True).stdout == model.content


CLASS_MAIN = """
#include "{name}.h"
#include <stdio.h>

int main() {{
  static {cls} net;
  static float picture[{cls}::kInputs];
  while (fread(picture, sizeof(float), {cls}::kInputs, stdin) == {cls}::kInputs) {{
    int label = net.predict(picture);
    if ({cls}::label(label)[0] == 0) return 1;
    fwrite(net.probabilities, sizeof(float), {cls}::kClasses, stdout);
  }}
  return 0;
}}
"""


def run_class(model: zoo.Model, name: str, inputs: Array, folder: Path) -> Array:
    """Probabilities (N, classes) of the exported class, compiled on the host."""
    export.write("cpp_class", model, folder)
    cls = "".join(part.capitalize() for part in name.split("_"))
    text = CLASS_MAIN.format(name=name, cls=cls)
    program = compiled([*CXX, "-fsanitize=address,undefined"], folder, "main.cpp", text)
    done = subprocess.run([program], input=inputs.tobytes(), capture_output=True, check=True)
    return np.frombuffer(done.stdout, np.float32).reshape(len(inputs), -1)


@needs_cxx
@pytest.mark.parametrize("name", [*FAMILY, "mobile_lenet"])
def test_the_class_predicts_the_same(tmp_path: Path, name: str) -> None:
    model = zoo.find(f"{name}:float32")
    inputs = some_pictures(model, 12)
    seen = run_class(model, name, inputs, tmp_path)
    expected = reference.predict(model.content, inputs)
    assert np.array_equal(seen.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(seen, expected, rtol=0, atol=2e-5)


@needs_cxx
def test_the_class_pads_as_the_model_does(tmp_path: Path) -> None:
    """SAME with stride 2 pads odd and even maps in different ways; a softmax of large logits."""
    for size in (9, 12):
        net = random_network.Network((1, size, size, 2), seed=size, kind="float32")
        net.conv(4, 3, 2, random_network.RELU)
        net.depthwise(3, 2, random_network.NONE)
        net.mean()
        net.conv(3, 1, 1, random_network.NONE)
        net.reshape(1, 3)
        net.softmax()
        content = net.content()
        model = zoo.Model("small_net", content, graph.read(content, "small_net"), None)
        rng = np.random.default_rng(size)
        inputs = (1000 * rng.normal(size=(8, size, size, 2))).astype(np.float32)
        folder = tmp_path / str(size)
        seen = run_class(model, "small_net", inputs, folder)
        assert np.isfinite(seen).all()
        np.testing.assert_allclose(seen, reference.predict(content, inputs), rtol=0, atol=1e-3)


@needs_cxx
def test_weights_of_the_class_stay_in_flash(tmp_path: Path) -> None:
    """An object in RAM is as large as its buffers: the published one keeps its weights there."""
    model = zoo.find("pico_mobilenet:float32")
    export.write("cpp_class", model, tmp_path)
    text = '#include "pico_mobilenet.h"\n#include <stdio.h>\nint main() { printf("%u", '
    text += "static_cast<unsigned>(sizeof(PicoMobilenet))); }\n"
    program = compiled(CXX, tmp_path, "main.cpp", text)
    done = subprocess.run([program], capture_output=True, check=True)
    largest = 32 * 32 * 3  # the stem's map
    assert int(done.stdout) == 4 * (2 * largest + 5)


@pytest.mark.parametrize("form", ["noodle_text", "noodle_binary"])
def test_noodle_files_read_back_to_the_same_outputs(tmp_path: Path, form: str) -> None:
    """Layer by layer with the files' numbers: the same probabilities as the .tflite."""
    model = zoo.find("mobile_lenet:float32")
    written = export.write(form, model, tmp_path)
    suffix = ".txt" if form == "noodle_text" else ".bin"
    table = ["w01", "b01", "bn01", *(f"{k}{n:02}" for n in range(2, 14) for k in ("w", "bn"))]
    assert [p.name for p in written] == [f"{n}{suffix}" for n in (*table, "w14", "b14")]
    module = example()
    if form == "noodle_binary":
        for path in written:
            values = np.frombuffer(path.read_bytes(), "<f4")
            path.with_suffix(".txt").write_text("\n".join(f"{v:.9g}" for v in values))
    inputs = some_pictures(model, 12)
    chw = np.ascontiguousarray(inputs.transpose(0, 3, 1, 2))
    (tmp_path / "picture.txt").write_text(" ".join(f"{v:.9g}" for v in chw[0].ravel()))
    (tmp_path / "weights.c").write_text(module.to_c(module.from_text(tmp_path)))
    c = mobile_lenet(tmp_path)
    seen = np.zeros((len(inputs), 8), np.float32)
    for picture, probabilities in zip(chw, seen, strict=True):
        status = c.mobile_lenet(
            picture.ctypes.data_as(ctypes.c_void_p), probabilities.ctypes.data_as(ctypes.c_void_p)
        )
        assert status == 0
    expected = reference.predict(model.content, inputs)
    assert np.array_equal(seen.argmax(axis=1), expected.argmax(axis=1))
    np.testing.assert_allclose(seen, expected, rtol=0, atol=2e-5)
    # and the path through boardless's own compiler, for good measure
    ours = HostModel(compiler.compile_graph(model.graph), tmp_path).run(inputs[:, np.newaxis])
    np.testing.assert_allclose(seen, ours, rtol=0, atol=2e-5)


def test_weights_as_they_were_trained_are_exported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The zoo's own are taken, with their normalisation; pictures lie next to them."""
    shutil.copytree(paths.ZOO / "mobile_lenet", tmp_path / "mobile_lenet")
    monkeypatch.setattr(paths, "ZOO", tmp_path)
    rng = np.random.default_rng(0)
    kept = {name: rng.normal(size=(4, 8)).astype(np.float32) for name in ("w01", "b01", "bn01")}
    file = tmp_path / "mobile_lenet" / "unfolded.npz"
    np.savez(file, **kept)  # type: ignore[arg-type]
    model = zoo.find("mobile_lenet:float32")
    inputs = rng.random((3, 28, 28, 3), dtype=np.float32)
    written = export.write("noodle_binary", model, tmp_path / "out", inputs)
    assert [path.name for path in written] == ["w01.bin", "b01.bin", "bn01.bin", "picture.bin"]
    for path in written[:3]:
        np.testing.assert_array_equal(np.fromfile(path, "<f4"), kept[path.stem].ravel())
    seen = np.fromfile(written[3], "<f4").reshape(3, 3, 28, 28)
    np.testing.assert_array_equal(seen, inputs.transpose(0, 3, 1, 2))
    file.write_bytes(b"no archive")
    with pytest.raises(BadInput, match="the weights cannot be read"):
        export.write("noodle_binary", model, tmp_path / "out")


@pytest.mark.parametrize(
    ("form", "name", "says"),
    [
        ("cpp_class", "pico_mobilenet:int8", "is int8, not float32; pico_mobilenet:float32"),
        ("cpp_class", "digits_cnn:float32", "a layer that this format does not have: MAX_POOL_2D"),
        ("noodle_text", "pico_mobilenet:float32", "a conv layer with activation NONE"),
    ],
)
def test_what_a_format_cannot_say_is_one_line(
    tmp_path: Path, form: str, name: str, says: str
) -> None:
    with pytest.raises(BadInput) as error:
        export.write(form, zoo.find(name), tmp_path / "out")
    assert says in str(error.value)
    assert "\n" not in str(error.value)
    assert not (tmp_path / "out").exists()


def test_branches_are_refused(tmp_path: Path) -> None:
    net = random_network.Network((1, 4, 4, 2), kind="float32")
    first = net.at
    net.conv(2, 1, 1, random_network.RELU)
    net.add(first)
    content = net.content()
    model = zoo.Model("branches", content, graph.read(content, "branches"), None)
    with pytest.raises(BadInput, match="a layer that this format does not have: ADD") as error:
        export.write("cpp_class", model, tmp_path)
    assert error.value.where == "branches, operator 1"
