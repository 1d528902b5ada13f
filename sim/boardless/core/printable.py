"""Text of files, models and firmware, made safe for a terminal.

printable("cat\\x1b[2J.png")  # 'cat\\\\x1b[2J.png'

A terminal obeys escape sequences, and characters that change the direction of writing make a line
read as something else. Everything that is shown goes through here.
"""

from __future__ import annotations


def printable(text: str) -> str:
    """Returns `text` with each character that is neither printable nor a newline as its escape,
    such as `\\x1b`."""
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def one_line(text: str) -> str:
    """Returns `text` as printable(), with every run of white space as one space."""
    return printable(" ".join(text.split()))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")
