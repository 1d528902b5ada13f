"""The very steps of the workflows, run by bash as a runner runs them, in small repositories: one
board, one small model. What installs things is left out."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import kept
import own_model
import pytest
import workflows
import yaml
from boardless.core import paths
from boardless.report import github
from small_checkout import Checkout
from workflows import Done, Job, load

pytestmark = pytest.mark.emulated
QEMU = "mps2-an386"
PULL = {"event_name": "pull_request", "repository": "o/r", "ref": "refs/pull/7/merge", "sha": "abc"}
PUSH = PULL | {"event_name": "push"}
INSTALLS = {"Install what checking out needs", "Install boardless", "Install"}


def git(root: Path, *arguments: str) -> None:
    who = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *who, *arguments], cwd=root, check=True, capture_output=True)


def machine(source: Path) -> dict[str, str]:
    """The environment of a runner on which boardless is installed from `source`, and its commands
    are on PATH, wherever the tests were started from."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("BOARDLESS_B", "PYTEST"))}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), kept["PATH"]]),
        "PYTHONPATH": os.pathsep.join([str(source), kept.get("PYTHONPATH", "")]),
    }


def files(done: Done, root: Path, target: Path) -> list[str]:
    """Names of what a job uploads."""
    return [
        name
        for place, patterns in done.uploads.items()
        for name in workflows.collect(root, patterns, target / place)
    ]


def junit(path: Path) -> tuple[int, list[str]]:
    """(how many cases, what failed), after a look at what readers of such files rely on."""
    root = ElementTree.parse(path).getroot()
    cases = list(root.iter("testcase"))
    for element in root.iter("testsuite"):
        inner = list(element.iter("testcase"))
        assert int(element.attrib["tests"]) == len(inner)
        assert int(element.attrib["failures"]) == sum(c.find("failure") is not None for c in inner)
    assert all(c.attrib["classname"] and c.attrib["name"] and c.attrib["time"] for c in cases)
    return len(cases), [f.text or "" for f in root.iter("failure")]


# --- This repository ------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """Two commits, as of a pull request: its base and the merge."""
    checkout = Checkout(tmp_path_factory.mktemp("ci") / "work")
    git(checkout.root, "init", "-q")
    git(checkout.root, "add", "-A")
    git(checkout.root, "commit", "-qm", "base")
    git(checkout.root, "commit", "-q", "--allow-empty", "-m", "merge")
    return checkout


def ours(checkout: Checkout, about: dict[str, Any]) -> Done:
    workflow = load(paths.ROOT / ".github" / "workflows" / "ci.yml")
    inputs = {"models": "digits_cnn:int8"}
    job = Job(workflow, "sim", checkout.root, about, {"board": QEMU}, inputs)
    boards = workflow["jobs"]["sim"]["strategy"]["matrix"]["board"]
    assert QEMU in json.loads(job.filled(boards, Done()).replace("'", '"'))
    return job.run(machine(checkout.root / "sim"), INSTALLS)


def test_our_push_has_a_report(checkout: Checkout, tmp_path: Path) -> None:
    done = ours(checkout, PUSH)
    assert done.ok, done.failed
    names = ["report.html", "report.json", "sim.json", "sim.xml"]
    assert files(done, checkout.root, tmp_path) == names
    assert done.summary.startswith(f"{github.MARKER}\n## boardless on {QEMU}: all well\n")
    assert done.said["Job summary and annotations"] == ""
    assert junit(checkout.root / "build" / "sim.xml") == (2, [])


def test_our_pull_request_with_a_regression(checkout: Checkout, tmp_path: Path) -> None:
    checkout.slow()
    git(checkout.root, "commit", "-qam", "slower")
    done = ours(checkout, PULL)
    failed = ["Run the models", "Compare with the base revision"]
    assert [name for name, status in done.status.items() if status] == failed
    assert {done.status[name] for name in failed} == {1}
    (line,) = done.said["Job summary and annotations"].splitlines()
    begin = "::error file=models/zoo/digits_cnn/baseline/mps2-an386.toml,"
    assert line.startswith(
        f"{begin}title=digits_cnn%3Aint8 on mps2-an386::digits_cnn:int8 mps2-an386 max pool 1: "
    )
    assert " %25, limit 0 %25); accept: boardless gate --update digits_cnn" in line
    assert "something is wrong" in done.summary
    cases, failures = junit(checkout.root / "build" / "sim.xml")
    assert (cases, len(failures)) == (2, 1)
    files(done, checkout.root, tmp_path / "wrong")
    comment = (tmp_path / "wrong" / f"comment-{QEMU}" / "comment.md").read_text()
    assert comment.startswith(github.MARKER)
    assert "against HEAD^1" in comment
    (row,) = rows(comment)
    assert (row["model"], row["board"]) == ("digits_cnn:int8", QEMU)
    assert row["predictions"] == "same"
    cycles = row["est. cycles"]
    before, now = (int(n.replace(",", "")) for n in cycles.partition(" (")[0].split(" → "))
    assert now > before
    assert cycles.endswith(" %)")
    assert "→" not in row["arena"]  # it is as before
    assert row["gate"] == "**1 worse**"


