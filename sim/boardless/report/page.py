"""The report as one self-contained HTML file, for a browser and from disk, light and dark.

    html = render(collect(outcomes, "boardless sim"))

It can be read without its script, which sorts, filters and unfolds. Everything in it that comes
from a model, a data set or a firmware is escaped, and a policy keeps a browser from loading or
running anything else.
"""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

import markupsafe

from boardless.core.printable import one_line, printable
from boardless.report import column
from boardless.report.columns import COLUMNS
from boardless.report.page_records import Report, Sheet

if TYPE_CHECKING:
    import jinja2

TEMPLATES = Path(__file__).parent / "templates"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # nothing from elsewhere
NAME = 30  # characters of a tensor's name that tell it from others


def render(report: Report) -> str:
    """Returns the page."""
    script = (TEMPLATES / "report.js").read_text(encoding="utf8")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    known = column.present(COLUMNS, [case.values for case in report.cases])
    columns = sorted(known, key=lambda each: each.rank > 0)  # what stays stands to the left
    return (
        environment()
        .get_template("report.html.j2")
        .render(
            report=report,
            columns=columns,
            boards=sorted({case.board for case in report.cases}),
            script=markupsafe.Markup(script),
            policy=f"{POLICY}; script-src 'sha256-{digest}'",
        )
    )


def environment() -> jinja2.Environment:
    """Returns the templates of pages: all that they show is escaped."""
    import jinja2  # here, because only pages need it

    from boardless.core import templates

    found = templates.environment(
        jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
    )
    found.filters["n"] = lambda number: f"{number:,.0f}"
    found.filters["breaks"] = breaks
    found.filters["short"] = short
    found.filters["date"] = lambda text: text[:16].replace("T", " ")
    found.filters["safe_uri"] = safe_uri
    found.filters["place"] = place
    found.filters["share"] = lambda part, whole: 100 * part / whole if whole else 0.0
    return found


def _shown(value: object) -> object:
    """Returns what a template writes: no character that would change how a page reads."""
    return value if isinstance(value, markupsafe.Markup) else printable(str(value))


def breaks(name: str) -> markupsafe.Markup:
    """Returns a long name that may go on in the next line behind "_" and ":"."""
    return markupsafe.Markup(re.sub("([_:])", r"\1<wbr>", str(markupsafe.escape(one_line(name)))))


def safe_uri(uri: str) -> markupsafe.Markup:
    """Returns the address of pictures that lie in the page itself, "" for any other."""
    known = re.fullmatch(r"data:image/(png|webp);base64,[A-Za-z0-9+/]*=*", uri)
    return markupsafe.Markup(uri if known else "")


def place(cell: int, sheet: Sheet) -> str:
    """Returns where a cell of a sheet lies, as CSS says it."""
    row, column = divmod(cell, sheet.columns)
    steps = ((column, sheet.columns), (row, sheet.rows))
    return " ".join(f"{100 * at / max(1, of - 1):.4g}%" for at, of in steps)


def short(name: str) -> str:
    """Returns the end of a tensor's name that tells it from others."""
    text = name.split(";")[0]
    return text if len(text) <= NAME else "..." + text[3 - NAME :]
