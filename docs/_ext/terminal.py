"""Draws what a command prints on a terminal as an SVG, which README shows.

python docs/_ext/terminal.py docs/_static/sim.svg boardless sim digits_cnn --boards mps2-an386
"""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import termios
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

COLUMNS = 100
WHITE, GRAY, BLACK = (255, 255, 255), (110, 118, 129), (36, 41, 47)
THEME = TerminalTheme(WHITE, BLACK, [BLACK, (207, 34, 46), (26, 127, 55), GRAY] + [GRAY] * 4)
# Text alone, without a window and without fonts from elsewhere.
FORMAT = """\
<svg class="rich-terminal" viewBox="0 0 {terminal_width} {terminal_height}"
     xmlns="http://www.w3.org/2000/svg">
<style>
  text {{ font-family: ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace;
         font-size: {char_height}px; line-height: {line_height}px; white-space: pre; }}
  {styles}
</style>
<rect width="100%" height="100%" rx="6" fill="#ffffff" stroke="#d0d7de"/>
<defs>{lines}</defs>
<g transform="translate(9, 6) scale(0.985)">
{backgrounds}
{matrix}
</g>
</svg>
"""


def printed(command: list[str]) -> str:
    """Returns what `command` writes to standard output when that is a terminal."""
    reader, writer = os.openpty()
    termios.tcsetwinsize(writer, (50, COLUMNS))
    environment = os.environ | {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS)}
    process = subprocess.Popen(command, stdout=writer, stderr=subprocess.DEVNULL, env=environment)
    os.close(writer)
    output = b""
    try:
        while piece := os.read(reader, 65536):
            output += piece
    except OSError:  # Linux reports the end of a terminal as an error
        pass
    os.close(reader)
    if process.wait():
        sys.exit(f"{shlex.join(command)} ended with status {process.returncode}")
    return output.decode()


def drawing(command: list[str], output: str) -> str:
    """Returns an SVG of a terminal with `command` and its `output`."""
    lines = Text.from_ansi(output.replace("\r\n", "\n").strip("\n"))
    width = max(len(line) for line in lines.plain.splitlines())
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=width, file=nowhere, force_terminal=True)
        console.print(Text(f"$ {shlex.join(command)}", style="bold"))
        console.print(lines, soft_wrap=True)
        return console.export_svg(theme=THEME, code_format=FORMAT, unique_id="t")


if __name__ == "__main__":
    _, target, *words = sys.argv
    Path(target).write_text(drawing(words, printed(words)))
