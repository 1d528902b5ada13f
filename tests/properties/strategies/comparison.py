"""Comparisons of the input with a constant, either first, or of two computed maps."""

from hypothesis import strategies as st
from properties import by_value
from properties.drawing import DrawnCase

BOTH = ("int8", "float32")
OPERATORS = dict.fromkeys(
    ("equal", "greater", "greater_equal", "less", "less_equal", "not_equal"), BOTH
)


def cases(operator: str, dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.two_operands(
        operator.upper(), dtype, activates=False, target="bool", coarsest=0.99
    )
