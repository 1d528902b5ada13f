"""Makes what the theme writes usable by keyboard and screen reader, as axe asks for.

What scrolls can be reached by the Tab key, and the two side bars have names that tell them apart.
"""

from __future__ import annotations

import itertools
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

CHANGES = (
    (re.compile(r'<div class="highlight"><pre>'), '<div class="highlight"><pre tabindex="0">'),
    (re.compile(r'<aside class="sidebar-drawer'), '<aside aria-label="Site" class="sidebar-drawer'),
    (re.compile(r'<aside class="toc-drawer'), '<aside aria-label="This page" class="toc-drawer'),
    (re.compile(r'<div id="search-results">'), r"<h1>Search</h1>\g<0>"),
)
TABLE = re.compile(r'<div class="table-wrapper([^"]*)">')


def improved(page: str) -> str:
    """Returns the HTML of a page with what the theme leaves out."""
    for pattern, text in CHANGES:
        page = pattern.sub(text, page)
    numbers = itertools.count(1)
    return TABLE.sub(
        lambda found: (
            f'<div class="table-wrapper{found[1]}" tabindex="0" role="region" '
            f'aria-label="Table {next(numbers)}">'
        ),
        page,
    )


def improve(app: Sphinx, failure: Exception | None) -> None:
    """Sphinx's event build-finished."""
    if failure or app.builder.name != "html":
        return
    for page in Path(app.outdir).rglob("*.html"):
        page.write_text(improved(page.read_text(encoding="utf-8")), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("build-finished", improve)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
