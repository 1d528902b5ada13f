"""The steps of action.yml, of GitLab's template and of the hooks, on a repository whose model got
slower: one set of builds, three ways to say so."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import kept
import own_model
import pytest
import yaml
from boardless.core import paths
from boardless.report import github
from workflows import Job

pytestmark = [
    pytest.mark.emulated,
    pytest.mark.skipif(not shutil.which("jq"), reason="jq is not installed"),
]
BOARD = "mps2-an386"
INSTALLS = {"Install the compiler and the emulator", "Install boardless"}
PULL = {
    "event_name": "pull_request",
    "repository": "o/r",
    "token": "secret",
    "event": {"pull_request": {"number": 7, "head": {"repo": {"full_name": "o/r"}}}},
}


def git(root: Path, *arguments: str) -> str:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    done = subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)
    return done.stdout.decode().strip()


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with two commits: a model, and one with twice the filters."""
    root = tmp_path_factory.mktemp("own") / "work"
    ignored = shutil.ignore_patterns("build", "*cache*")
    shutil.copytree(own_model.FOLDER, root, ignore=ignored)
    kept.share_objects(root, [BOARD])
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    (root / "model.tflite").write_bytes(own_model.model(copies=2))
    git(root, "commit", "-qam", "twice the filters")
    return root


@pytest.fixture(scope="module")
def machine(slower: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a runner with boardless and a stand-in for gh."""
    folder = tmp_path_factory.mktemp("bin")
    (folder / "gh").write_text(
        f'#!/bin/sh\nexec "{sys.executable}" "{paths.ROOT}/tests/fake_gh.py" "$@"\n'
    )
    (folder / "gh").chmod(0o755)
    others = [str(folder), str(Path(sys.executable).parent), os.environ["PATH"]]
    environment = {
        k: v for k, v in os.environ.items() if not k.startswith(("BOARDLESS_B", "PYTEST"))
    }
    return environment | {
        "RUNNER_TEMP": str(folder),
        "PATH": os.pathsep.join(others),
        "PYTHONPATH": str(paths.ROOT / "sim"),
        "BOARDLESS_BUILD_DIR": str(slower / "build"),  # as where there is no checkout
    }


def action(root: Path, event: dict[str, Any], inputs: dict[str, str]) -> Job:
    found = yaml.safe_load((paths.ROOT / "action.yml").read_text())
    given = {name: about.get("default", "") for name, about in found["inputs"].items()}
    given |= {"token": "secret", **inputs}
    steps = {"jobs": {"action": {"steps": found["runs"]["steps"]}}}
    return Job(steps, "action", root, event, inputs=given)


def test_the_action_comments_annotates_and_fails(
    slower: Path, machine: dict[str, str], tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    state.write_text(json.dumps({"pulls": [], "comments": []}))
    job = action(slower, PULL, {"images": "pictures", "boards": BOARD})
    done = job.run(machine | {"GH_STATE": str(state)}, INSTALLS)
    assert done.status == {"Gate": 1, "Comment": 0}, done.failed
    assert done.steps["gate"]["outputs"] == {"status": "1"}
    assert "::error file=model.tflite,title=model%3Aint8 on mps2-an386::" in done.said["Gate"]
    (comment,) = json.loads(state.read_text())["comments"]
    assert comment["issue"] == 7
    assert comment["body"].startswith(github.MARKER)
    assert "against HEAD^1" in comment["body"]
    assert done.summary.strip() == comment["body"].strip()
    assert set(done.uploads) == {"boardless", "comment-boardless"}
    page = slower / "build" / "report.html"
    assert "boardless run model.tflite --board mps2-an386 --images pictures" in page.read_text()

    # The same again: the comment is kept up to date. Of a fork, nobody may write one.
    comment_step = job.run(machine | {"GH_STATE": str(state)}, {*INSTALLS, "Gate"})
    assert comment_step.ok
    assert len(json.loads(state.read_text())["comments"]) == 1
    fork = {"pull_request": {"number": 7, "head": {"repo": {"full_name": "fork/r"}}}}
    job = action(slower, PULL | {"event": fork}, {})
    assert job.run(machine, {*INSTALLS, "Gate"}).status == {}


def test_the_action_needs_the_base(machine: dict[str, str], tmp_path: Path) -> None:
    root = tmp_path / "work"
    root.mkdir()
    git(root, "init", "-q")
    git(root, "commit", "-q", "--allow-empty", "-m", "only")
    done = action(root, PULL, {}).run(machine, INSTALLS)
    assert done.status == {"Gate": 2, "Comment": 0}
    assert "give actions/checkout fetch-depth: 2" in done.said["Gate"]


class Notes(BaseHTTPRequestHandler):
    """GitLab's interface to the notes of a merge request."""

    notes: ClassVar[list[dict[str, Any]]] = []

    def do_GET(self) -> None:
        self.answer({"id": 5} if self.path.endswith("/user") else self.notes)

    def do_POST(self) -> None:
        self.notes.append({"id": 40 + len(self.notes), "author": {"id": 5}, **self.content()})
        self.answer({})

    def do_PUT(self) -> None:
        (note,) = [n for n in self.notes if self.path.endswith(f"/notes/{n['id']}")]
        note.update(self.content())
        self.answer({})

    def content(self) -> dict[str, Any]:
        found = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(found, dict)
        return found

    def answer(self, data: Any) -> None:
        assert self.headers["PRIVATE-TOKEN"] == "secret"
        assert self.path.startswith("/api/v4/")
        text = json.dumps(data).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""


@pytest.fixture
def gitlab() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Notes)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v4"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_the_template_of_gitlab_writes_a_note(
    slower: Path, machine: dict[str, str], gitlab: str
) -> None:
    _, jobs = yaml.safe_load_all((paths.ROOT / "examples" / "gitlab" / "gate.yml").read_text())
    job = jobs["boardless"]
    given = {
        "MODELS": "model.tflite",
        "IMAGES": "pictures",
        "BOARDS": BOARD,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": git(slower, "rev-parse", "HEAD^1"),
        "CI_API_V4_URL": gitlab,
        "CI_MERGE_REQUEST_PROJECT_ID": "3",
        "CI_MERGE_REQUEST_IID": "9",
        "BOARDLESS_TOKEN": "secret",
    }
    (slower / "build" / "comment.md").unlink(missing_ok=True)

    def run(part: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["bash", "-eo", "pipefail", "-c", "\n".join(job[part])],
            cwd=slower,
            env=machine | given,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )

    done = run("script")
    assert done.returncode == 1, done.stderr
    Notes.notes[:] = [{"id": 1, "author": {"id": 6}, "body": f"{github.MARKER} of somebody else"}]
    for _ in range(2):  # the second one brings the note up to date
        done = run("after_script")
        assert done.returncode == 0, done.stderr
    assert [note["id"] for note in Notes.notes] == [1, 41]
    assert Notes.notes[1]["body"] == (slower / "build" / "comment.md").read_text()
    for file in (*job["artifacts"]["paths"], job["artifacts"]["reports"]["junit"]):
        assert (slower / file).is_file(), file


def test_hooks_judge_what_is_committed(slower: Path, machine: dict[str, str]) -> None:
    hooks = yaml.safe_load((paths.ROOT / ".pre-commit-hooks.yaml").read_text())
    for hook in hooks:
        done = subprocess.run(
            [*shlex.split(hook["entry"]), "model.tflite"],
            cwd=slower,
            env=machine,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, (hook["id"], done.stderr)
        assert "model" in done.stdout
