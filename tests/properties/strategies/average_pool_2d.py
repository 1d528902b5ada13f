"""AVERAGE_POOL_2D: the same windows as MAX_POOL_2D."""

from hypothesis import strategies as st
from one_operator import Tensor
from properties.drawing import DrawnCase, Window
from properties.steps import Step
from properties.strategies.max_pool_2d import pools, steps_of

DTYPES = ("int8", "float32", "int16")


def steps(source: Tensor, window: Window) -> st.SearchStrategy[Step]:
    return steps_of("AVERAGE_POOL_2D", source, window)


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pools("AVERAGE_POOL_2D", dtype)
