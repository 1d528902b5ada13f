"""The pages of users: each command on them is one that the page linked with it runs."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docs.test_commands import NOT_RUN

from docs import pages

USERS = pages.DOCS / "users"
PAGES = sorted(path for path in USERS.glob("*.md") if path.stem != "index")
ROW = re.compile(r"^\| .* \| `(.+)` \| \[.*\]\(([^)#]+)[^)]*\) \|$", re.MULTILINE)


def typed(page: Path) -> list[tuple[str, pages.Block]]:
    """Returns each command of a page, with spaces as in one line, and the block that holds it."""
    found = []
    for block in pages.blocks(page):
        if block.language in pages.RUNS:
            of_session = block.language == "console"
            texts = [c.text for c in pages.commands(block)] if of_session else [block.text]
            found += [(" ".join(text.replace("\\\n", " ").split()), block) for text in texts]
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_command_of_a_user_is_one_that_the_linked_page_runs(page: Path) -> None:
    rows = ROW.findall(page.read_text())
    assert len(rows) == page.read_text().count("\n| ") - 2 >= 3, "all rows have this form"
    for command, target in rows:
        text = command.replace("\\|", "|")
        blocks = [
            block for whole, block in typed((page.parent / target).resolve()) if text in whole
        ]
        assert blocks, f"{page.name}: `{text}` is not on {target}"
        assert any(block.is_step or NOT_RUN.fullmatch(block.caption) for block in blocks), text


def test_every_page_of_a_user_is_reached_from_the_first_page() -> None:
    first = (pages.DOCS / "index.md").read_text()
    assert [path.stem for path in PAGES if f"](users/{path.name})" not in first] == []
    assert len(PAGES) == 7
