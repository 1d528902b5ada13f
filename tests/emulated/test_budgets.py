"""Budgets of flash, RAM and time: what exceeds one fails, and names the layer to look at."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from boardless import path
from boardless.core.errors import BadInput
from boardless.judge import budgets
from boardless.judge.budgets import Budgets
from boardless.judge.records import Outcome
from boardless.report import runs
from command_line import Cli, failure

pytestmark = pytest.mark.emulated


@pytest.fixture(scope="module")
def outcome() -> Outcome:
    request = path.Request("digits_cnn:int8", "mps2-an386", limit=1, parts=("stm32l4r5",))
    return path.follow(request)


def test_each_budget_holds_up_to_its_figure(outcome: Outcome) -> None:
    run = outcome.run
    ram = run.build.static_ram_bytes + run.stack_bytes
    time = run.cycles[0].milliseconds(run.cycles[0].median)
    assert time
    exact = budgets.check(run, Budgets(run.build.flash_bytes, ram, time))
    assert [each.exceeded for each in exact] == [False] * 3
    over = budgets.check(run, Budgets(run.build.flash_bytes - 1, ram - 1, time * 0.999))
    assert [each.exceeded for each in over] == [True] * 3
    layers = [each.layer.op for each in over if each.layer]
    assert layers == ["FULLY_CONNECTED", "CONV_2D", "CONV_2D"]
    assert [each.of_layer for each in over[:2]] == [840, 8 * 36 + 16]
    assert 0 < over[2].of_layer < time
    judged = replace(outcome, budgets=over)
    assert not judged.ok
    assert runs.state(judged) == "worse"
    assert len(runs.reasons(judged)) == 3
    assert replace(outcome, budgets=exact).ok


def test_a_time_needs_cycles_to_compare_with(outcome: Outcome) -> None:
    uncounted = replace(outcome.run, cycles=(), notes=("cycles not available: not asked for",))
    with pytest.raises(BadInput, match=r"cycles not available: not asked for"):
        budgets.check(uncounted, Budgets(ms=1.0))
    assert budgets.check(uncounted, Budgets()) == ()


def test_the_command_fails_with_the_layer(outcome: Outcome) -> None:
    cli, words = Cli(), ("run", "digits_cnn", "--limit", "1")
    done = cli(*words, "--max-flash", "4K", "--max-ram", "1M", "--json", "-")
    assert done.returncode == 1
    flash, ram = json.loads(done.stdout)["budgets"]
    assert (flash["budget"], flash["limit"], flash["exceeded"]) == ("max-flash", 4096, True)
    assert (flash["layer"], flash["of_layer"]) == (2, 840)
    assert (ram["budget"], ram["limit"], ram["exceeded"]) == ("max-ram", 1 << 20, False)
    assert "name a part with --part" in failure(cli(*words, "--max-ms", "1"), 2)
    assert "'4Q' is no number of bytes" in cli(*words, "--max-flash", "4Q").stderr
