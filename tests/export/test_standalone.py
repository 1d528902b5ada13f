"""Folders of `compile --standalone` need nothing else, and compute what the reference computes."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import streaming
from boardless.core.errors import BadInput
from boardless.device import boards, kernel_sources
from boardless.front import standalone
from boardless.front.standalone import api, folder, kernels
from boardless.model import ports, reference, zoo
from command_line import Cli, failure
from host_cxx import needs_cxx
from one_operator import Operator, Tensor
from one_operator import graph as network
from standalone_folder import WARNINGS, Arena, Library, made, run, sources

DIGITS = "digits_cnn_int8"
RNG = np.random.default_rng(5)


def several() -> bytes:
    """Returns a model of a uint8 map and a float32 row, with one output of each."""
    wide = Tensor((1, 4, 4, 3), "uint8", (0.05,), (7,))
    small = Tensor((1, 2, 2, 3), "uint8", (0.05,), (7,))
    tensors = [wide, Tensor((1, 7), "float32"), small, Tensor((1, 7), "float32")]
    window = {"strideH": 2, "strideW": 2, "filterHeight": 2, "filterWidth": 2, "padding": 1}
    operators = [Operator("MAX_POOL_2D", [0], [2], window), Operator("RELU", [1], [3])]
    return network(tensors, operators, [0, 1], [2, 3])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("standalone")
    (where / "int.tflite").write_bytes(several())
    (where / "3 sums.tflite").write_bytes(
        streaming.running_sum("int8", first=np.arange(6, dtype=np.int8).reshape(1, 6))
    )
    return where


@pytest.fixture(scope="module")
def models(place: Path) -> dict[str, zoo.Model]:
    texts = "digits_cnn:int8", "digits_cnn:float32", place / "int.tflite", place / "3 sums.tflite"
    found = [zoo.find(str(text)) for text in texts]
    return {api.identifier(model.name): model for model in found}


@pytest.fixture(scope="module")
def folders(place: Path, models: dict[str, zoo.Model]) -> list[Path]:
    texts = "digits_cnn:int8", "digits_cnn:float32", place / "int.tflite", place / "3 sums.tflite"
    chosen = ("mps2-an386", "mps2-an386", "host", "host")
    return [made(str(t), b, place / "folders") for t, b in zip(texts, chosen, strict=True)]


@pytest.fixture(scope="module")
def library(place: Path, folders: list[Path]) -> Library:
    return Library(folders, place)


def about(place: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((place / "manifest.json").read_text())
    return found


def arena_bytes(place: Path) -> int:
    return int(about(place)["arena"]["bytes"])


def test_names(models: dict[str, zoo.Model]) -> None:
    assert [*models] == [DIGITS, "digits_cnn_float32", "model_int", "model_3_sums"]


@pytest.mark.parametrize("number", range(4))
def test_outputs_are_those_of_the_reference(
    number: int, models: dict[str, zoo.Model], folders: list[Path], library: Library
) -> None:
    name, model = [*models.items()][number]
    inputs = ports.noise(model.graph, 5)
    if len(model.graph.inputs) == 1:
        source = model.graph.input_tensor
        inputs = inputs.view(source.dtype).reshape(5, *source.shape[1:])
    expected = reference.predict(model.reference, inputs, keep_state=bool(model.graph.states))
    found = library.run(name, arena_bytes(folders[number]), model.graph, inputs)
    if found.dtype == np.float32:
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
    else:
        np.testing.assert_array_equal(found, expected.reshape(found.shape))


def test_threads_have_an_arena_each(
    models: dict[str, zoo.Model], folders: list[Path], library: Library
) -> None:
    graph, size = models[DIGITS].graph, arena_bytes(folders[0])
    inputs = RNG.integers(-128, 128, (2, 200, 8, 8, 1)).astype(np.int8)
    alone = [library.run(DIGITS, size, graph, some) for some in inputs]
    with ThreadPoolExecutor(2) as pool:
        together = [*pool.map(lambda some: library.run(DIGITS, size, graph, some), inputs)]
    np.testing.assert_array_equal(alone, together)


def test_statuses(folders: list[Path], library: Library) -> None:
    size = arena_bytes(folders[0])
    memory, fed, out = Arena(size), np.zeros(64, np.int8), np.full(10, 77, np.int8)
    invoke = f"{DIGITS}_invoke"
    assert library.call(invoke, None, size, fed, out) == 1
    assert library.call(invoke, memory.address, size, None, out) == 1
    assert library.call(invoke, memory.address, size, fed, None) == 1
    assert library.call(invoke, memory.address, size - 1, fed, out) == 3
    assert library.call(invoke, memory.address + 8, size, fed, out) == 4
    assert (out == 77).all()
    assert library.call(invoke, memory.address, size, fed, out) == 0


MAIN = """
#include <stddef.h>
#include "{name}.h"
extern "C" void *memcpy(void *to, const void *from, size_t n) {{
  for (volatile size_t i = 0; i < n; i = i + 1) ((char *)to)[i] = ((const char *)from)[i];
  return to;
}}
extern "C" void *memset(void *to, int value, size_t n) {{
  for (volatile size_t i = 0; i < n; i = i + 1) ((char *)to)[i] = (char)value;
  return to;
}}
alignas(16) static uint8_t arena[{macro}_ARENA_BYTES];
static int8_t input[{macro}_INPUT_COUNT], output[{macro}_OUTPUT_COUNT];
extern "C" void begin() {{
  {name}_status status = {name}_invoke(arena, sizeof arena, input, output);
  for (;;) if (status != {macro}_OK) output[0] = 1;
}}
"""


@needs_cxx
def test_cxx_links_it_with_memcpy_and_memset_alone(tmp_path: Path) -> None:
    """The linker finds every symbol in the folder, or in these two functions, and drops nothing."""
    here = made("pico_mobilenet:int8", "mps2-an386", tmp_path)
    run(["gcc", "-std=c11", "-O1", "-c", *sources(here), f"-I{here}/src"], tmp_path)
    objects = [*tmp_path.glob("*.o")]
    main, program = tmp_path / "main.cpp", tmp_path / "program"
    main.write_text(MAIN.format(name=here.name, macro=here.name.upper()))
    command = ["g++", "-std=c++11", *WARNINGS[:3], "-nostdlib", "-ffreestanding", f"-I{here}/src"]
    command += ["-fno-stack-protector", "-static", "-Wl,-e,begin"]
    run([*command, main, *objects, "-o", program])
    undefined = {
        line.split()[-1] for line in run(["nm", "-u", *objects]).splitlines() if " U " in line
    }
    calls = about(here)["calls"]
    own = {f"{here.name}_weights", *kernel_names(here)}
    linkers = {"_GLOBAL_OFFSET_TABLE_"}  # of a program whose place is not fixed
    assert undefined <= own | linkers | {*calls["libc"], *calls["libm"]}
    assert undefined >= own & {f"{here.name}_weights"}
    sizes = [line.split() for line in run(["size", "-A", *objects]).splitlines()]
    changing = [row for row in sizes if row and re.match(r"\.(data|bss)(?!\.rel\.ro)", row[0])]
    assert changing
    assert all(row[1] == "0" for row in changing), "there is no static state"


def test_kernels_of_int8_need_no_libm() -> None:
    """Nor do the files that they are in, so that a plain link needs no -lm. Those that read or
    write real numbers may."""
    found = {f for f in kernel_sources.definitions() if re.search("_s8(_|$)", f)}
    assert len(found) > 50
    needy = {f for f in found if kernels.sources({f}).libm}
    assert needy == {"bl_quantize_s8_ref"}


def kernel_names(here: Path) -> set[str]:
    lines = (here / "src" / "kernels" / "symbols.h").read_text().splitlines()
    return {line.split()[2] for line in lines if line.startswith("#define bl_")}


def test_models_share_the_kernels_that_are_the_same(folders: list[Path]) -> None:
    floats = kernel_names(folders[1])
    assert floats
    assert not floats & kernel_names(folders[0])
    again = kernels.sources({"bl_fully_connected_f32_ref"})
    assert {*again.names.values()} <= floats


def test_equal_arguments_give_equal_bytes(folders: list[Path]) -> None:
    again = standalone.files(zoo.find("digits_cnn:int8"), boards.load("mps2-an386"))
    found = {str(p.relative_to(folders[0])): p for p in folders[0].rglob("*") if p.is_file()}
    for name, content in again.items():
        assert found[name].read_bytes() == content


def test_the_manifest_says_what_is_there(folders: list[Path]) -> None:
    found = about(folders[0])
    for name, digest in found["files"].items():
        assert hashlib.sha256((folders[0] / name).read_bytes()).hexdigest() == digest
    assert [layer["variant"] for layer in found["layers"]] == ["dsp", "dsp", "dsp"]
    floats = about(folders[1])["layers"]
    assert [layer["variant"] for layer in floats] == ["fpu", "ref", "ref"]
    assert floats[1]["why"] == "the dsp kernels do not take the layer's types and shapes"
    assert floats[0]["why"].startswith("cortex-m4 runs fpu")
    assert {Path(layer["source"]).name for layer in floats} <= {
        p.name for p in (folders[1] / "src" / "kernels").glob("*.c")
    }
    assert found["board"]["flags"][0] == "-mcpu=cortex-m4"
    assert sum(layer["weights_bytes"] for layer in found["layers"]) <= found["weights"]["bytes"]


def test_a_folder_of_somebody_else_stays(tmp_path: Path) -> None:
    content = {"a/b.c": b"int x;\n", "manifest.json": b"{}"}
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    folder.write(content, theirs)  # an empty folder is as good as none
    with pytest.raises(BadInput, match=r"holds a/b\.c, and boardless has not written it"):
        folder.write(content, theirs)
    file = tmp_path / "file"
    file.write_text("")
    with pytest.raises(BadInput, match="this is no folder"):
        folder.write(content, file)


def test_a_folder_of_ours_is_replaced_unless_it_was_edited(tmp_path: Path) -> None:
    model, board = zoo.find("digits_cnn:int8"), boards.load("mps2-an386")
    here = tmp_path / "digits"
    folder.write(standalone.files(model, board), here)
    folder.write(standalone.files(model, board, form="arduino"), here)
    assert (here / "library.properties").is_file()
    folder.write(standalone.files(model, board), here)
    assert not (here / "library.properties").exists()
    (here / "notes.txt").write_text("mine\n")
    with pytest.raises(BadInput, match=r"notes\.txt was added since"):
        folder.check(here)
    (here / "notes.txt").unlink()
    (here / "src" / f"{DIGITS}.c").write_text("mine\n")
    with pytest.raises(BadInput, match=rf"{DIGITS}\.c was changed since"):
        folder.write(standalone.files(model, board), here)
    assert [p.name for p in tmp_path.iterdir()] == ["digits"]


def test_a_folder_is_written_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> int:
        if path.name == "manifest.json":
            raise OSError(28, "No space left on device")
        return before(path, content)

    before = Path.write_bytes
    here = tmp_path / "digits"
    folder.write({"old": b"old\n"}, here)
    shutil.rmtree(here)
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(BadInput, match="No space left on device"):
        folder.write({"a": b"a", "manifest.json": b"{}"}, here)
    assert [*tmp_path.iterdir()] == []


def test_the_command_measures_and_says_so(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    done = cli(
        "compile", "digits_cnn", "--standalone", "-o", "out", "--board", "host", "--json", "-"
    )
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    assert data["prefix"] == DIGITS
    measured = json.loads((tmp_path / data["manifest"]).read_text())["measured"]
    assert measured["bit_exact"] is True
    text = (tmp_path / "out" / "README.md").read_text()
    assert "By `boardless run digits_cnn:int8 --board host --limit 4`" in text
    assert f"| flash of that firmware | {measured['memory']['flash_bytes']:,} bytes |" in text
    plain = cli("compile", "digits_cnn", "-o", "plain", "--board", "host")
    assert "--standalone writes a folder that needs nothing else" in plain.stderr
    again = cli.fails(2, "compile", "digits_cnn", "--standalone", "-o", "plain", "--no-measure")
    assert "boardless has not written it" in again


def test_an_exceeded_budget_writes_nothing(tmp_path: Path) -> None:
    cli = Cli(tmp_path)
    words = ("compile", "digits_cnn", "--for", "platformio", "-o", "out", "--board", "host")
    done = cli(*words, "--max-flash", "1K")
    assert done.returncode == 1
    assert "more than --max-flash 1,024 bytes; look first at layer 2 FULLY_CONNECTED" in done.stderr
    assert not (tmp_path / "out").exists()
    assert "name a part" in failure(cli(*words, "--max-ms", "1"), 2)
