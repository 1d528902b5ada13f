"""Checks what others put into their CI: action.yml, the template for GitLab, hooks of pre-commit,
the container. That their steps do what they say is in tests/emulated/test_action_steps.py."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml
from boardless import commands
from boardless.core import paths
from workflows import EXPRESSION, names, texts

ACTION = paths.ROOT / "action.yml"
TEMPLATE = paths.ROOT / "examples" / "gitlab" / "gate.yml"
HOOKS: list[dict[str, Any]] = yaml.safe_load((paths.ROOT / ".pre-commit-hooks.yaml").read_text())
CONTAINER = (paths.ROOT / "Containerfile").read_text().replace("\\\n", "")
GITHUB = re.compile(
    r"github\.(action_path|event_name|repository|token|event\.pull_request(\.\w+)+)"
)


@pytest.mark.slow
@pytest.mark.skipif(not find_spec("check_jsonschema"), reason="check-jsonschema is not installed")
def test_schemas(tmp_path: Path) -> None:
    about, jobs = yaml.safe_load_all(TEMPLATE.read_text())
    template = tmp_path / "gate.yml"
    template.write_text(yaml.safe_dump(jobs))
    for schema, path in (("github-actions", ACTION), ("gitlab-ci", template)):
        command = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{schema}", str(path)]
        done = subprocess.run(
            [sys.executable, *command], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
    asked = {name for text in texts(jobs) for name in re.findall(r"\$\[\[ inputs\.(\w+)", text)}
    assert asked == set(about["spec"]["inputs"])


def test_the_action_knows_the_names_in_its_expressions() -> None:
    action = yaml.safe_load(ACTION.read_text())
    known = {f"inputs.{name}" for name in action["inputs"]} | {"steps.gate.outputs.status"}
    for text in texts(action):
        for expression in EXPRESSION.findall(text):
            unknown = [n for n in names(expression) if n not in known and not GITHUB.fullmatch(n)]
            assert unknown == [], expression
    used = {name for text in texts(action["runs"]) for name in re.findall(r"inputs\.(\w+)", text)}
    assert used == set(action["inputs"]), "each input does something"


def test_the_action_pins_others_and_pastes_nothing_into_a_script() -> None:
    """An input may hold anything: it gets into scripts as a variable only."""
    for action in re.findall(r"^ +uses: (.*)", ACTION.read_text(), re.MULTILINE):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", action), action
    for step in yaml.safe_load(ACTION.read_text())["runs"]["steps"]:
        assert not EXPRESSION.search(step.get("run", "")), step["name"]


def test_hooks_are_commands(tmp_path: Path) -> None:
    clientlib = pytest.importorskip("pre_commit.clientlib")
    clientlib.load_manifest(str(paths.ROOT / ".pre-commit-hooks.yaml"))
    for hook in HOOKS:
        program, command, *options = shlex.split(hook["entry"])
        assert program == "boardless"
        known = {option for p in commands.load(command).params for option in p.opts}
        assert {word for word in options if word.startswith("-")} <= known
        assert re.search(hook["files"], "nets/model.tflite")
        assert not re.search(hook["files"], "nets/model.tflite.md")


def test_the_image_has_what_bootstrap_installs() -> None:
    bootstrap = (paths.ROOT / "bootstrap").read_text()
    needed = {
        package
        for words in re.findall(r"^need \S+ (.*)$", bootstrap, re.MULTILINE)
        for package in shlex.split(words)[0].split()
    }
    *_, last = re.findall(r"apt-get install -qy --no-install-recommends ([\w\s.-]+)", CONTAINER)
    assert needed | {"libnewlib-arm-none-eabi", "python3"} <= set(last.split())
    for text in (ACTION.read_text(), TEMPLATE.read_text()):
        assert all(package in text for package in needed)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_git_in_the_image_reads_a_repository_of_somebody_else(tmp_path: Path) -> None:
    """A container runs as root, and what is mounted belongs to the user."""
    plain = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C"}
    (line,) = re.findall(r"^ENV (GIT_.*)$", CONTAINER, re.MULTILINE)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    for path in (tmp_path, *tmp_path.rglob("*")):
        os.chown(path, 1234, 1234)
    of_image = dict(word.split("=", 1) for word in line.split())
    for more, status in (({}, 128), (of_image, 0)):
        run = ["git", "-C", str(tmp_path), "status"]
        done = subprocess.run(run, env=plain | more, capture_output=True, check=False)
        assert done.returncode == status, done.stderr


def test_nox_runs_the_steps_of_the_container() -> None:
    """All but apt's, which are the same on every machine and need a network."""
    steps = re.findall(r"^RUN (.*)$", CONTAINER, re.MULTILINE)
    assert len([step for step in steps if not step.startswith("apt-get ")]) == 3
    used = {name for step in steps for name in re.findall(r"\$(\w+)", step)}
    assert used | {"BASE"} == set(re.findall(r"^ARG (\w+)=", CONTAINER, re.MULTILINE))


def test_the_image_is_of_any_of_three_systems() -> None:
    assert set(re.findall(r"^FROM (\S+)", CONTAINER, re.MULTILINE)) == {"$BASE"}
    assert "ARG BASE=docker.io/library/debian:bookworm-slim\n" in CONTAINER
    others = set(re.findall(r"--build-arg BASE=(\S+)", CONTAINER))
    assert others == {f"docker.io/library/{x}" for x in ("debian:trixie-slim", "ubuntu:24.04")}
    page = (paths.ROOT / "docs" / "howto" / "install.md").read_text()
    assert others == set(re.findall(r"--build-arg BASE=(\S+)", page))
