"""The options that set budgets: --max-flash, --max-ram and --max-ms.

@budget_options
def command(**options): limits = budgets(options)
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

import click

from boardless.core.errors import BadInput
from boardless.judge.budgets import Budgets

F = TypeVar("F", bound=Callable[..., Any])


class Size(click.ParamType[int]):
    """--max-flash and --max-ram: bytes, or KiB or MiB with a K or an M behind the number."""

    name = "BYTES"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"([0-9]{1,12})([KM]?)", str(value).upper())
        if not found:
            self.fail(f"{value!r} is no number of bytes, such as 65536 or 64K", param, ctx)
        return int(found[1]) << {"": 0, "K": 10, "M": 20}[found[2]]


def budget_options(command: F) -> F:
    """Adds the options of judge.budgets.Budgets."""
    flash = click.option(
        "--max-flash",
        type=Size(),
        help="Fail where the firmware has more bytes of flash (64K: KiB; 1M: MiB). The layer with "
        "most constants is named.",
    )
    ram = click.option(
        "--max-ram",
        type=Size(),
        help="Fail where it needs more RAM, deepest stack included. The layer that holds most is "
        "named.",
    )
    ms = click.option(
        "--max-ms",
        type=click.FloatRange(0, min_open=True),
        metavar="MS",
        help="Fail where the median inference takes more milliseconds on a --part. The slowest "
        "layer is named.",
    )
    return flash(ram(ms(command)))


def budgets(options: dict[str, Any], *, every_part: bool = False) -> Budgets:
    """Takes the options of `budget_options` out of `options`. BadInput where a time has no part to
    be measured on; with `every_part` these are all where none is named."""
    found = Budgets(*(options.pop(f"max_{name}") for name in ("flash", "ram", "ms")))
    if found.ms is not None and not every_part and not options.get("parts"):
        raise BadInput("--max-ms needs a clock", hint="name a part with --part, such as stm32l4r5")
    return found
