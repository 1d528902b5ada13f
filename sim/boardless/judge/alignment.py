"""Finds the layers of two versions of a model that belong together.

aligned(["conv 0", "softmax 1"], ["conv 0", "pad 1", "softmax 2"])
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher


def aligned(old: list[str], new: list[str]) -> list[tuple[str | None, str | None]]:
    """Layers that belong together by operator and order; None where there is no partner."""

    def operators(labels: Iterable[str]) -> list[str]:
        return [label.rpartition(" ")[0] for label in labels]

    pairs: list[tuple[str | None, str | None]] = []
    matcher = SequenceMatcher(None, operators(old), operators(new), autojunk=False)
    for tag, i, j, m, n in matcher.get_opcodes():
        if tag == "equal":
            pairs += zip(old[i:j], new[m:n], strict=True)
        else:
            pairs += [(label, None) for label in old[i:j]]
            pairs += [(None, label) for label in new[m:n]]
    return pairs
