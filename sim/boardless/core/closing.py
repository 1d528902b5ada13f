"""Objects that are closed at the end of a `with`, whatever happens in it.

class Line(Closing):
    def close(self) -> None: ...
"""

from __future__ import annotations

from typing import Self


class Closing:
    """A base class for objects that open something and have a close()."""

    def close(self) -> None:
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
