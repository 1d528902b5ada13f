"""Writes docs/reference/runtimes.md: runtimes, models and cores in one table, measured now.

python docs/_ext/compare.py            # nox -s compare
"""

from __future__ import annotations

import os
from pathlib import Path

from boardless.core import paths
from boardless.front.compare import CompareRow, compare
from boardless.model import zoo
from boardless.report import compare as report

PAGE = paths.ROOT / "docs" / "reference" / "runtimes.md"
BOARDS = ("mps2-an386", "mps3-an547", "esp32c3")
ZOO = ("digits_cnn", "pico_mobilenet", "nano_mobilenet", "fdmobilenet_025", "mobilenet_v1_025")
MLPERF = "mlperf_tiny/vww_96_int8.tflite"  # in $BOARDLESS_DATA
PICTURES = 2  # counts are exact, so two are enough
HEAD = """\
# Runtimes compared

<!-- Written by `nox -s compare`: do not edit. -->

The firmware that each runtime makes of a model, on the same server and the same {pictures}
pictures, built by the same compiler with the same flags. Instructions are counted exactly, cycles
are estimates, whose errors stand below. Flash and RAM are of the whole firmware, in bytes.
boardless leaves out channels that carry no information, of which `vww_96_int8` has many; the other
runtimes compute them.
[](../howto/runtimes.md) says what is compared, and with which references.
"""


def models() -> list[tuple[str, str]]:
    """Returns (what `boardless compare` takes, how a reader finds it)."""
    file = Path(os.environ.get("BOARDLESS_DATA", "")) / MLPERF
    if not file.is_file():
        raise SystemExit(f"compare: {MLPERF} is not in BOARDLESS_DATA")
    own = [(f"{name}:int8", f"{name}:int8") for name in ZOO]
    return [(str(file), f"$BOARDLESS_DATA/{MLPERF}"), *own]


def section(model: str, shown: str, rows: list[CompareRow]) -> list[str]:
    """Returns the lines of a model: its table, notes about the rows, and the command."""
    boards = " ".join(f"--board {board}" for board in BOARDS)
    return [
        "",
        f"## {zoo.find(model).name}",
        "",
        *report.markdown("litert", rows),
        "",
        *(f"- {text}" for text in report.remarks(rows)),
        "",
        f"Repeat it: `boardless compare {shown} {boards} --limit {PICTURES}`",
    ]


def main() -> None:
    lines = HEAD.format(pictures=PICTURES).splitlines()
    for model, shown in models():
        lines += section(model, shown, compare(model, BOARDS, limit=PICTURES))
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
