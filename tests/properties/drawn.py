"""Cases of operators that several tests check. To draw one takes longer than to check it, so each
is drawn once, and TFLite is asked about it once.

    @operators
    @drawn.every_case
    def test_on_host(operator: str, dtype: str, case: DrawnCase) -> None: ...

Tests of the same operator and type run one after another, see `in_rows`, so that few cases need to
be kept. Where one fails, Hypothesis draws them again, and shrinks it.
"""

from __future__ import annotations

import functools
import inspect
import os
from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis import given
from hypothesis import strategies as st
from properties import repeat, strategies
from properties.drawing import DrawnCase

# Of all of them, so that they can be drawn again. With some other seeds no case reaches a variant
# that is chosen seldom: see test_reach.py.
SEED = 7
FEWER = 5  # times, for int16
OPERATORS = 8  # whose cases are kept at a time
Test = Callable[..., None]


def every_case(test: Test) -> Test:
    """Makes of a test of one `case` the property of all of an operator (or folder) and a type. It
    draws anew where Hypothesis's profile demands other cases each time, or one is to be repeated.
    """
    return _property(test, "case")


def all_cases(test: Test) -> Test:
    """Does the same with a test of `cases`, which gets all at once, or one where it has failed."""
    return _property(test, "cases")


def _property(test: Test, taken: str) -> Test:
    signature = inspect.signature(test)
    others = [p for p in signature.parameters.values() if p.name != taken]
    data = inspect.Parameter("data", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    signature = signature.replace(parameters=[*others, data])

    @functools.wraps(test)
    def check(*values: Any) -> None:
        arguments = signature.bind(*values).arguments
        strategy = strategies.load(_name(arguments)).cases(arguments["dtype"])
        case = arguments.pop("data").draw(strategy)
        test(**arguments, **{taken: case if taken == "case" else [case]})

    check.__signature__ = signature  # type: ignore[attr-defined]
    drawing: Test = given(data=st.data())(check)
    if not are_kept():
        return drawing

    @functools.wraps(drawing)
    def run(**arguments: Any) -> None:
        found, failed = cases(_name(arguments), arguments["dtype"]), None
        for each in found if taken == "case" else [found]:
            try:
                test(**arguments, **{taken: each})
            except Exception as error:
                said = each if taken == "case" else "one of all"
                error.add_note(f"Drawn again, no case fails; this one did before: {said}")
                failed = error
                break
        if failed:
            again = _sized(given(data=st.data())(check), _name(arguments), arguments["dtype"])
            again(**arguments)  # raises an error of the simplest case that fails
            raise failed

    run.takes_kept_cases = True  # type: ignore[attr-defined]
    return run


def before(test: Test) -> Test:
    """Draws the cases that are kept of an operator (or folder) and a type before a property that
    takes `any_case` of them: one property cannot draw what is another's."""

    @functools.wraps(test)
    def run(**arguments: Any) -> None:
        if are_kept():
            cases(_name(arguments), arguments["dtype"])
        test(**arguments)

    run.takes_kept_cases = True  # type: ignore[attr-defined]
    return run


@functools.lru_cache(maxsize=OPERATORS)
def cases(name: str, dtype: str) -> tuple[DrawnCase, ...]:
    """Returns all cases of an operator or folder, those that its properties would draw, and those
    that its module has in FIXED, which repeat.VARIABLE cannot repeat."""
    found = []

    @given(data=st.data())
    def keep(data: st.DataObject) -> None:
        case = data.draw(strategies.load(name).cases(dtype))
        case.inputs.setflags(write=False)  # no test may change what the next one finds
        found.append(case)

    _sized(keep, name, dtype)()
    return (*found, *_fixed(name, dtype))


def _fixed(name: str, dtype: str) -> list[DrawnCase]:
    """The cases of an operator's module that are drawn too seldom."""
    made: list[DrawnCase] = getattr(strategies.load(name), "FIXED", {}).get(dtype, list)()
    for case in made:
        case.inputs.setflags(write=False)
    return made


def any_case(name: str, dtype: str) -> st.SearchStrategy[DrawnCase]:
    """Returns a strategy of the cases of an operator or folder, of those that are kept if any."""
    if are_kept():
        return st.sampled_from(cases(name, dtype))
    drawn: st.SearchStrategy[DrawnCase] = strategies.load(name).cases(dtype)
    return drawn


def _sized(drawing: Test, name: str, dtype: str) -> Test:
    """Returns a property that draws what all of an operator and a type draw: those of many
    variants, whose module of strategies has TIMES, that many times as many cases, and a fifth for
    int16, which has references only."""
    usual = hypothesis.settings.default
    assert usual
    times = getattr(strategies.load(name), "TIMES", 1)
    count = times * usual.max_examples // (FEWER if dtype == "int16" else 1)
    return hypothesis.seed(SEED)(hypothesis.settings(max_examples=count)(drawing))


def in_rows(items: list[Any]) -> None:
    """Puts tests that check the same kept cases one behind the other."""
    places = [i for i, item in enumerate(items) if _keeps(item)]
    some = sorted((items[i] for i in places), key=_order)
    for place, item in zip(places, some, strict=True):
        items[place] = item


def _keeps(item: Any) -> bool:
    return hasattr(getattr(item, "obj", None), "takes_kept_cases")


def _order(item: Any) -> tuple[str, str, str]:
    name, dtype = _name(item.callspec.params), item.callspec.params["dtype"]
    return strategies.folder(name), dtype, name


def _name(arguments: dict[str, Any]) -> str:
    return str(arguments["operator"] if "operator" in arguments else arguments["folder"])


def are_kept() -> bool:
    """Returns True where tests share cases: they are the same every time, and all are asked for."""
    known = hypothesis.settings.default
    return bool(known and known.derandomize and repeat.VARIABLE not in os.environ)
