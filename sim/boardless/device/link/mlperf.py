"""The commands of MLPerf Tiny's runner: who the device is, an input, inferences and their results.

load(terminal, picture_bytes)
results, microseconds = infer(terminal, inferences=10, warmups=10)
"""

from __future__ import annotations

import re

from boardless.core.errors import LinkError
from boardless.device.link.plain import PlainLine

HEX_BYTES = 31  # of the input in one command


def identify(terminal: PlainLine) -> dict[str, str]:
    """name, profile and model, each as the runner reads it."""
    lines = [*terminal.ask("name"), *terminal.ask("profile")]
    patterns = (r"m-(name)-dut-\[([^]]+)]", r"m-(model|profile)-\[([^]]+)]")
    found = [m for line in lines for p in patterns if (m := re.fullmatch(p, line))]
    about = {m[1]: m[2] for m in found}
    if set(about) != {"name", "profile", "model"}:
        raise LinkError(f"the device does not say who it is: {_shown(lines)}")
    return about


def _shown(lines: list[str]) -> str:
    """Returns the begin of an answer, for a message."""
    return str(lines)[:300]


def load(terminal: PlainLine, data: bytes) -> None:
    """The input, in the model's own type, over `db`."""
    answers = terminal.ask(f"db load {len(data)}")
    for i in range(0, len(data), HEX_BYTES):
        answers = terminal.ask(f"db {data[i : i + HEX_BYTES].hex()}")
    if answers != ["m-load-done"]:
        raise LinkError(f"the input did not arrive whole: {_shown(answers)}")


def infer(terminal: PlainLine, inferences: int, warmups: int) -> tuple[list[float], int]:
    """(results, microseconds between the two lap lines) of `inferences` in a row."""
    lines = terminal.ask(f"infer {inferences} {warmups}")
    laps = [int(m[1]) for line in lines if (m := re.fullmatch(r"m-lap-us-([0-9]{1,20})", line))]
    results = [m[1] for line in lines if (m := re.fullmatch(r"m-results-\[([^]]+)]", line))]
    if len(laps) != 2 or len(results) != 1 or laps[1] < laps[0]:
        raise LinkError(f"no whole answer to infer: {_shown(lines)}")
    try:
        return [float(value) for value in results[0].split(",")], laps[1] - laps[0]
    except ValueError as error:
        raise LinkError(f"the results of infer are no numbers: {results[0][:60]!r}") from error
