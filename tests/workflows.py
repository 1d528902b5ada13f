"""GitHub workflows as a runner sees them: expressions resolved, `run:` steps executed by bash.

job = Job(load(Path(".github/workflows/ci.yml")), "sim", root, github, {"board": "mps2-an386"})
assert job.run(skip={"Install boardless"}).ok
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)
TOKEN = re.compile(r"\s*('(?:[^']|'')*'|&&|\|\||==|!=|!|\(|\)|,|[A-Za-z_][\w.-]*|\d+)")
PYTHON = {"&&": "and", "||": "or", "!": "not", "true": "True", "false": "False"}
STATUS = {"always", "cancelled", "failure", "success"}


def load(path: Path) -> dict[str, Any]:
    """YAML 1.1 takes `on` for a truth value."""
    found = yaml.safe_load(path.read_text())
    assert isinstance(found, dict)
    return {"on" if key is True else key: value for key, value in found.items()}


def texts(node: Any) -> Iterator[str]:
    """Every string in a tree of YAML."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def tokens(expression: str) -> list[str]:
    found, place = [], 0
    while place < len(expression.rstrip()):
        match = TOKEN.match(expression, place)
        assert match, f"no expression of GitHub: {expression!r}"
        found.append(match[1])
        place = match.end()
    return found


def names(expression: str) -> list[str]:
    """Contexts that an expression reads, such as matrix.board."""
    found = tokens(expression)
    following = [*found[1:], ""]
    pairs = zip(found, following, strict=True)
    return [t for t, after in pairs if t[0].isalpha() and t not in PYTHON and after != "("]


def evaluate(expression: str, contexts: Mapping[str, Any], functions: Mapping[str, Any]) -> Any:
    words = []
    found = tokens(expression)
    for token, following in zip(found, [*found[1:], ""], strict=True):
        if token[0] == "'":
            words.append(repr(token[1:-1].replace("''", "'")))
        elif token[0].isalpha() and token not in PYTHON:
            words.append(f"functions[{token!r}]" if following == "(" else f"value({token!r})")
        else:
            words.append(PYTHON.get(token, token))

    def value(name: str) -> Any:
        found: Any = contexts
        for part in name.split("."):
            found = found.get(part, "") if isinstance(found, Mapping) else ""
        return found

    return eval(" ".join(words), {"functions": functions, "value": value})


@dataclass
class Done:
    """The files and outputs of a job."""

    status: dict[str, int] = field(default_factory=dict)  # of each step that ran
    said: dict[str, str] = field(default_factory=dict)  # by each, on standard output
    failed: dict[str, str] = field(default_factory=dict)  # standard error of what failed
    summary: str = ""
    uploads: dict[str, list[str]] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)  # by their ids
    outputs: dict[str, str] = field(default_factory=dict)  # of the job

    @property
    def ok(self) -> bool:
        return not any(self.status.values())


@dataclass
class Job:
    """One job of a workflow with one set of matrix values, in a folder that is checked out."""

    workflow: Mapping[str, Any]
    name: str
    root: Path
    github: Mapping[str, Any]
    matrix: Mapping[str, Any] = field(default_factory=dict)
    inputs: Mapping[str, Any] = field(default_factory=dict)
    needs: Mapping[str, Done] = field(default_factory=dict)  # jobs that ran before

    def run(self, environment: Mapping[str, str], skip: set[str] | frozenset[str]) -> Done:
        """Steps named in `skip` install things; `environment` is the machine's."""
        job = self.workflow["jobs"][self.name]
        done = Done()
        files = {name: self.root.parent / f"{self.name}-{name}" for name in ("SUMMARY", "OUTPUT")}
        for path in files.values():
            path.write_text("")
        given = dict(environment) | {
            "GITHUB_ACTIONS": "true",
            "CI": "true",
            "GITHUB_STEP_SUMMARY": str(files["SUMMARY"]),
            "GITHUB_OUTPUT": str(files["OUTPUT"]),
            "GITHUB_PATH": os.devnull,
            "GITHUB_WORKSPACE": str(self.root),
            "GITHUB_REPOSITORY": str(self.github["repository"]),
        }
        given |= {k: self.filled(str(v), done) for k, v in job.get("env", {}).items()}
        for step in job["steps"]:
            if not self.wanted(step.get("if", "success()"), done):
                continue
            if "upload-artifact" in step.get("uses", ""):
                place = self.filled(step["with"]["name"], done)
                done.uploads[place] = self.filled(step["with"]["path"], done).split()
            if "run" not in step or step["name"] in skip:
                continue
            own = {k: self.filled(str(v), done) for k, v in step.get("env", {}).items()}
            shell = step.get("shell") or self.workflow["defaults"]["run"]["shell"]
            assert shell == "bash"
            ended = subprocess.run(
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]],
                cwd=self.root,
                env=given | own,
                capture_output=True,
                text=True,
                timeout=500,
                check=False,
                stdin=subprocess.DEVNULL,
            )
            if "id" in step:
                done.steps[step["id"]] = {"outputs": outputs(files["OUTPUT"].read_text())}
            files["OUTPUT"].write_text("")
            done.status[step["name"]] = ended.returncode
            done.said[step["name"]] = ended.stdout
            if ended.returncode:
                done.failed[step["name"]] = ended.stderr
        done.summary = files["SUMMARY"].read_text()
        for name, text in job.get("outputs", {}).items():
            done.outputs[name] = self.filled(text, done)
        return done

    def wanted(self, condition: str, done: Done) -> bool:
        bare = condition.strip().removeprefix("${{").removesuffix("}}")
        if not STATUS & set(tokens(bare)):
            bare = f"success() && ({bare})"
        return bool(self.value(bare, done))

    def filled(self, text: str, done: Done) -> str:
        return EXPRESSION.sub(lambda match: str(self.value(match[1], done)), text)

    def value(self, expression: str, done: Done) -> Any:
        contexts = {
            "github": self.github,
            "matrix": self.matrix,
            "inputs": self.inputs,
            "steps": done.steps,
            "needs": {name: {"outputs": job.outputs} for name, job in self.needs.items()},
        }
        functions = {
            "always": lambda: True,
            "cancelled": lambda: False,
            "failure": lambda: not done.ok,
            "success": lambda: done.ok,
            "fromJSON": json.loads,
            "hashFiles": lambda *patterns: "0" * 64,
        }
        return evaluate(expression, contexts, functions)


def outputs(text: str) -> dict[str, str]:
    """Returns what a step has written to $GITHUB_OUTPUT."""
    found = {}
    lines = iter(text.splitlines())
    for line in lines:
        if match := re.fullmatch(r"([\w-]+)<<(.+)", line):
            value = list(iter(lambda: next(lines), match[2]))
            found[match[1]] = "\n".join(value)
        else:
            name, equals, value_of = line.partition("=")
            assert equals, line
            found[name] = value_of
    return found


def collect(root: Path, patterns: list[str], target: Path) -> list[str]:
    """Collects what upload-artifact stores of a job's folder; returns the names of files."""
    found = [path for pattern in patterns for path in sorted(root.glob(pattern))]
    target.mkdir(parents=True)
    for path in found:
        if path.is_dir():
            shutil.copytree(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)
    return [path.name for path in found]
