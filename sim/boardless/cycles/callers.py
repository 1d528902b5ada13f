"""Costs of functions together with those they call, from counts of calls.

found = inclusive(functions, isa, counted.code, tally, own)      # own: (functions,) by itself

Counts do not say who called whom how long ago. A function's cost is shared among its callers by how
often each called it, as gprof does: exact where a function takes about as long for every caller.
Calls through a register have no known target; their cost stays with the function that was called.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from boardless.cycles.counts import Code, Tally
from boardless.cycles.decode import instructions
from boardless.cycles.estimate import belonging
from boardless.cycles.image import Symbol

JUMPS = ("call", "branch", "branch_conditional", "compare_branch")


def calls(
    functions: Sequence[Symbol], isa: str, code: Code, tally: Tally
) -> dict[tuple[int, int], int]:
    """Returns how often each function called another, by their numbers; a jump to the beginning of
    another function counts as a call. `functions` are sorted by address."""
    begins = {f.address: k for k, f in enumerate(functions)}
    ran = np.flatnonzero(tally.executed)
    rows = belonging(code.address, functions)
    decoded = instructions(isa, code.address.tolist(), code.content)
    ends = code.address + code.size
    found: dict[tuple[int, int], int] = {}
    for i in ran.tolist():
        now = decoded[i]
        if now.kind not in JUMPS or now.distance is None or rows[i] < 0:
            continue
        target = begins.get(int(code.address[i]) + now.distance)
        if target is None or target == rows[i]:
            continue
        follows = i + 1 < len(ends) and ends[i] == code.address[i + 1]
        stayed = int(tally.fallthrough[i + 1]) if now.kind != "call" and follows else 0
        times = int(tally.executed[i]) - stayed
        if times > 0:
            key = (int(rows[i]), target)
            found[key] = found.get(key, 0) + times
    return found


def inclusive(
    functions: Sequence[Symbol],
    isa: str,
    code: Code,
    tally: Tally,
    own: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Returns (functions,) what each takes with the functions that it calls; recursive calls add
    nothing."""
    made = calls(functions, isa, code, tally)
    called: dict[int, int] = {}
    for (_, callee), times in made.items():
        called[callee] = called.get(callee, 0) + times
    callees: dict[int, list[tuple[int, float]]] = {}
    for (caller, callee), times in made.items():
        callees.setdefault(caller, []).append((callee, times / called[callee]))
    done: dict[int, float] = {}

    def total(k: int, above: frozenset[int]) -> float:
        if k not in done:
            inner = above | {k}
            parts = [(c, s) for c, s in callees.get(k, ()) if c not in inner]
            done[k] = float(own[k]) + sum(share * total(c, inner) for c, share in parts)
        return done[k]

    return np.array([total(k, frozenset()) for k in range(len(functions))])
