"""A property that fails prints one command that repeats the very case, on any machine.

    BOARDLESS_CASE=AXicY2BgAA== pytest 'tests/properties/test_kernels.py::test_on_host[pad-int8]'

The value is Hypothesis's own blob of the choices that were made; it fits the version of the
strategies that printed it. These are pytest hooks, which tests/conftest.py takes over.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import DidNotReproduce

VARIABLE = "BOARDLESS_CASE"
BLOB = re.compile(r"@reproduce_failure\('[^']*', b'([^']*)'\)")


def command(nodeid: str, error: BaseException) -> str | None:
    """The command that repeats what raised `error`; None where Hypothesis had no part in it."""
    for note in getattr(error, "__notes__", []):
        found = BLOB.search(note)
        if found:
            return f"{VARIABLE}={found.group(1)} pytest '{nodeid}'"
    return None


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report = yield
    if call.excinfo is not None:
        text = command(item.nodeid, call.excinfo.value)
        if text:
            report.sections.append(("repeat this case with", text))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """With BOARDLESS_CASE, properties run that one case instead of drawing any."""
    blob = os.environ.get(VARIABLE)
    for item in items if blob else []:
        if isinstance(item, pytest.Function) and hypothesis.is_hypothesis_test(item.obj):
            assert blob
            decorate = hypothesis.reproduce_failure(hypothesis.__version__, blob.encode())
            item.obj = _fixed_is_fine(decorate(item.obj))


def _fixed_is_fine(test: Any) -> Any:
    """A case that no longer fails passes; Hypothesis itself would call that an error."""

    def run(*arguments: Any, **options: Any) -> None:
        try:
            test(*arguments, **options)
        except DidNotReproduce:
            return

    run.__signature__ = None  # type: ignore[attr-defined]
    return run
