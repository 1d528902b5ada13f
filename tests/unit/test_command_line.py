"""Processes of a failed test do not fail the next one."""

from __future__ import annotations

import gc

from command_line import Cli


def test_a_process_that_is_left_is_ended_and_its_pipes_closed() -> None:
    cli = Cli()
    process = cli.start("boards")
    assert process.stdout
    cli.close()
    assert process.returncode is not None
    assert process.stdout.closed
    del process, cli
    gc.collect()  # a warning of what is left would be an error
