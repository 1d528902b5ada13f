"""The commands of the device protocol, from the firmware's own table."""

from __future__ import annotations

import re

from boardless.core import paths

from generated.writing import cell, code, table

COMMAND = re.compile(r'^    \{"(\w+)", run_\w+, "(.*?)(?:  +)(.*)"\},$', re.MULTILINE)
ERROR = re.compile(r'"(e-\[[^"]*)"')


def markdown() -> str:
    source = (paths.FIRMWARE / "app" / "server.c").read_text()
    rows = [[code(usage), cell(what)] for _, usage, what in COMMAND.findall(source)]
    errors = {text if text.endswith("]") else f"{text}...]" for text in ERROR.findall(source)}
    told = "\n".join(f"- `{text}`" for text in sorted(errors))
    return f"{table(('command', 'what'), rows)}\n## Errors\n\n{told}\n"
