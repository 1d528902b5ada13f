"""The directive `made-from-code`: Markdown that a module of `generated` makes when Sphinx builds.

    ```{made-from-code} boards
    ```

calls generated/boards.py's markdown(). Nothing that is made is committed.
"""

from __future__ import annotations

import importlib
from typing import Any, ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective


class MadeFromCode(SphinxDirective):
    """One argument: the name of the module, with a colon and what it shall show where it can show
    several things."""

    required_arguments: ClassVar[int] = 1

    def run(self) -> list[nodes.Node]:
        name, _, what = self.arguments[0].partition(":")
        module = importlib.import_module(f"generated.{name}")
        text: str = module.markdown(what) if what else module.markdown()
        return self.parse_text_to_nodes(text, allow_section_headings=True)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("made-from-code", MadeFromCode)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
