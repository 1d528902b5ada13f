"""The store of results: what is damaged or cannot be written is absent, never wrong."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from boardless.core import store
from boardless.core.store import Store


def test_a_result_is_found_by_its_key(tmp_path: Path) -> None:
    kept = Store(tmp_path / "a" / "b")
    assert kept.get("1") is None
    kept.put("1", {"a": [1, 2]})
    kept.put("2", "other")
    assert kept.get("1") == {"a": [1, 2]}
    assert Store(kept.folder).get("2") == "other"
    kept.put("1", "newer")
    assert kept.get("1") == "newer"


@pytest.mark.parametrize("damage", ["cut", "changed", "empty", "folder", "foreign"])
def test_a_damaged_result_is_absent(tmp_path: Path, damage: str) -> None:
    kept = Store(tmp_path)
    kept.put("1", [*range(100)])
    file = tmp_path / "1"
    content = file.read_bytes()
    file.unlink()
    if damage == "folder":
        file.mkdir()
    else:
        changed = content[:40] + bytes([content[40] ^ 1]) + content[41:]
        what = {"cut": content[:-1], "changed": changed, "empty": b"", "foreign": b"x" * 100}
        file.write_bytes(what[damage])
    assert kept.get("1") is None


def test_what_cannot_be_written_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    kept = Store(tmp_path / "file" / "inside")
    kept.put("1", 1)
    assert kept.get("1") is None


def test_results_used_longest_ago_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MOST", 3)
    kept = Store(tmp_path)
    for number in range(3):
        kept.put(str(number), number)
        os.utime(tmp_path / str(number), (number, number))
    assert kept.get("0") == 0  # is now the one used last
    kept.put("3", 3)
    assert [kept.get(str(number)) for number in range(4)] == [0, None, 2, 3]
    assert len([*tmp_path.iterdir()]) == 3
