"""Text of files, models and firmware, made safe for a terminal.

printable("cat\\x1b[2J.png")  # 'cat\\\\x1b[2J.png'

A terminal obeys escape sequences, and characters that change the direction of writing make a line
read as something else. Everything that is shown goes through here.
"""

from __future__ import annotations

import codecs


def printable(text: str) -> str:
    """Returns `text` with each character that is neither printable nor a newline as its escape,
    such as `\\x1b`."""
    return "".join(c if c.isprintable() or c == "\n" else _escape(c) for c in text)


def one_line(text: str) -> str:
    """Returns `text` as printable(), with every run of white space as one space."""
    return printable(" ".join(text.split()))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


class Printed:
    """The output of a program, piece by piece: text that is safe for a terminal. Tabs and line ends
    stay, and bytes that are no UTF-8 become escapes."""

    def __init__(self) -> None:
        self.decoder = codecs.getincrementaldecoder("utf8")("backslashreplace")
        self.held = ""  # a carriage return, until it is known whether a newline follows

    def text(self, data: bytes, final: bool = False) -> str:
        """Returns what can be shown of the output now that `data` has come; all with `final`."""
        found = self.held + self.decoder.decode(data, final)
        self.held = "\r" if found.endswith("\r") and not final else ""
        found = found.removesuffix(self.held)
        return "".join(
            c if c.isprintable() or c in "\n\t" or found[i : i + 2] == "\r\n" else _escape(c)
            for i, c in enumerate(found)
        )
