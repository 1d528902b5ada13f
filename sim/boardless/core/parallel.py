"""Cases beside each other, as many at a time as there are processors.

rows = each(cases, lambda case, cancel: judge(case, cancel))
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Case = TypeVar("Case")
Result = TypeVar("Result")


def each(cases: Iterable[Case], work: Callable[[Case, threading.Event], Result]) -> list[Result]:
    """Results in the order of `cases`. After the first failure, or an interrupt, no other case
    begins, and the event that `work` is given tells those that run."""
    cancel = threading.Event()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        try:  # an interrupt may come while the first case is running and the next is submitted
            futures = [pool.submit(work, case, cancel) for case in cases]
            return [future.result() for future in futures]
        except BaseException:
            cancel.set()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
