"""The help of the command line."""

from __future__ import annotations

import subprocess
import sys

import click
import pytest
from boardless import commands
from boardless.cli import cli
from click.testing import CliRunner

NO_RESULTS = {"serve"}


def test_summaries_fit_80_columns() -> None:
    shown = CliRunner().invoke(cli, ["--help"], terminal_width=80).output
    lines = shown[shown.index("Commands:") :].splitlines()[1:]
    assert len(lines) == len(commands.names())
    assert [line for line in lines if line.endswith("...") or len(line) > 80] == []


@pytest.mark.parametrize("name", commands.names())
def test_the_summary_is_read_without_the_command(name: str) -> None:
    assert commands.summary(name) == commands.load(name).get_short_help_str(200)


def test_help_imports_nothing_that_takes_long() -> None:
    """`boardless --help` takes 0.1 s; to import what the commands need takes 0.9 s."""
    code = (
        "import sys\nfrom boardless.cli import run\nrun(['--help'])\n"
        "print({'numpy', 'rich', 'jinja2', 'msgspec', 'boardless.model'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("set()\n")


@pytest.mark.parametrize("name", commands.names())
def test_the_help_of_a_command_fits_80_columns(name: str) -> None:
    done = CliRunner().invoke(cli, [name, "--help"], terminal_width=80)
    assert done.exit_code == 0
    assert [line for line in done.output.splitlines() if len(line) > 80] == []
    summary = done.output.splitlines()[2].strip()
    assert summary.endswith("."), "the first paragraph is one sentence"


@pytest.mark.parametrize("name", sorted({*commands.names()} - NO_RESULTS))
def test_every_command_that_reports_results_writes_json(name: str) -> None:
    assert "--json" in options(name)


def test_every_command_with_progress_can_be_quiet() -> None:
    loud = {name for name in commands.names() if "--quiet" not in options(name)}
    assert loud == {"boards", "check", "count", "doctor", "export", "report", "serve"}


def options(name: str) -> set[str]:
    found = [p for p in commands.load(name).params if isinstance(p, click.Option)]
    return {option for each in found for option in each.opts}
