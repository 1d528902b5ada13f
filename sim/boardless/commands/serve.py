"""`boardless serve`."""

from __future__ import annotations

import click

from boardless import path
from boardless.core import interrupts
from boardless.device import emulators
from boardless.device.link.benchmark import BENCHMARKS, PIXELS, Answers
from boardless.device.link.client import Client
from boardless.front import serve
from boardless.model import ports
from boardless.terminal import (
    board_option,
    emulator_option,
    progress_bar,
    reference_option,
    say,
)


@click.command("serve")
@click.argument("model")
@board_option
@emulator_option
@reference_option
@click.option("--pty", "as_pty", is_flag=True, help="On a pseudo-terminal (the default).")
@click.option(
    "--tcp",
    "port",
    type=click.IntRange(0, 65535),
    metavar="PORT",
    help="On 127.0.0.1:PORT; 0 takes a free one.",
)
@click.option(
    "--uint8",
    is_flag=True,
    help="The client sends pixels 0..255 to an int8 model of its own.",
)
@click.option(
    "--mlperf",
    "benchmark",
    type=click.Choice(sorted(BENCHMARKS)),
    help="Answer as the firmware of this benchmark of MLPerf Tiny: its name, its type of inputs, "
    "and for ad01 the score.",
)
def command(
    model: str,
    board: str,
    emulator: str | None,
    reference: str,
    as_pty: bool,
    port: int | None,
    uint8: bool,
    benchmark: str | None,
) -> None:
    """Lend the emulated UART to any other client, until Ctrl-C.

    MODEL is a name of the zoo (`boardless models`) or the path of a .tflite file. The UART speaks
    MLPerf Tiny's device protocol; type `help%`.
    """
    if as_pty and port is not None:
        raise click.UsageError("--pty and --tcp are mutually exclusive")
    if uint8 and benchmark:
        raise click.UsageError("--mlperf knows what its client sends; leave --uint8 out")
    request = path.Request(model=model, board=board, emulator=emulator, reference=reference)
    with progress_bar() as progress:
        prepared = path.prepare(request, progress)
    built, chosen = prepared.build, prepared.emulator
    manner = BENCHMARKS[benchmark] if benchmark else PIXELS if uint8 else None
    if benchmark and manner:
        manner.check(prepared.model.graph)
    session = emulators.load(chosen).start(built.board, built.elf, shared=False)
    lent = Answers(session, manner, prepared.model.graph) if manner else session

    def announce(address: str) -> None:
        click.echo(address)
        for line in ports.layout(prepared.model.graph):
            say(line)
        say(f"{built.model} on {board} ({chosen}); Ctrl-C ends it")

    try:
        Client(session).boot()  # whoever counts answers must not see the greeting of the boot
        if port is None:
            serve.pty(lent, announce)
        else:
            serve.tcp(lent, port, announce)
    except KeyboardInterrupt:
        interrupts.heard()  # it is the documented way to end
    finally:
        session.close()
