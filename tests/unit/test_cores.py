"""Core and part tables: all can be read, one more is one more file, nonsense is named."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.cycles import calibration, cores, parts, price
from boardless.cycles.counts import Tally
from boardless.device import boards
from boardless.path import Request
from boardless.path.preparing import targets
from cycle_code import piece


@pytest.mark.parametrize("name", cores.names())
def test_every_core_prices_what_it_can_execute(name: str) -> None:
    core = cores.load(name)
    priced = {kind for rule in core.cost for kind in rule.kinds}
    assert {"alu", "load", "store", "mul", "branch"} <= priced
    assert core.status
    assert calibration.error(name), "no core is left at no board data"
    for rule in (*core.cost, *core.latency, *core.neighbours, *core.taken, *core.dual_issue):
        assert rule.source
    for cost in core.cost:
        if cost.least is not None and cost.most is not None:
            assert cost.least <= cost.cycles <= cost.most


@pytest.mark.parametrize("name", parts.names())
def test_every_part_has_a_core_and_a_clock(name: str) -> None:
    part = parts.load(name)
    assert part.core in cores.names()
    assert part.clock_hz > 1_000_000
    assert part.source


@pytest.mark.parametrize("name", boards.names())
def test_every_board_has_a_core_with_prices(name: str) -> None:
    core = boards.load(name).core
    assert core in cores.names() or core == "host"  # the fake board counts nothing


def test_the_cores_and_parts_that_there_must_be() -> None:
    known = {f"cortex-{c}" for c in ("m0", "m0plus", "m3", "m4", "m7", "m33", "m55", "m85")}
    assert known | {"esp32-lx6", "esp32-c3"} <= set(cores.names())
    wanted = "stm32f407 stm32f405 stm32l4r5 stm32f446 stm32f746 stm32f769 stm32h743 stm32h747"
    wanted += " nrf52840 rp2040 nrf5340 stm32g0b1 esp32 esp32-c3"
    wanted += " stm32h7a3 stm32u575 ra8d1 esp32-flash esp32-c3-flash esp32-s3-flash"
    assert set(wanted.split()) <= set(parts.names())


def test_one_more_core_is_one_more_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slow = (cores.FOLDER / "cortex-m0.toml").read_text().replace("cycles = 1\n", "cycles = 7\n")
    for path in cores.FOLDER.glob("*.toml"):
        shutil.copy(path, tmp_path)
    (tmp_path / "my-core.toml").write_text(slow)
    monkeypatch.setattr(cores, "FOLDER", tmp_path)
    assert "my-core" in cores.names()
    code, tally = piece(["mov r8,r8"] * 10)
    weights = price.weights(cores.load("my-core"), None, code, tally)
    assert price.cycles(weights, tally).sum() == 70


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('kinds = ["load", "store"]', 'kinds = ["loda"]', "unknown word 'loda'"),
        ("cycles = 2", "cycles = -2", "negative cycles for"),
        ("cycles = 2", 'cycles = "two"', "Expected `float`"),
        ("[[cost]]", "[[costs]]", "unknown field `costs`"),
        ("isa =", "isa = = ", "Invalid value"),
    ],
)
def test_a_wrong_table_is_refused_by_name(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = tmp_path / "wrong.toml"
    text = (cores.FOLDER / "cortex-m0.toml").read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput, match=message) as caught:
        cores.read(path)
    assert str(path) in str(caught.value)


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(BadInput, match="unknown core 'm4'; known: cortex-m0, "):
        cores.load("m4")
    with pytest.raises(BadInput, match="unknown part 'stm32'; known: esp32, "):
        parts.load("stm32")


def test_the_clock_decides_the_wait_states() -> None:
    part = parts.load("stm32f407")
    assert part.wait_states == 5
    assert part.at(16_000_000).wait_states == 0
    with pytest.raises(BadInput, match="stm32f407 does not run at 200000000 Hz; at most"):
        part.at(200_000_000)


def test_simulated_caches_are_described_for_the_plugin() -> None:
    caches = parts.load("stm32h743").simulated(0, 0x1000)
    assert caches == ("icache:i:32:256:2:0x0:0x1000", "dcache:d:32:128:4:0x0:0x1000")
    assert parts.load("esp32").simulated(0, 0x1000) == ()
    shared = parts.load("esp32-flash").simulated(0, 0x1000)
    assert shared == ("icache:i:32:512:2:0x0:0x1000", "dcache:s:32:512:2:0x0:0x1000")


@pytest.mark.parametrize(
    ("name", "clock_hz", "code", "constants"),
    [
        ("esp32-flash", 240_000_000, 258, 258),
        ("esp32-flash", 160_000_000, 172, 172),
        ("esp32-c3-flash", 160_000_000, 168, 56),
        ("esp32-s3-flash", 240_000_000, 252, 84),
        ("stm32f746", 216_000_000, 11, 11),
    ],
)
def test_a_miss_waits_for_the_line_or_for_its_word(
    name: str, clock_hz: int, code: int, constants: int
) -> None:
    part = parts.load(name).at(clock_hz)
    assert part.icache
    assert part.dcache
    assert (part.miss(part.icache), part.miss(part.dcache)) == (code, constants)
    none = np.zeros(1, np.int64)
    seen = {"icache_miss": none, "icache_jump_miss": none, "dcache_read_miss": none}
    events = part.events(Tally(none, none, seen))
    assert events == dict(zip(seen, (code, code, constants), strict=True))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "lines = 1024\nline_bytes = 32\nways = 2\nshared",
            "lines = 8\nline_bytes = 32\nways = 2\nshared",
            "needs an [icache] of its shape",
        ),
        ("ways = 2\nsource", "ways = 2\nshared = true\nsource", "[icache] cannot be shared"),
        ("shared = true", "wait_states = [{ up_to_hz = 9, cycles = 1 }]", "end below the flash's"),
    ],
)
def test_caches_that_cannot_be(tmp_path: Path, old: str, new: str, message: str) -> None:
    text = (parts.FOLDER / "esp32-flash.toml").read_text()
    assert old in text
    path = tmp_path / "esp32-flash.toml"
    path.write_text(text.replace(old, new))
    with pytest.raises(BadInput, match=re.escape(message)):
        parts.read(path)


def test_a_part_is_estimated_at_the_clock_that_is_asked_for() -> None:
    def part(clock: int | None) -> parts.Part:
        request = Request("digits_cnn", "mps2-an386", parts=("stm32f446",), clock=clock)
        (target,) = targets(request)
        assert target.part
        return target.part

    usual = part(None)
    assert (usual.clock_hz, usual.wait_states) == (180_000_000, 5)
    assert (part(16_000_000).clock_hz, part(16_000_000).wait_states) == (16_000_000, 0)
    assert part(180_400_000) == usual  # as exactly as a timer measures it
    with pytest.raises(BadInput, match="stm32f446 does not run at 216000000 Hz"):
        part(216_000_000)
    (core,) = targets(Request("digits_cnn", "mps2-an386", cores=("cortex-m4",)))
    assert core.at(16_000_000) == core


# ---- extends ----


def table(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.toml"
    path.write_text(text)
    return path


RULE = '[[cost]]\nkinds = ["{}"]\ncycles = {}\nsource = "a manual"\n'


def test_a_core_states_what_differs_from_another(tmp_path: Path) -> None:
    head = 'description = "{}"\nstatus = "{}"\n'
    fetch = '[fetch]\nwords = 3\nsource = "a manual"\n'
    table(
        tmp_path,
        "first",
        head.format("First", "measured")
        + 'isa = "thumb"\nfeatures = []\n'
        + fetch
        + RULE.format("alu", 1),
    )
    own = head.format("Second", "estimate") + 'extends = "first"\nfeatures = ["dsp"]\n'
    second = cores.read(table(tmp_path, "second", own + RULE.format("alu", 2)))
    assert (second.name, second.description, second.status) == ("second", "Second", "estimate")
    assert (second.isa, second.features) == ("thumb", ("dsp",))
    assert second.fetch is not None
    assert [rule.cycles for rule in second.cost] == [1, 2]  # the later one counts


def test_how_well_a_core_is_known_is_not_inherited(tmp_path: Path) -> None:
    text = (cores.FOLDER / "cortex-m4.toml").read_text()
    first = cores.read(table(tmp_path, "first", 'status = "measured here"\n' + text))
    path = table(tmp_path, "second", 'extends = "first"\ndescription = "Second"\n')
    assert (first.status, cores.read(path).status) == ("measured here", "estimate: no board data")


@pytest.mark.parametrize(
    ("parent", "text"), [("nobody", "unknown"), ("second", "second extends second")]
)
def test_a_core_that_extends_nothing(tmp_path: Path, parent: str, text: str) -> None:
    with pytest.raises(BadInput, match=text):
        cores.read(table(tmp_path, "second", f'extends = "{parent}"\n'))
