"""Milliseconds next to cycles: on the part that a board carries, else at the board's clock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from boardless.core.errors import BadInput
from boardless.cycles import calibration, estimate, parts
from boardless.cycles.estimate import Cycles
from boardless.device import boards
from boardless.judge import figures, gating
from boardless.path.preparing import targets
from boardless.path.request import GATE, PICTURES, Request
from boardless.report import estimates
from boardless.report.columns import COLUMNS

CYCLES = 1_000_000.0


def asked(board: str, **more: Any) -> list[str]:
    return [target.name for target in targets(Request("m", board, **more))]


def run(board: str, *, clock_hz: int = 0, **more: Any) -> Any:
    """Returns a run in which every target took CYCLES."""
    found = targets(Request("m", board, **more))
    return SimpleNamespace(
        build=SimpleNamespace(board=boards.load(board), layers=()),
        counts=SimpleNamespace(hardware=SimpleNamespace(clock_hz=clock_hz) if clock_hz else None),
        cycles=tuple(Cycles(t.at(clock_hz), (CYCLES,), {}, None, None, "") for t in found),
        notes=(),
    )


def test_a_board_is_priced_for_the_part_that_it_carries() -> None:
    assert asked("netduinoplus2") == ["cortex-m4", "stm32f405"]
    assert asked("netduinoplus2", sets=(GATE, PICTURES)) == ["cortex-m4", "stm32f405"]
    assert asked("netduinoplus2", sets=(GATE,)) == ["cortex-m4"]
    assert asked("netduinoplus2", cores=("cortex-m4",)) == ["cortex-m4"]
    assert asked("netduinoplus2", parts=("stm32l4r5",)) == ["stm32l4r5"]
    assert asked("mps2-an386") == ["cortex-m4"]
    assert asked("esp32c3") == ["esp32-c3"], "its memory never waits"
    assert asked("host") == []


def test_every_board_with_prices_has_a_time() -> None:
    for board in map(boards.load, boards.names()):
        assert bool(board.part) != bool(board.clock_hz) or board.hal == "host", board.name


@pytest.mark.parametrize(
    ("board", "more", "name", "clock_hz", "note"),
    [
        ("netduinoplus2", {}, "stm32f405", 168_000_000, "at 168 MHz, stm32f405, cortex-m4: core "),
        (
            "netduinoplus2",
            {"clock_hz": 16_000_000},
            "stm32f405",
            16_000_000,
            "at 16 MHz, stm32f405",
        ),
        ("esp32c3", {}, "esp32-c3", 160_000_000, "at 160 MHz, esp32-c3"),
        ("mps2-an386", {}, "mps2-an386", 25_000_000, "at 25 MHz, the clock of mps2-an386; --part "),
        ("mps2-an386", {"clock_hz": 50_000_000}, "mps2-an386", 50_000_000, "at 50 MHz, the clock"),
        (
            "mps2-an386",
            {"parts": ("stm32l4r5",)},
            "stm32l4r5",
            120_000_000,
            "at 120 MHz, stm32l4r5",
        ),
    ],
)
def test_the_time_of_a_run(
    board: str, more: dict[str, Any], name: str, clock_hz: int, note: str
) -> None:
    made = run(board, **more)
    found = estimates.time(made)
    assert found
    assert (found.name, found.clock_hz) == (name, clock_hz)
    assert found.milliseconds == pytest.approx(1e3 * CYCLES / clock_hz)
    assert found.note.startswith(note)
    assert estimates.times(made) == {name: round(found.milliseconds, 4)}


def test_no_time_is_guessed() -> None:
    """The cycles of a core are not those of a part whose flash waits."""
    for board in ("nano_33_ble", "netduinoplus2"):
        made = run(board, cores=("cortex-m4",))
        assert estimates.time(made) is None
        assert estimates.times(made) == {}
    made = run("mps2-an386")
    made.cycles = ()
    assert estimates.time(made) is None


def test_the_gate_judges_cycles_of_the_core_alone() -> None:
    found, missing = gating.priced(run("netduinoplus2"))
    assert (list(found), missing) == (["cortex-m4"], "")
    data = {
        "layers": [],
        "cycles": {
            "cortex-m4": {"median": 2, "table": "t", "part": None},
            "stm32f405": {"median": 3, "table": "u", "part": "stm32f405"},
            "cortex-m3": {"median": 4},  # of a revision that says nothing of parts
        },
    }
    assert list(figures.cycles_from_json(data)) == ["cortex-m4", "cortex-m3"]


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ("stm32z1", "unknown part 'stm32z1'"),
        ("stm32f746", "part 'stm32f746' has a cortex-m7, not a cortex-m4"),
    ],
)
def test_a_wrong_part_is_the_boards_error(tmp_path: Path, part: str, said: str) -> None:
    text = (boards.load("netduinoplus2").folder / "board.toml").read_text()
    path = tmp_path / "mine" / "board.toml"
    path.parent.mkdir()
    path.write_text(text.replace("stm32f405", part, 1))
    with pytest.raises(BadInput, match=said) as caught:
        boards.read(path)
    assert caught.value.where == str(path)


def test_every_part_with_flash_has_wait_states_at_its_clock() -> None:
    for name in parts.names():
        (target,) = estimate.targets((), (name,))
        assert target.clock_hz
        assert target.part
        assert target.part.wait_states >= 0


def test_the_column_names_the_part_where_no_line_does() -> None:
    (column,) = [c for c in COLUMNS if c.name == "est_ms"]
    value = column.value(SimpleNamespace(run=run("netduinoplus2")))  # type: ignore[arg-type]
    assert column.shown(value) == "5.952"
    assert column.in_markdown(value) == "5.952 on stm32f405"
    value = column.value(SimpleNamespace(run=run("nano_33_ble", cores=("cortex-m4",))))  # type: ignore[arg-type]
    assert value is None


def test_the_energy_of_a_run_is_a_column_where_the_parts_power_is_published() -> None:
    (column,) = [c for c in COLUMNS if c.name == "est_mj"]
    made = run("mps2-an386", parts=("nrf52840", "stm32l4r5"))
    value = column.value(SimpleNamespace(run=made))  # type: ignore[arg-type]
    (power,) = {c.energy.millijoules for c in made.cycles if c.energy}
    assert value == {"name": "stm32l4r5", "millijoules": pytest.approx(power, rel=1e-2)}
    assert 0.069 * CYCLES / 120e6 < power / 1e3 < 0.079 * CYCLES / 120e6  # watts
    assert column.in_markdown(value).endswith(" on stm32l4r5")
    said = estimates.power(made.cycles[1])
    assert said.startswith("est. mJ: stm32l4r5, power ±")
    without = run("mps2-an386", parts=("nrf52840",))
    assert column.value(SimpleNamespace(run=without)) is None  # type: ignore[arg-type]
    assert estimates.power(without.cycles[0]) == ""


def test_an_estimate_tells_the_error_of_held_out_programs_apart() -> None:
    (target,) = estimate.targets((), ("stm32l4r5",))
    error = calibration.error("cortex-m4", "stm32l4r5")
    assert error
    assert error.held_out
    found = estimates.described(Cycles(target, (1.0,), {}, error, None, ""))
    assert found["error_held_out"]["programs"] == error.held_out.programs < error.programs
    assert found["error_held_out"]["mean_percent"] == round(error.held_out.mean, 2)
    assert estimates.described(Cycles(target, (1.0,), {}, None, None, ""))["error_held_out"] is None
