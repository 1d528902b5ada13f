"""Every command of the documentation is run, in the order of its page, in a copy of the checkout.

pytest tests/docs/test_commands.py -k own-model
"""

from __future__ import annotations

import difflib
import os
import re
from collections.abc import Iterator
from pathlib import Path

import host_cxx
import pytest
from boardless.core import paths
from docs.pages import Block
from docs.shell import Shell, matches, renewed, same_toolchain

from docs import pages

PAGES = [page for page in pages.pages() if any(block.is_step for block in pages.blocks(page))]
# Why a block may be left out; a caption names one of these.
REASONS = {
    "needs a network": 3,  # at most so many blocks
    "needs a board": 5,
    "needs Renode": 2,
    "needs Espressif's QEMU": 2,
    "needs TensorFlow, and up to an hour": 3,
    "needs TensorFlow, ImageNet's weights and pictures": 2,
    "needs GitHub": 2,
    "needs others' sources": 4,
    "needs other machines": 1,
    "needs another program": 4,
    "needs CMake": 1,
    "needs Zephyr": 1,
    "needs packages of others": 3,
    "takes a minute": 4,
    "takes minutes": 21,  # the measured models of reference/runtimes.md
    "needs the repository's history": 3,
}
NOT_RUN = re.compile(r"Not run by the tests: (.*)")


@pytest.fixture
def shell(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shell]:
    shared = tmp_path_factory.getbasetemp()  # of the run, or of a worker of pytest-xdist
    shell = Shell(tmp_path, shared.parent if "PYTEST_XDIST_WORKER" in os.environ else shared)
    try:
        yield shell
    finally:
        shell.close()


@pytest.mark.emulated
@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(paths.ROOT)))
def test_commands_do_what_the_page_says(page: Path, shell: Shell) -> None:
    for block in filter(lambda block: block.is_step, pages.blocks(page)):
        do(shell, block)


def do(shell: Shell, block: Block) -> None:
    if "file" in block.classes:
        change(shell, block)
    elif block.language == "sh":
        done = shell.run(f"set -e\n{block.text}set +e")
        assert done.status == 0, f"{block.where}\n{block.text}\nprinted\n\n{done.output}"
    else:
        session(shell, block)


def change(shell: Shell, block: Block) -> None:
    """A file that the reader writes, or changes."""
    if block.language == "diff":
        shell.write(".git/change.diff", block.text)
        done = shell.run("git apply .git/change.diff")
        assert done.status == 0, f"{block.where}: the change does not apply\n{done.output}"
    else:
        assert block.caption, f"{block.where}: the caption is the path of the file"
        shell.write(block.caption, block.text)


def session(shell: Shell, block: Block) -> None:
    """A command may fail only where the page asks for its exit status next."""
    typed = pages.commands(block)
    following = [command.text for command in typed[1:]] + [""]
    for command, after in zip(typed, following, strict=True):
        if command.text.startswith("g++ ") and host_cxx.MISSING:
            pytest.skip(host_cxx.MISSING)
        done = shell.run(command.text)
        said = f"{block.where}\n$ {command.text}\n"
        assert done.status == 0 or after == "echo $?", f"{said}{done.output}\nstatus {done.status}"
        if not matches(command.output, done.output, figures=same_toolchain()):
            sides = (command.output.splitlines(), done.output.splitlines())
            shown = "\n".join(difflib.unified_diff(*sides, "page", "here", lineterm=""))
            pytest.fail(f"{said}{shown}", pytrace=False)


def test_what_is_not_run_is_little_and_says_why() -> None:
    left_out: dict[str, list[str]] = {}
    for page in pages.pages():
        for block in pages.blocks(page):
            if "not-run" in block.classes:
                said = NOT_RUN.fullmatch(block.caption)
                assert said, f'{block.where}: caption "Not run by the tests: ..."'
                left_out.setdefault(said[1], []).append(block.where)
    assert set(left_out) == set(REASONS)
    for reason, where in left_out.items():
        assert len(where) <= REASONS[reason], where


def test_no_command_hides_in_another_kind_of_block() -> None:
    """README's list of calls is no session: test_readme checks its names."""
    for page in (page for page in pages.pages() if page.parent != paths.ROOT):
        for block in pages.blocks(page):
            if block.directive in ("", "code-block"):
                assert block.language in (*pages.RUNS, *pages.SHOWN), block.where
                if block.language not in pages.RUNS:
                    assert not re.search(r"^(\$ |boardless )", block.text, re.MULTILINE), (
                        block.where
                    )


def test_a_wrong_output_is_seen() -> None:
    said = "| digits_cnn:int8 | 19,543 | ... | ok |"
    assert matches(said, "| digits_cnn:int8 |   19,543 |  390 | ok      |", figures=True)
    assert not matches(said, "| digits_cnn:int8 | 19,544 | 390 | ok |", figures=True)
    assert matches(said, "| digits_cnn:int8 | 21,544 | 390 | ok |", figures=False)
    assert not matches(said, "| digits_cnn:int8 | 19,543 | 390 | WRONG |", figures=False)
    assert matches("one\n...\nlast", "one\nlast", figures=True)
    assert matches("...\nlast\n...", "one\ntwo\nlast", figures=True)
    assert not matches("...\nlast", "one\nlast\nmore", figures=True)


def test_figures_are_renewed_and_nothing_else() -> None:
    page = "| model | 19,543 | ... |\n...\n--- 7.5 % of 51 programs."
    printed = "| model |   9,876 | 390 | ok |\nmore\n----- 8.25 % of 60 programs."
    assert renewed(page, printed) == "| model |  9,876 | ... |\n...\n--- 8.25 % of 60 programs."
    assert renewed(page, printed.replace("model", "other")) is None


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("```console\n$ boardless run nothing\n```\n", "unknown model"),
        ("```console\n$ echo hello\ngoodbye\n```\n", "-goodbye"),
        ("```sh\nboardless run digits_cnn --no-such-option\n```\n", "No such option"),
        (
            "```{code-block} diff\n:class: file\n--- a/README.md\n+++ b/README.md\n"
            "@@ -1 +1 @@\n-nothing like it\n+new\n```\n",
            "does not apply",
        ),
    ],
    ids=["unknown model", "other output", "unknown option", "stale change"],
)
def test_a_stale_page_fails(text: str, seen: str, shell: Shell, tmp_path: Path) -> None:
    page = tmp_path / "stale.md"
    page.write_text(text)
    (block,) = pages.blocks(page)
    with pytest.raises((AssertionError, pytest.fail.Exception), match=re.escape(seen)):
        do(shell, block)
