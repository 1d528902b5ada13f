"""Brings the figures of the documentation up to date: runs its pages, and writes what has changed.

    PYTHONPATH=sim:tests python tests/docs/renew.py [tutorial.md ...]

Blocks that the tests leave out because they take a minute are run, too. Only figures: where words
differ, the page and what was printed are shown, and a person decides.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from docs.pages import Block
from docs.shell import Shell, matches, renewed
from docs.test_commands import change

from docs import pages

SLOW = "takes a minute"  # the reason of a block that the tests leave out, but not this script


def renew(page: Path, shell: Shell) -> bool:
    """Returns True if all of the page is up to date now."""
    ok = True
    for block in filter(is_renewed, pages.blocks(page)):
        if "file" in block.classes:
            change(shell, block)
        elif block.language == "sh":
            ok &= shell.run(f"set -e\n{block.text}set +e").status == 0
        else:
            for command in pages.commands(block):
                ok &= renew_output(shell, block, command)
    return ok


def is_renewed(block: Block) -> bool:
    """Returns True for steps, and for sessions that are only too long for the tests."""
    return block.is_step or (block.language == "console" and block.caption.endswith(SLOW))


def renew_output(shell: Shell, block: Block, command: pages.Command) -> bool:
    done = shell.run(command.text)
    if matches(command.output, done.output, figures=True):
        return True
    new = renewed(command.output, done.output)
    old = block.page.read_text()
    if new is None or old.count(command.output) != 1:
        print(f"{block.where}\n$ {command.text}\n{done.output}\n")
        return False
    block.page.write_text(old.replace(command.output, new))
    print(f"{block.where}\n$ {command.text}: renewed")
    return True


if __name__ == "__main__":
    every = [p for p in pages.pages() if any(map(is_renewed, pages.blocks(p)))]
    chosen = [p for p in every if not sys.argv[1:] or p.name in sys.argv[1:]]
    done = []
    with tempfile.TemporaryDirectory() as shared:
        for each in chosen:
            with tempfile.TemporaryDirectory() as folder:
                shell = Shell(Path(folder), Path(shared))
                try:
                    done.append(renew(each, shell))
                finally:
                    shell.close()
    sys.exit(not all(done))
