"""Tests of the bisection, in a repository whose commits hold a number instead of a model."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from boardless.core.errors import BadInput, ToolFailed
from boardless.front import bisect


class Numbers:
    """A file `number` in each commit; a larger one is worse, "broken" cannot be measured."""

    def __init__(self, repository: Path, paths: Sequence[str] = ()) -> None:
        self.repository, self.paths = repository, paths
        self.asked: list[str] = []

    def git(self, *arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@example.org")
        command = ["git", *who, *arguments]
        done = subprocess.run(
            command, cwd=self.repository, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self, text: str, name: str = "number") -> str:
        (self.repository / name).write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", f"{name} {text}")
        return self.git("rev-parse", "HEAD")

    def at(self, commit: str) -> object:
        self.asked.append(commit)
        text = self.git("show", f"{commit}:number")
        if text == "broken":
            raise ToolFailed("it does not build")
        return int(text)

    def worse(self, old: object, new: object) -> list[str]:
        assert isinstance(old, int)
        assert isinstance(new, int)
        return [f"{old} -> {new}"] if new > old else []


@pytest.fixture
def numbers(tmp_path: Path) -> Numbers:
    made = Numbers(tmp_path)
    made.git("init", "-q", "-b", "main")
    return made


def found(numbers: Numbers, good: str, bad: str = "HEAD") -> bisect.Found:
    return bisect.bisect(numbers, good, bad, lambda text: None)


def test_the_first_bad_commit_is_found_in_a_logarithm_of_steps(numbers: Numbers) -> None:
    commits = [numbers.commit(str(3 if k < 21 else 5)) for k in range(32)]
    before = numbers.git("status", "--porcelain"), numbers.git("for-each-ref")
    made = found(numbers, commits[0])
    assert (made.first, made.lines) == ((commits[21],), ("3 -> 5",))
    assert len(numbers.asked) <= 2 + 5
    assert len(set(numbers.asked)) == len(numbers.asked)
    assert (numbers.git("status", "--porcelain"), numbers.git("for-each-ref")) == before


def test_commits_that_cannot_be_measured_are_left_out(numbers: Numbers) -> None:
    texts = ["1", "broken", "1", "broken", "1", "2", "broken", "2"]
    commits = [numbers.commit(text) for text in texts]
    made = found(numbers, commits[0])
    assert made.first == (commits[5],)
    assert {t.commit for t in made.tried if t.state == "skipped"} <= {commits[k] for k in (1, 3, 6)}


def test_commits_that_hide_the_first_bad_one_are_all_named(numbers: Numbers) -> None:
    commits = [numbers.commit(text) for text in ("1", "broken", "broken", "2")]
    made = found(numbers, commits[0])
    assert made.first == (commits[3], commits[2], commits[1])


def test_what_was_bad_before_is_no_cause(numbers: Numbers) -> None:
    """A commit that is less bad than the last is not worse than the one before it."""
    commits = [numbers.commit(text) for text in ("1", "9", "5", "5")]
    made = found(numbers, commits[0])
    assert (made.first, made.lines) == ((commits[1],), ("1 -> 9",))


def test_the_culprit_may_lie_on_a_branch_that_was_merged(numbers: Numbers) -> None:
    first = numbers.commit("1")
    numbers.git("checkout", "-q", "-b", "side")
    culprit = numbers.commit("2")
    numbers.commit("words", "README")
    numbers.git("checkout", "-q", "main")
    numbers.commit("more words", "CHANGES")
    numbers.git("merge", "-q", "--no-edit", "side")
    assert found(numbers, first).first == (culprit,)


def test_only_commits_that_change_the_files_are_tried(numbers: Numbers) -> None:
    first = numbers.commit("1")
    for k in range(6):
        numbers.commit(str(k), "README")
    culprit = numbers.commit("2")
    for k in range(6):
        numbers.commit(str(10 + k), "README")
    numbers.paths = ("number",)
    assert found(numbers, first).first == (culprit,)
    assert len(numbers.asked) == 3


def test_bad_commits_are_one_line(numbers: Numbers) -> None:
    one, two = numbers.commit("2"), numbers.commit("1")
    with pytest.raises(BadInput, match="nothing is worse"):
        found(numbers, one)
    with pytest.raises(BadInput, match="does not follow"):
        found(numbers, two, one)
    with pytest.raises(BadInput, match="unknown revision"):
        found(numbers, "nothing")
    broken = numbers.commit("broken")
    with pytest.raises(ToolFailed):
        found(numbers, broken[:-1] and two, "HEAD")
