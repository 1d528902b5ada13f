"""Parts of pages that are made from the code when Sphinx reads them; nothing made is committed.

    ```{made-from-code} boards
    ```

is replaced with what generated/boards.py's markdown() returns, as if it stood in the page, so that
headings and links in it work; `name:what` calls markdown("what").
"""

from __future__ import annotations

import importlib
import re
from typing import Any

from sphinx.application import Sphinx

PART = re.compile(r"^```\{made-from-code\} (\w+)(?::(\w+))?\n```$", re.MULTILINE)


def insert(app: Sphinx, page: str, source: list[str]) -> None:
    """Sphinx's event source-read: `source` holds the page's text, to be replaced in place."""
    source[0] = PART.sub(lambda part: made(part[1], part[2]), source[0])


def made(name: str, what: str | None) -> str:
    markdown = importlib.import_module(f"generated.{name}").markdown
    text: str = markdown(what) if what else markdown()
    return text


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", insert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
