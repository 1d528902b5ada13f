"""The help of the command line."""

from __future__ import annotations

import gc
import re
import subprocess
import sys

import click
import pytest
from boardless import commands
from boardless.cli import cli
from boardless.commands import help
from boardless.cycles import parts
from boardless.device import boards
from click.testing import CliRunner
from command_line import Cli

CALL = re.compile(r"(?:^    |`)boardless ((?:[^ `\n]| (?! ))+)", re.MULTILINE)  # of a topic
NO_RESULTS = {"help", "serve"}


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
    assert loud == {"boards", "check", "count", "doctor", "export", *NO_RESULTS, "report"}


@pytest.mark.parametrize("topic", help.topics())
def test_a_topic_is_short_and_names_what_there_is(topic: str) -> None:
    text = (help.TOPICS / f"{topic}.txt").read_text()
    lines = text.splitlines()
    assert [line for line in lines[:2] if line] == lines[:1]  # a title, and an empty line
    assert len(lines) <= 30
    assert [line for line in lines if len(line) > 90] == []
    for call in CALL.findall(text.replace("\\\n", "")):
        name, *words = call.split()
        assert name in commands.names(), call
        assert {word for word in words if word.startswith("--")} <= options(name), call


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("boardless ga", ["gate"]),
        ("boardless run --core cortex-m0", ["cortex-m0", "cortex-m0plus"]),
        ("boardless run --board mps2", [n for n in boards.names() if n.startswith("mps2")]),
        ("boardless gate --board mps3-an5", ["mps3-an547"]),
        ("boardless run --part nrf5", [n for n in parts.names() if n.startswith("nrf5")]),
        ("boardless run --link u", ["uart"]),
    ],
)
def test_a_shell_completes_names(words: str, found: list[str]) -> None:
    environment = {
        "_BOARDLESS_COMPLETE": "bash_complete",
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
    }
    done = Cli()(**environment)
    assert [line.removeprefix("plain,") for line in done.stdout.splitlines()] == found


def test_help_of_topics_and_commands() -> None:
    listed = CliRunner().invoke(cli, ["help"]).output
    assert [line.split()[0] for line in listed.splitlines()] == help.topics()
    assert "--labels" in CliRunner().invoke(cli, ["help", "pictures"]).output
    of_run = CliRunner().invoke(cli, ["help", "run"], terminal_width=80).output
    assert of_run.startswith("Usage: cli run [OPTIONS]")
    said = Cli().fails(2, "help", "nothing")
    assert said.startswith("boardless: nothing: no such topic; known are boards, ci, ")


def options(name: str) -> set[str]:
    found = [p for p in commands.load(name).params if isinstance(p, click.Option)]
    return {option for each in found for option in each.opts}


def test_garbage_is_collected_again_once_the_command_is_imported() -> None:
    """`main` switches that off, because nothing of what is imported is garbage."""
    try:
        gc.disable()
        assert CliRunner().invoke(cli, ["boards", "--help"]).exit_code == 0
        assert gc.isenabled()
        assert gc.get_freeze_count() > 0
    finally:
        gc.enable()
        gc.unfreeze()
