"""The steps of comment.yml, run by bash against a stand-in for GitHub: one comment, kept up to
date, in the pull request that it is about."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import pytest
from boardless.core import paths
from boardless.report import github
from workflows import Done, Job, load

pytestmark = pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed")
RUN = {
    "event": "pull_request",
    "head_sha": "abc",
    "head_branch": "$(touch pwned)",
    "head_repository": {"owner": {"login": "somebody"}},
}


class GitHub:
    """A repository with a pull request of a fork, and what a run has left."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "work"
        self.root.mkdir()
        self.file = folder / "state.json"
        self.state: dict[str, Any] = {
            "pulls": [
                {
                    "number": 7,
                    "state": "open",
                    "head": {"label": "somebody:$(touch pwned)", "sha": "abc"},
                }
            ],
            "comments": [
                {"id": 1, "issue": 7, "user": {"type": "User"}, "body": f"{github.MARKER} quoted"},
                {"id": 2, "issue": 7, "user": {"type": "Bot"}, "body": "of another bot"},
            ],
        }
        (folder / "bin").mkdir()
        gh = folder / "bin" / "gh"
        program = paths.ROOT / "tests" / "fake_gh.py"
        gh.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "$@"\n')
        gh.chmod(0o755)
        path = f"{gh.parent}{os.pathsep}{os.environ['PATH']}"
        self.environment = {"PATH": path, "GH_STATE": str(self.file)}

    def left(self, board: str, body: str) -> None:
        target = self.root / "comments" / f"comment-{board}" / "comment.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(body)

    def run(self, event: dict[str, Any]) -> Done:
        self.file.write_text(json.dumps(self.state))
        workflow = load(paths.ROOT / ".github" / "workflows" / "comment.yml")
        about = {"repository": "o/r", "token": "secret", "event": {"workflow_run": event}}
        job = Job(workflow, "collect", self.root, about)
        assert job.wanted(workflow["jobs"]["collect"]["if"], Done())
        collected = job.run({"PATH": os.environ["PATH"]}, frozenset())  # has no token
        assert collected.ok, collected.failed
        job = Job(workflow, "comment", self.root, about, needs={"collect": collected})
        if not job.wanted(workflow["jobs"]["comment"]["if"], Done()):
            return collected
        done = job.run(self.environment, frozenset())
        self.state = json.loads(self.file.read_text())
        return done

    def bodies(self) -> list[str]:
        return [comment["body"] for comment in self.state["comments"]]


@pytest.fixture
def repository(tmp_path: Path) -> GitHub:
    return GitHub(tmp_path)


def test_a_comment_is_made_once_then_changed(repository: GitHub) -> None:
    before = repository.bodies()
    repository.left("b", f"{github.MARKER}\n## two\n")
    repository.left("a", f"{github.MARKER}\n## one `$(touch pwned)` \\n\n")
    done = repository.run(RUN)
    assert done.ok, done.failed
    assert repository.bodies()[:2] == before
    (made,) = repository.bodies()[2:]
    assert made == f"{github.MARKER}\n## one `$(touch pwned)` \\n\n{github.MARKER}\n## two"
    repository.left("a", f"{github.MARKER}\n## one again\n")
    assert repository.run(RUN).ok
    assert repository.bodies()[:2] == before
    (changed,) = repository.bodies()[2:]
    assert "## one again" in changed
    assert not list(repository.root.rglob("pwned"))


@pytest.mark.parametrize(
    "change",
    [
        {"head_sha": "older"},
        {"head_branch": "another"},
        {"head_repository": {"owner": {"login": "else"}}},
    ],
)
def test_an_outdated_run_says_nothing(repository: GitHub, change: dict[str, Any]) -> None:
    before = repository.bodies()
    repository.left("a", f"{github.MARKER}\n## one\n")
    done = repository.run(RUN | change)
    assert done.ok, done.failed
    assert "no open pull request" in done.said["Create or update the comment"]
    assert repository.bodies() == before


def test_a_run_without_a_table_says_nothing(repository: GitHub) -> None:
    before = repository.bodies()
    assert repository.run(RUN).ok
    assert repository.bodies() == before


def test_a_long_table_is_cut(repository: GitHub) -> None:
    repository.left("a", f"{github.MARKER}\n" + "a row of a table\n" * 5000)
    done = repository.run(RUN)
    assert done.ok, done.failed
    assert len(repository.bodies()[2]) == 65_000  # GitHub takes 65,536


def test_a_push_has_no_comment(repository: GitHub) -> None:
    workflow = load(paths.ROOT / ".github" / "workflows" / "comment.yml")
    job = Job(workflow, "collect", repository.root, {"event": {"workflow_run": {"event": "push"}}})
    assert not job.wanted(workflow["jobs"]["collect"]["if"], Done())


SECRET = "the token of the job"


@pytest.mark.parametrize(
    "path",
    [
        "comment-a/x ../secret y/comment.md",
        "comment-a/x\n../secret\ny/comment.md",
        "comment-a 'b/comment.md",
        "comment-a\nb/comment.md",
        "comment-a\ncomments/comment-b/comment.md",
        "-comment/comment.md",
        "comment-a/b/comment.md",
        "comment.md",
    ],
)
def test_a_crafted_name_is_no_path(repository: GitHub, path: str) -> None:
    (repository.root / "secret").write_text(SECRET)
    (repository.root.parent / "secret").write_text(SECRET)
    file = repository.root / "comments" / path
    file.parent.mkdir(parents=True)
    file.write_text("crafted")
    before = repository.bodies()
    assert repository.run(RUN).ok
    assert repository.bodies() == before


def test_a_link_is_not_followed(repository: GitHub) -> None:
    (repository.root / "secret").write_text(SECRET)
    folder = repository.root / "comments" / "comment-a"
    folder.mkdir(parents=True)
    (folder / "comment.md").symlink_to("../../secret")
    (folder.parent / "comment-b").symlink_to(".")
    (repository.root / "comment.md").write_text(SECRET)
    (folder.parent / "comment-c").symlink_to("..")
    before = repository.bodies()
    assert repository.run(RUN).ok
    assert repository.bodies() == before


def test_text_cannot_end_the_output_of_the_job(repository: GitHub) -> None:
    body = f"{github.MARKER}\nend-0\nend\nEOF\nbody=x\n\x00\x1b[2Jé\xff".encode("latin-1")
    repository.left("a", "")
    (repository.root / "comments" / "comment-a" / "comment.md").write_bytes(body)
    assert repository.run(RUN).ok
    (made,) = repository.bodies()[2:]
    assert made == f"{github.MARKER}\nend-0\nend\nEOF\nbody=x\n[2J"
