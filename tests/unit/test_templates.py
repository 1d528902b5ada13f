"""Templates are compiled once, and nobody else's compiled form is run."""

from __future__ import annotations

from pathlib import Path

import jinja2
import pytest
from boardless.core.templates import environment


def rendered(folder: Path) -> str:
    found = environment(jinja2.FileSystemLoader(folder), trim_blocks=True)
    return found.get_template("page.j2").render(name="digits")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    (tmp_path / "page.j2").write_text("<{{ name }}>")
    return tmp_path


def kept(folder: Path) -> list[Path]:
    return sorted((folder / "build/templates").iterdir())


def compiles(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Returns a list that grows with each template that is compiled."""
    found: list[object] = []
    whole = jinja2.Environment.compile

    def compile(self: jinja2.Environment, *words: object, **options: object) -> object:
        found.append(words)
        return whole(self, *words, **options)  # type: ignore[call-overload]

    monkeypatch.setattr(jinja2.Environment, "compile", compile)
    return found


def test_a_template_is_compiled_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compiled = compiles(monkeypatch)
    assert [rendered(folder) for _ in range(3)] == ["<digits>"] * 3
    assert len(compiled) == len(kept(folder)) == 1


def test_another_source_is_compiled_anew(folder: Path) -> None:
    assert rendered(folder) == "<digits>"
    (folder / "page.j2").write_text("[{{ name }}]")
    assert rendered(folder) == "[digits]"


def test_what_others_have_compiled_is_not_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered(folder)
    (file,) = kept(folder)
    other = folder / "other"
    other.mkdir()
    (other / "page.j2").write_text("{{ 1 / 0 }}")
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(other / "build"))
    with pytest.raises(ZeroDivisionError):
        rendered(other)
    (planted,) = kept(other)
    file.write_bytes(planted.read_bytes())
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(folder / "build"))
    compiled = compiles(monkeypatch)
    assert rendered(folder) == "<digits>"
    assert len(compiled) == 1


def test_an_undefined_name_is_an_error(folder: Path) -> None:
    (folder / "page.j2").write_text("{{ nmae }}")
    with pytest.raises(jinja2.UndefinedError, match="nmae"):
        rendered(folder)
