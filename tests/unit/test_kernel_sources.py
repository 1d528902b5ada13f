"""A firmware compiles the kernels that its model calls; objects are lent to other build folders."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from boardless.core import paths
from boardless.device import boards, kernel_sources, platformio, recipe
from boardless.model import zoo
from boardless.runtimes import Wanted
from boardless.runtimes import boardless as ours

CALLER = """
#include "scale.h"
/* bl_unused_ref() is named here, and not called. */
int bl_scale(int a);
int bl_twice_ref(int a) {
  return bl_shift_ref(a);
}
"""
SOURCES = {
    "twice/twice_ref.c": CALLER,
    "twice/twice_dsp.c": "int bl_twice_dsp(int a) {\n  return a + a;\n}\n",
    "twice/scale.h": "static inline int bl_scale(int a) {\n  return bl_offset_ref(a);\n}\n",
    "shift/shift_ref.c": "int bl_shift_ref(int a) {\n  return a << 1;\n}\n",
    "shift/offset_ref.c": "int bl_offset_ref(int a) {\n  return a + 1;\n}\n",
    "shift/unused_ref.c": "int bl_unused_ref(int a) {\n  return a;\n}\n",
    "shift/made_ref.c": "BL_MAKE(made)\n",
    "shift/made_mve.c": "BL_MAKE(made)\n",
}


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for name, text in SOURCES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    monkeypatch.setattr(paths, "KERNELS", tmp_path)
    kernel_sources.definitions.cache_clear()
    yield tmp_path
    kernel_sources.definitions.cache_clear()


def names(found: list[Path]) -> list[str]:
    return [path.name for path in found]


def test_what_is_called_comes_with_its_caller(kernels: Path) -> None:
    """A header may call, too; what a macro defines is not seen, and comes along."""
    found = kernel_sources.of_firmware(["x = bl_twice_ref(1);"], ["dsp"])
    assert names(found) == ["made_ref.c", "offset_ref.c", "shift_ref.c", "twice_ref.c"]
    assert names(kernel_sources.of_firmware(["bl_twice_dsp(1)"], ["dsp"])) == [
        "made_ref.c",
        "twice_dsp.c",
    ]
    assert names(kernel_sources.of_firmware(["bl_twice_dsp(1)"], [])) == ["made_ref.c"]


def test_the_compiler_says_which_header_is_missing(kernels: Path) -> None:
    (kernels / "twice" / "scale.h").unlink()
    allowed = {name.rpartition("/")[2] for name in SOURCES if name.endswith("_ref.c")}
    assert {*names(kernel_sources.of_firmware(["bl_twice_ref(1)"], []))} == allowed


def test_a_recipe_names_the_kernels_of_each_model(tmp_path: Path) -> None:
    board = boards.load("mps2-an386")
    folders = []
    for kind in ("int8", "float32"):
        wanted = Wanted(zoo.find(f"digits_cnn:{kind}").graph, board)
        folders.append(tmp_path / kind)
        folders[-1].mkdir()
        for name, content in ours.sources(wanted).files.items():
            (folders[-1] / name).write_bytes(content)
    int8, float32 = recipe.of(board, folders)["kernels"]
    assert int8 == [
        "kernels/conv_2d/conv_2d_mono_dsp.c",
        "kernels/fully_connected/fully_connected_dsp.c",
        "kernels/max_pool_2d/max_pool_2d_dsp.c",
    ]
    assert float32 == [
        "kernels/conv_2d/conv_2d_fpu.c",
        "kernels/fully_connected/fully_connected_ref.c",
        "kernels/max_pool_2d/max_pool_2d_ref.c",
    ]


def test_objects_are_lent_to_a_folder_without_any(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "ours"))
    here, there = (tmp_path / name / "pio" / "host" for name in ("ours", "theirs"))
    platformio.lend("host", tmp_path / "theirs")
    assert not there.exists()
    (here / "objects" / "AB").mkdir(parents=True)
    (here / "objects" / "AB" / "ABCD").write_bytes(b"an object")
    (here / "objects" / ".sconsign311").write_bytes(b"notes")
    platformio.lend("host", tmp_path / "theirs")
    assert not there.exists()  # its last build has not ended
    (here / "settled").write_bytes(b"a compiler")
    platformio.lend("host", tmp_path / "theirs")
    found = {p.relative_to(there).as_posix() for p in there.rglob("*") if p.is_file()}
    assert found == {"objects/AB/ABCD", "settled"}
    assert (there / "settled").read_bytes() == b"a compiler"
    (here / "objects" / "AB" / "CDEF").write_bytes(b"another")
    platformio.lend("host", tmp_path / "theirs")
    assert not (there / "objects" / "AB" / "CDEF").exists()
