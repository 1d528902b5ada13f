"""A property that fails prints one command that repeats the very case, on any machine.

    BOARDLESS_CASE=AXicY2BgAA== pytest 'tests/properties/test_kernels.py::test_on_host[pad-int8]'

The value is Hypothesis's own blob of the choices that were made; it fits the version of the
strategies that printed it. These are pytest hooks, which tests/conftest.py takes over.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest
from hypothesis.errors import DidNotReproduce, InvalidArgument

VARIABLE = "BOARDLESS_CASE"
BLOB = re.compile(r"@reproduce_failure\('[^']*', b'([^']*)'\)")


def command(item: pytest.Item, error: BaseException) -> str | None:
    """The command that repeats what raised `error`; None where Hypothesis had no part in it."""
    if not isinstance(item, pytest.Function) or not hypothesis.is_hypothesis_test(item.obj):
        return None
    blob = os.environ.get(VARIABLE)
    for note in getattr(error, "__notes__", []):
        found = BLOB.search(note)
        blob = found.group(1) if found else blob
    # An explicit @example has no blob; the test runs it first, without drawing anything.
    return f"{VARIABLE}={blob} pytest '{item.nodeid}'" if blob else f"pytest '{item.nodeid}'"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, Any]:
    report = yield
    if call.excinfo is not None:
        text = command(item, call.excinfo.value)
        if text:
            report.sections.append(("repeat this case with", text))
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Makes properties run the case in BOARDLESS_CASE, if set, instead of drawing any."""
    blob = os.environ.get(VARIABLE)
    for item in items if blob else []:
        if isinstance(item, pytest.Function) and hypothesis.is_hypothesis_test(item.obj):
            assert blob
            decorate = hypothesis.reproduce_failure(hypothesis.__version__, blob.encode())
            item.obj = _fixed_is_fine(decorate(item.obj))


def _fixed_is_fine(test: Any) -> Any:
    """A case that no longer fails passes; Hypothesis itself would call that an error."""

    @functools.wraps(test)
    def run(*arguments: Any, **options: Any) -> None:
        try:
            test(*arguments, **options)
        except DidNotReproduce as error:
            if "completed successfully" not in str(error):
                pytest.fail(f"{VARIABLE} does not fit this test: {error}", pytrace=False)
        except InvalidArgument as error:
            pytest.fail(f"{VARIABLE} is damaged: {error}", pytrace=False)

    return run
