"""Sphinx's settings: `nox -s docs` builds docs/ into build/docs."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent / "sim")]

from boardless import __version__  # noqa: E402

project = "boardless"
copyright = "the boardless maintainers, Apache-2.0"
release = version = __version__

extensions = ["myst_parser", "sphinx_click", "made_from_code", "accessible"]
exclude_patterns = ["_ext"]
myst_heading_anchors = 4  # [text](page.md#heading) is checked
myst_enable_extensions = ["deflist", "fieldlist"]
suppress_warnings = ["myst.header"]  # an included section begins where its file has it

html_theme = "furo"
html_title = "boardless"
html_static_path = ["_static"]
html_css_files = ["boardless.css"]
html_copy_source = False
pygments_style = "a11y-high-contrast-light"  # WCAG AA, as the other
pygments_dark_style = "a11y-high-contrast-dark"
linkcheck_timeout = 20