def rows(markdown: str) -> list[dict[str, str]]:
    """Returns the rows of all tables, each as its cells by the title of their column."""
    found: list[dict[str, str]] = []
    titles: list[str] = []
    for line in markdown.splitlines():
        if not line.startswith("|"):
            titles = []
            continue
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not titles:
            titles = cells
        elif not set(line) <= set("|-: "):
            found.append(dict(zip(titles, cells, strict=True)))
    return found


# --- A repository of one's own --------------------------------------------------------------------
@pytest.fixture
def own(tmp_path: Path) -> Path:
    root = tmp_path / "work"
    ignored = shutil.ignore_patterns("build", "*cache*")
    shutil.copytree(own_model.FOLDER, root, ignore=ignored)
    (root / ".gitignore").write_text("/build\n__pycache__/\n.pytest_cache/\n")
    git(root, "init", "-q")
    git(root, "add", "-A")
    git(root, "commit", "-qm", "base")
    kept.share_with(root / "build", [QEMU])
    return root


def mix_up(model: Path) -> None:
    """Horizontal stripes are called vertical."""
    votes = bytes([127, 127, 129, 129, 129, 129, 127, 127])
    content = model.read_bytes()
    assert content.count(votes) == 1
    model.write_bytes(content.replace(votes, votes[4:] + votes[:4]))


def theirs(root: Path, site: Path, about: dict[str, Any]) -> Done:
    workflow = load(root / ".github" / "workflows" / "ci.yml")
    matrix = workflow["jobs"]["boards"]["strategy"]["matrix"]
    job = Job(workflow, "boards", root, about, {"board": matrix["board"][0]})
    return job.run(machine(site), INSTALLS)


def test_their_push_has_a_report(own: Path, site: Path, tmp_path: Path) -> None:
    done = theirs(own, site, PUSH)
    assert done.ok, done.failed
    names = ["report.html", "gate.json", "report.json", "gate.xml", "tests.xml"]
    assert files(done, own, tmp_path / "kept") == names
    (row,) = rows(done.summary)
    assert (row["model"], row["board"], row["agreement"]) == ("model", "mps2-an386", "100.00%")
    assert row["accuracy"] == "8 of 8 (68..100 %)"
    assert junit(own / "build" / "tests.xml") == (4, [])
    page = (own / "build" / "report.html").read_text()
    assert "boardless run model.tflite --board mps2-an386 --images pictures" in page


def test_gitlab_runs_the_same(own: Path, site: Path) -> None:
    """Runs all lines in one shell, as GitLab's runner does."""
    job = yaml.safe_load((own / ".gitlab-ci.yml").read_text())["boards"]
    mix_up(own / "model.tflite")
    git(own, "commit", "-qam", "less accurate")
    given = {"BOARD": QEMU, "CI_MERGE_REQUEST_DIFF_BASE_SHA": "HEAD^1"}
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", "\n".join(job["script"])],
        cwd=own,
        env=machine(site) | given,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    for file in job["artifacts"]["reports"]["junit"]:
        assert junit(own / file)[1], f"{file}: both the tests and the gate see it"
    assert (own / "build" / "report.html").is_file()


REGRESSIONS = {
    "slower": ("conv 0: ", ["Compare with the base revision"]),
    "less accurate": (
        "accuracy: 8 of 8 (68..100 %) -> 0 of 8 (0..32 %)",
        ["Test", "Compare with the base revision"],
    ),
}


@pytest.mark.parametrize("regression", REGRESSIONS)
def test_their_pull_request_with_a_regression(
    own: Path, site: Path, tmp_path: Path, regression: str
) -> None:
    model = own / "model.tflite"
    if regression == "slower":
        model.write_bytes(own_model.model(copies=2))
        test = own / "tests" / "test_model.py"  # its limits are those of the smaller model
        test.write_text(test.read_text().replace("_000", "_999_000").replace("1_024", "4_096"))
    else:
        mix_up(model)
    git(own, "commit", "-qam", regression)
    done = theirs(own, site, PULL)
    expected, failed = REGRESSIONS[regression]
    assert [name for name, status in done.status.items() if status] == failed, done.failed
    annotations = done.said["Job summary and annotations"].splitlines()
    print(done.said)
    assert all(
        line.startswith("::error file=model.tflite,title=model%3Aint8 on mps2-an386::model:int8 ")
        for line in annotations
    )
    assert any(expected.replace("%", "%25") in line for line in annotations), annotations
    files(done, own, tmp_path / "kept")
    comment = (tmp_path / "kept" / "comment-mps2-an386" / "comment.md").read_text()
    assert f"model:int8 mps2-an386 {expected}" in comment
    (row,) = rows(comment)
    changed = {title for title, cell in row.items() if " → " in cell}
    if regression == "slower":
        assert "est. cycles" in changed
        assert "accuracy" not in changed  # its pictures and answers are those of the base
    else:
        assert changed == {"accuracy"}
    _, failures = junit(own / "build" / "gate.xml")
    assert expected in failures[0]
