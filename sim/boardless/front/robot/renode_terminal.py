"""Lines to and from a device for Robot keywords, through the keywords that renode-test brings.

assert RenodeTerminal().ask("name") == ["m-name-dut-[boardless]"]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from robot.libraries.BuiltIn import BuiltIn
from robot.utils import escape

from boardless.device.link.plain import PlainLine


@dataclass
class RenodeTerminal(PlainLine):
    """A PlainLine whose bytes go through Renode's own tester; timeouts are virtual time there."""

    def write(self, text: str) -> None:
        self._quietly("Write Line To Uart", escape(text), "waitForEcho=false")

    def next_line(self, timeout: float | None = None) -> str:
        patience = max(1, int(timeout or self.timeout))
        while True:
            result = self._quietly("Wait For Next Line On Uart", f"timeout={patience}")
            if line := text_of(result):
                return line

    def _quietly(self, *keyword: str) -> Any:
        """A picture takes hundreds of lines: they would fill the log."""
        before = BuiltIn().set_log_level("WARN")
        try:
            return BuiltIn().run_keyword(*keyword)
        finally:
            BuiltIn().set_log_level(before)


def text_of(result: Any) -> str:
    """The line in what Renode's keywords return; versions differ in how they spell the key."""
    by_name = {str(key).lower(): value for key, value in dict(result).items()}
    return str(by_name["line"]).strip("\r\n")
