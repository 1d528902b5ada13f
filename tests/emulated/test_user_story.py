"""A whole story of a user: a model and pictures of their own, gate, comment in the pull request,
history, bisection.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import kept
import own_model
import pytest
from boardless.core import paths
from command_line import Cli

pytestmark = pytest.mark.emulated
MODEL = ("nets/model.tflite", "--board", "mps2-an386", "--images", "pictures")
EXAMPLE = paths.ROOT / "examples" / "own_model"


def git(*arguments: str) -> str:
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    done = subprocess.run(["git", *who, *arguments], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def commit(message: str) -> str:
    """Commits all there is, and returns its hash."""
    git("add", "-A")
    git("commit", "-qm", message)
    return git("rev-parse", "HEAD")


def test_from_the_first_commit_to_the_one_that_made_it_slower(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    monkeypatch.chdir(tmp_path)
    kept.share_with(tmp_path / "build", ["mps2-an386"])
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path / "build"))
    model = tmp_path / "nets" / "model.tflite"
    model.parent.mkdir()
    git("init", "-q", "-b", "main")
    Path(".gitignore").write_text("build/\n")
    Path(".gitattributes").write_text("history.jsonl merge=union\n")
    shutil.copytree(EXAMPLE / "pictures", "pictures")
    model.write_bytes(own_model.model())
    good = commit("A model")

    # A judgement of the first commit begins the history.
    assert cli("gate", *MODEL).returncode == 0
    assert "history.jsonl: 1 line added or changed" in cli("history", "--add").stderr
    commit("The history begins")

    # Somebody makes the model larger, and others commit before anybody looks.
    model.write_bytes(own_model.model(copies=2))
    culprit = commit("Twice the filters")
    Path("README").write_text("words\n")
    commit("Words")

    # The gate of the pull request fails, and its comment says why.
    done = cli("gate", *MODEL, "--against", good, "--json", "gate.json")
    assert done.returncode == 1, done.stderr
    comment = cli("report", "--from", "gate.json", "--github").stdout
    assert "| accuracy |" in comment
    assert "outputs changed" in comment or "changed |" in comment
    assert f"against {good}" in comment

    # Its figures become a line of the history, which tells the step and its layer.
    assert cli("history", "--add").returncode == 0
    found = json.loads(cli("history", "--json", "-").stdout)
    assert [e["commit"] for e in found["entries"]] == [good[:12], git("rev-parse", "HEAD")[:12]]
    (step,) = (s for s in found["steps"] if s["figure"] == "cycles")
    assert step["worse"]
    assert step["layer"].startswith("conv 0 (+")
    assert step["old"] < step["new"]
    assert "est. cycles ▁█ " in cli("report", "--github").stdout
    trend = cli("report", "--from", "gate.json", "--github").stdout.partition("Over commits")[2]
    for figure in ("est. cycles", "bytes of RAM", "accuracy"):
        assert re.search(rf"- model:int8 mps2-an386: {figure} [▁-█]{{2}} .* over 2 commits", trend)
    Path("gate.json").unlink()
    assert 'id="history"' in (tmp_path / "build" / "report.html").read_text()
    before = git("status", "--porcelain")
    assert before == "M history.jsonl"

    # The bisection names the commit, the layer too, and leaves the working tree alone.
    done = cli("bisect", *MODEL, "--good", good, "--json", "bisect.json")
    assert done.returncode == 0, done.stderr
    assert f"first bad commit: {culprit[:12]}, " in done.stdout
    assert "Twice the filters" in done.stdout
    data = json.loads(Path("bisect.json").read_text())
    assert data["first_bad"]["commit"] == culprit
    assert any(line.startswith("conv 0: ") for line in data["findings"]), data["findings"]
    assert len(data["steps"]) == 3
    Path("bisect.json").unlink()
    assert (git("status", "--porcelain"), git("branch", "--show-current")) == (before, "main")

    # Where nothing is worse, there is nothing to find.
    said = cli.fails(2, "bisect", *MODEL, "--good", good, "--bad", good)
    assert "does not follow" in said
