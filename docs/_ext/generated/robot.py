"""Robot Framework's keywords, from libdoc's specification of the library and the resource."""

from __future__ import annotations

import re
from typing import Any

from boardless.core import paths
from robot.libdocpkg import LibraryDocumentation

from generated.writing import sentence

SOURCES = {
    "library": "boardless.robot_library.Boardless",
    "resource": str(paths.ROOT / "robot_tests" / "resources" / "device.resource"),
}


def markdown(what: str) -> str:
    spec: dict[str, Any] = LibraryDocumentation(SOURCES[what]).to_dictionary()
    known = {keyword["name"] for keyword in spec["keywords"]}
    parts = [text(spec["doc"], known)]
    for keyword in spec["keywords"]:
        arguments = ", ".join(f"`{argument['repr'].rstrip(' =')}`" for argument in keyword["args"])
        told = [f"### {keyword['name']}", arguments and f"Arguments: {arguments}"]
        parts += [*told, text(keyword["doc"], known)]
    return "\n\n".join(filter(None, parts)) + "\n"


def text(doc: str, known: set[str]) -> str:
    """Robot's own markup as Markdown: ``code``, `Keyword`, and tables, which are examples."""
    out: list[str] = []
    for paragraph in re.split(r"\n\s*\n", doc.strip()):
        if paragraph.startswith("|"):
            rows = [
                [c.strip(" `") for c in row.strip("| ").split("|")] for row in paragraph.split("\n")
            ]
            lines = ["    ".join(c for c in row if c) for row in rows]
            out.append("```robotframework\n" + "\n".join(lines) + "\n```")
        else:
            marked = sentence(paragraph.replace("``", "`"))
            out.append(re.sub(r"`([^`]+)`", lambda m: _link(m.group(1), known), marked))
    return "\n\n".join(out)


def _link(name: str, known: set[str]) -> str:
    return f"[{name}](#{name.lower().replace(' ', '-')})" if name in known else f"`{name}`"
