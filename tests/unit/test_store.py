"""The store of results: what is damaged or cannot be written is absent, never wrong."""

from __future__ import annotations

import hashlib
import os
import pickle
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


class Evil:
    """Runs a program where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.mark,))


def test_a_file_that_others_have_made_is_not_unpickled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    store, mark = Store(tmp_path / "store"), tmp_path / "mark"
    store.put("a", 7)
    assert store.get("a") == 7
    data = pickle.dumps(Evil(mark))
    file = tmp_path / "store" / "a"
    signed = file.read_bytes()
    for content in (hashlib.sha256(data).digest() + data, bytes(32) + data, signed[:32] + data):
        file.write_bytes(content)
        assert store.get("a") is None
    assert not mark.exists()
    (tmp_path / "store" / "b").write_bytes(signed)  # of another key
    assert store.get("b") is None
    file.write_bytes(signed)
    assert store.get("a") == 7


def test_a_secret_that_others_know_signs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    store = Store(tmp_path / "store")
    store.put("a", 7)
    secret = tmp_path / "state" / "boardless" / "secret"
    assert secret.stat().st_mode & 0o777 == 0o600
    assert store.get("a") == 7
    secret.chmod(0o644)
    assert store.get("a") is None
    store.put("b", 8)
    secret.chmod(0o600)
    assert store.get("a") == 7
    assert store.get("b") is None
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    store.put("c", 9)
    assert store.get("c") is None
