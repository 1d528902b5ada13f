"""Objects that tests keep are named by what they were made of."""

from __future__ import annotations

from pathlib import Path

import kept
import pytest
from boardless.core import paths


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    monkeypatch.setattr(paths, "ROOT", tmp_path / "one")
    return tmp_path


def checkout(root: Path, value: int) -> Path:
    """Writes a source whose value is in a header of a header, which nobody includes by default."""
    (root / "inner").mkdir(parents=True, exist_ok=True)
    (root / "a.c").write_text('#include "b.h"\nint value(void) { return VALUE; }\n')
    (root / "b.h").write_text("#ifdef DEEP\n# include <c.h>\n#else\n#define VALUE 0\n#endif\n")
    (root / "inner" / "c.h").write_text(f"#define VALUE {value}\n")
    return root


def compiled(root: Path, *flags: str) -> bytes:
    target = root / "a.o"
    kept.compiled(["gcc", "-O1", f"-I{root / 'inner'}", *flags], root / "a.c", target)
    return target.read_bytes()


def test_an_object_is_made_once_and_again_for_other_sources(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = checkout(folder / "one", 1)
    first = compiled(one, "-DDEEP")
    assert compiled(one, "-DDEEP") == first
    assert len([*kept.objects().iterdir()]) == 1
    assert compiled(one) != first  # another command
    checkout(one, 2)
    second = compiled(one, "-DDEEP")
    assert second != first  # another header
    assert len([*kept.objects().iterdir()]) == 3

    # Another checkout of the same content has the same objects.
    other = checkout(folder / "other", 2)
    monkeypatch.setattr(paths, "ROOT", other)
    assert compiled(other, "-DDEEP") == second
    assert len([*kept.objects().iterdir()]) == 3
    assert not [path for path in kept.objects().iterdir() if path.suffix != ".o"]
