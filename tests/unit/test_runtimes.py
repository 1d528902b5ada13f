"""Runtimes are found by name; ours hands the build a plain record."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from boardless import runtimes
from boardless.core.errors import BadInput
from boardless.device import boards, build
from boardless.device.records import BUILD_ID
from boardless.model import compiler, zoo
from boardless.runtimes import boardless


def test_our_runtime_is_found_by_its_name() -> None:
    assert runtimes.OURS in runtimes.names()
    assert runtimes.load(runtimes.OURS).package is boardless


def test_an_unknown_runtime_is_named_with_the_known_ones() -> None:
    with pytest.raises(BadInput, match=r"unknown runtime 'tflx'; known: .*boardless"):
        runtimes.load("tflx")


def test_an_unknown_variant_of_ours_is_named_with_the_known_one() -> None:
    with pytest.raises(BadInput, match=r"has no variant 'rom'; known: ram"):
        _ = runtimes.load("boardless:rom").version


def test_a_colon_without_a_variant_is_refused() -> None:
    """`boardless:` would be judged by no baseline, and pass."""
    with pytest.raises(BadInput, match="no variant stands behind the colon of 'boardless:'"):
        runtimes.load("boardless:")


def test_the_builds_id_stands_in_the_written_sources(tmp_path: Path) -> None:
    program = compiler.compile_graph(zoo.find("digits_cnn:int8").graph)
    sources = boardless.translated(program)
    written = build.write_sources(sources, "0123456789abcdef", tmp_path)
    assert {path.name for path in written} == set(sources.files)
    text = (tmp_path / "model.c").read_text()
    assert '.build_id = "0123456789abcdef",' in text
    assert not any(BUILD_ID.encode() in path.read_bytes() for path in written)
    assert (tmp_path / "weights.bin").read_bytes() == sources.files["weights.bin"]


def test_the_id_depends_on_every_generated_file() -> None:
    board = boards.load("host")
    sources = boardless.translated(compiler.compile_graph(zoo.find("digits_cnn:int8").graph))
    keys = {build.build_key(sources, board, "gcc 1"), build.build_key(sources, board, "gcc 2")}
    for name, content in sources.files.items():
        changed = dataclasses.replace(sources, files={**sources.files, name: content + b"\n"})
        keys.add(build.build_key(changed, board, "gcc 1"))
    assert len(keys) == 2 + len(sources.files)


TOY = """
from boardless.core.errors import BadInput

PROFILE = "litert"


def version(variant):
    return "toy 1"


def sources(wanted):
    raise BadInput("toy takes no model")
"""


def test_a_runtime_is_one_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "toy_of_a_test"
    folder.mkdir()
    (folder / "__init__.py").write_text(TOY)
    monkeypatch.setenv(runtimes.VARIABLE, str(tmp_path))
    assert "toy_of_a_test" in runtimes.names()
    toy = runtimes.load("toy_of_a_test:small")
    board = boards.load("host")
    assert (toy.full, toy.profile) == ("toy_of_a_test:small", "litert")
    assert toy.variants(board) == ("toy_of_a_test",)
    with pytest.raises(BadInput, match="toy takes no model"):
        toy.build(zoo.find("digits_cnn:int8").graph, board)
    # Results that are kept do not outlive a change of its files.
    before = toy.identity
    (folder / "more.c").write_text("int x;")
    assert toy.identity != before
    monkeypatch.delenv(runtimes.VARIABLE)
    assert "toy_of_a_test" not in runtimes.names()
