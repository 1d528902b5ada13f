"""AVERAGE_POOL_2D: the same windows as MAX_POOL_2D."""

from hypothesis import strategies as st
from properties.drawing import DrawnCase
from properties.strategies.max_pool_2d import pools

DTYPES = ("int8", "float32", "int16")


def cases(dtype: str) -> st.SearchStrategy[DrawnCase]:
    return pools("AVERAGE_POOL_2D", dtype)
