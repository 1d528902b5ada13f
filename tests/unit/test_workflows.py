"""Workflow files: the schema, names that resolve, pinned actions, permissions. That their steps do
what they say is in tests/emulated/test_ci_steps.py."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from boardless.core import paths
from workflows import EXPRESSION, Job, evaluate, load, names, texts

OWN = paths.ROOT / "examples" / "own_model"
WORKFLOWS = [
    *sorted((paths.ROOT / ".github" / "workflows").glob("*.yml")),
    *sorted((OWN / ".github" / "workflows").glob("*.yml")),
]
GITLAB = OWN / ".gitlab-ci.yml"
RELEASE = paths.ROOT / ".github" / "workflows" / "release.yml"
IDS = [str(path.relative_to(paths.ROOT)) for path in WORKFLOWS]
every_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=IDS)
GITHUB = re.compile(r"github\.(event_name|ref(_name)?|sha|token|repository|event(\.\w+)+)")
FUNCTIONS = {"cancelled", "fromJSON", "hashFiles"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "schema"), [*((path, "github-workflows") for path in WORKFLOWS), (GITLAB, "gitlab-ci")]
)
@pytest.mark.skipif(not find_spec("check_jsonschema"), reason="check-jsonschema is not installed")
def test_schema(path: Path, schema: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@every_workflow
def test_actions_are_pinned_by_commit_and_say_which_version(path: Path) -> None:
    used = re.findall(r"uses: (.*)", path.read_text())
    assert used
    for action in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action


def test_an_action_has_one_version() -> None:
    used = {use for path in WORKFLOWS for use in re.findall(r"uses: (.*)", path.read_text())}
    assert len(used) == len({use.partition("@")[0] for use in used})


def unresolved(workflow: dict[str, Any]) -> list[str]:
    """Names in expressions that stand for nothing, and jobs that are needed and missing."""
    inputs = (workflow["on"].get("workflow_dispatch") or {}).get("inputs", {})
    found = []
    for job in workflow["jobs"].values():
        known = {f"matrix.{key}" for key in job.get("strategy", {}).get("matrix", {})}
        known |= {f"inputs.{key}" for key in inputs}
        known |= {
            f"steps.{step['id']}.{kind}"
            for step in job["steps"]
            for kind in ("outcome", "conclusion")
            if "id" in step
        }
        known |= {
            f"steps.{step['id']}.outputs.{name}"
            for step in job["steps"]
            for name in re.findall(r"(?:^|')(\w+)<<", step.get("run", ""), re.MULTILINE)
            if "id" in step
        }
        known |= {
            f"needs.{need}.outputs.{name}"
            for need in job.get("needs", [])
            for name in workflow["jobs"].get(need, {}).get("outputs", {})
        }
        found += [need for need in job.get("needs", []) if need not in workflow["jobs"]]
        top = {key: value for key, value in workflow.items() if key != "jobs"}
        for text in [*texts(job), *texts(top)]:
            for expression in EXPRESSION.findall(text):
                found += [
                    n for n in names(expression) if n not in known and not GITHUB.fullmatch(n)
                ]
                called = re.findall(r"(\w+)\(", expression)
                found += [name for name in called if name not in FUNCTIONS]
    return found


@every_workflow
def test_names_in_expressions_resolve(path: Path) -> None:
    assert unresolved(load(path)) == []


def test_a_misspelt_name_is_found() -> None:
    workflow = load(WORKFLOWS[0])
    workflow["jobs"]["sim"]["env"]["BOARD"] = "${{ matrix.bord || hashFile('x') }}"
    workflow["jobs"]["sim"]["needs"] = ["test"]
    assert unresolved(workflow) == ["test", "matrix.bord", "hashFile"]


@every_workflow
def test_what_others_can_choose_is_not_pasted_into_a_script(path: Path) -> None:
    """A branch may be called `$(rm -rf .)`: values get into scripts as variables only."""
    for job in load(path)["jobs"].values():
        for step in job["steps"]:
            assert not EXPRESSION.search(step.get("run", "")), step["name"]


@every_workflow
def test_a_pull_request_only_reads(path: Path) -> None:
    """This holds for forks, too: only workflows that run none of its code may write."""
    workflow = load(path)
    granted = [
        workflow["permissions"],
        *(j.get("permissions", {}) for j in workflow["jobs"].values()),
    ]
    writes = any("write" in each.values() for each in granted)
    assert writes == ("pull_request" not in workflow["on"])
    assert "pull_request_target" not in workflow["on"]
    if "workflow_run" not in workflow["on"]:
        return
    if writes:
        assert not any("checkout" in text for text in texts(workflow))
    for job in workflow["jobs"].values():
        if "write" in job.get("permissions", {}).values():
            assert not any("download-artifact" in text for text in texts(job))


@pytest.mark.parametrize(
    ("tag", "changelog", "said"),
    [
        ("v1.2.0", "## 1.2.0 (2026-11-29)", ""),
        ("v1.2.1", "## 1.2.0 (2026-11-29)", "the tag is v1.2.1, but the version is 1.2.0"),
        ("v1.2.0", "## 1.2.0 (unreleased)", "there is no heading '## 1.2.0 (YYYY-MM-DD)'"),
        ("v1.2.0", "## 1x2.0 (2026-11-29)", "there is no heading"),
    ],
)
def test_a_release_has_the_version_of_its_tag(
    tmp_path: Path, tag: str, changelog: str, said: str
) -> None:
    root = tmp_path / "work"
    root.mkdir()
    (root / "pyproject.toml").write_text('[project]\nname = "boardless"\nversion = "1.2.0"\n')
    (root / "CHANGELOG.md").write_text(f"# Changelog\n\n{changelog}\n\n- New.\n\n## 1.1.9 (2020)\n")
    about = {"repository": "o/r", "ref_name": tag}
    skip = {"Install what checking out needs", BUILD}
    done = Job(load(RELEASE), "build", root, about).run({"PATH": os.environ["PATH"]}, skip)
    assert done.ok == (not said)
    assert said in done.said["Compare the tag with the version"]


BUILD = "Build and check wheel and sdist, and run a model with the wheel"


def test_a_release_is_published_without_a_password(tmp_path: Path) -> None:
    """Stand-ins for uv and gh say how they were called."""
    root, bin = tmp_path / "work", tmp_path / "bin"
    for folder in (root / "dist", bin):
        folder.mkdir(parents=True)
    for name in ("boardless-1.2.0.tar.gz", "boardless-1.2.0-py3-none-any.whl"):
        (root / "dist" / name).touch()
    (root / "CHANGELOG.md").write_text(
        "# C\n\n## 1.2.0 (2026-11-29)\n\n- New.\n\n## 1.1.9 (x)\n- Old.\n"
    )
    for name in ("uv", "gh"):
        (bin / name).write_text('#!/bin/sh\necho "$(basename "$0") $*"\n')
        (bin / name).chmod(0o755)
    path = {"PATH": f"{bin}{os.pathsep}{os.environ['PATH']}"}
    about = {"repository": "o/r", "ref_name": "v1.2.0", "token": "t"}
    done = Job(load(RELEASE), "publish", root, about).run(path, {"Install uv"})
    files = "dist/boardless-1.2.0-py3-none-any.whl dist/boardless-1.2.0.tar.gz"
    assert done.said["Publish"] == f"uv publish --trusted-publishing always {files}\n"
    done = Job(load(RELEASE), "notes", root, about).run(path, frozenset())
    (said,) = done.said.values()
    assert said.startswith("gh release create v1.2.0 --verify-tag --title v1.2.0 ")
    assert (root / "notes.md").read_text() == "\n- New.\n\n"


def test_both_repositories_comment_the_same_way() -> None:
    ours, theirs = (root / ".github/workflows/comment.yml" for root in (paths.ROOT, OWN))
    assert ours.read_text() == theirs.read_text()
    for folder in (ours.parent, theirs.parent):
        named = {load(path)["name"] for path in folder.glob("*.yml")}
        assert set(load(ours)["on"]["workflow_run"]["workflows"]) <= named


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("inputs.boards || '[\"a\"]'", '["a"]'),
        ("fromJSON(inputs.boards || '[\"a\"]')", ["a"]),
        ("!cancelled() && github.event_name == 'pull_request'", True),
        ("github.event_name == 'push' && 'HEAD^1' || ''", ""),
        ("github.event.workflow_run.head_sha", ""),
    ],
)
def test_expressions(expression: str, value: object) -> None:
    import json

    contexts = {"inputs": {}, "github": {"event_name": "pull_request"}}
    functions = {"fromJSON": json.loads, "cancelled": lambda: False}
    assert evaluate(expression, contexts, functions) == value


def test_gitlab_shows_what_its_script_writes() -> None:
    job = yaml.safe_load(GITLAB.read_text())["boards"]
    script = "\n".join(job["script"])
    for file in job["artifacts"]["reports"]["junit"]:
        assert file in script
    assert job["parallel"]["matrix"] == [{"BOARD": ["mps2-an386", "mps3-an547"]}]
