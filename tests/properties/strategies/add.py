"""ADD of the input and a constant, or of two that the model computes; repeated along any axes."""

from hypothesis import strategies as st
from one_operator import Tensor
from properties import by_value
from properties.drawing import DrawnCase
from properties.steps import Step

DTYPES = ("int8", "float32", "int16")


def steps(
    source: Tensor, other: Tensor, also: int | None = None, filling: bool = False
) -> st.SearchStrategy[Step]:
    return by_value.steps("ADD", source, other, also, by_value.full_sum, filling)


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return by_value.two_operands("ADD", dtype)
