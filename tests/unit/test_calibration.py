"""Facts about real boards, error arithmetic, and noticing that the model has changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from boardless.core.errors import BadInput
from boardless.cycles import calibration, cores, decode, price
from boardless.cycles.calibration import ProgramRow, again, digest, facts, recorded
from boardless.cycles.counts import Tally
from boardless.front.calibrate import programs
from cycle_code import piece
from hypothesis import given
from hypothesis import strategies as st

MODULE = '''"""Words."""
from boardless.cycles import cores
from boardless.cycles.counts import Code
from boardless.cycles.decode import Instruction


def cost(now: Instruction) -> float:
    """More words."""
    return cores.RULES[now.kind] + 1.0  # why
'''
INFERENCE = """build_id = "0000000000000000"
date = "2026-11-21"
inputs = "0000000000000000"
inferences = 1
least = 1
most = 1
"""


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """The least that digest() looks at."""
    root = tmp_path / "cycles"
    for folder in ("cores", "parts", "decode"):
        (root / folder).mkdir(parents=True)
    (root / "price.py").write_text(MODULE)
    (root / "cores.py").write_text("RULES = {'alu': 1.0}\n")
    (root / "decode" / "__init__.py").write_text("from boardless.cycles.decode.thumb import X\n")
    (root / "decode" / "thumb.py").write_text("X = 1\n")
    (root / "counts.py").write_text("UNRELATED = 1\n")
    (root / "decode" / "riscv.py").write_text("Y = 1\n")
    text = 'isa = "thumb"\ncycles = 2\nsource = "a manual"\n'
    (root / "cores" / "cortex-m4.toml").write_text(text)
    (root / "cores" / "esp32-c3.toml").write_text('isa = "riscv"\n')
    (root / "parts" / "stm32f407.toml").write_text("wait_states = 5\n")
    return root


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


# ---- facts ----


@pytest.mark.parametrize("name", facts.names())
def test_facts_say_what_was_measured_where_and_how(name: str) -> None:
    suite = facts.load(name)
    assert suite.source.startswith("measured on " if suite.firmware else "https://")
    assert suite.clock_hz >= 1_000_000
    assert suite.compiler_major in (None, *range(5, 20))  # None: not published
    assert suite.note.strip()
    assert suite.split.strip()
    own = suite.build or suite.call
    assert own or suite.firmware
    assert not own or all((programs.OWN / file).is_file() for file in own.own)


def test_embench_holds_programs_out() -> None:
    held = {p.name for p in facts.load("embench").programs if p.held_out}
    assert {"edn", "wikisort"} <= held
    assert not held & {"crc32", "matmult-int", "nsichneu", "tarfind"}  # were looked at


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('core = "cortex-m4"', "core = 4", "core"),
        ('core = "cortex-m4"', 'core = "cortex-m4"\nclocks = 1', "clocks"),
        ('name = "edn"', 'name = "crc32"', "each once"),
        ("cycles = 64_096_000", "cycles = 0", "above 0"),
        ("[build]", "[bild]", "bild"),
        ("[build]", '[firmware]\nboard = "b"\ncounter = "dwt"\n[build]', "needs one of"),
        (
            "held_out = false",
            "held_out = false\n[program.inference]\n" + INFERENCE,
            "not allowed otherwise",
        ),
    ],
)
def test_a_wrong_facts_file_is_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    path = tmp_path / "own.toml"
    shutil.copy(facts.FOLDER / "embench.toml", path)
    edit(path, old, new)
    with pytest.raises(BadInput, match=says):
        facts.load(str(path))


def measured(name: str, cycles: int, **changes: Any) -> facts.Suite:
    """Returns a suite with the measurement of one model."""
    inference = facts.Inference("0" * 16, "2026-11-21", "1" * 16, 3, cycles - 5, cycles + 5, (1, 2))
    suite = facts.Suite(
        title="a board",
        core="cortex-m4",
        part="stm32f446",
        board="my-board",
        clock_hz=84_000_000,
        wait_states=2,
        compiler="arm-none-eabi-gcc 12.2.1",
        flags=("-O2",),
        source="measured on 2026-11-21",
        note="a note",
        split="held out",
        firmware=facts.Firmware("my-board", "dwt"),
        program=(facts.Program(name, cycles, True, inference=inference),),
    )
    return msgspec.structs.replace(suite, **changes)


def test_models_are_added_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "my.toml"
    facts.add(measured("b:int8", 2_000), path)
    facts.add(measured("a:int8", 1_000, clock_hz=84_000_100), path)
    whole = facts.add(measured("b:int8", 3_000), path)
    assert [(p.name, p.cycles) for p in whole.programs] == [("a:int8", 1_000), ("b:int8", 3_000)]
    assert facts.load(str(path)) == whole
    assert (whole.name, whole.clock_hz) == ("my", 84_000_000)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"part": None}, "holds part stm32f446, this is None"),
        ({"compiler": "gcc 99"}, "holds compiler arm-none-eabi-gcc 12.2.1, this is gcc 99"),
        ({"flags": ("-O2", "-g")}, "holds flags -O2, this is -O2 -g"),
        ({"clock_hz": 16_000_000}, "holds clock_hz 84000000, this is 16000000"),
        (
            {"firmware": facts.Firmware("other", "dwt")},
            r"holds firmware my-board \(dwt\), this is other \(dwt\); name another file with --fac",
        ),
    ],
)
def test_a_facts_file_holds_one_thing(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    path = tmp_path / "my.toml"
    facts.add(measured("a:int8", 1_000), path)
    before = path.read_text()
    with pytest.raises(BadInput, match=says):
        facts.add(measured("b:int8", 2_000, **changes), path)
    assert path.read_text() == before


def test_facts_that_cannot_be_kept(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot write"):
        facts.add(measured("a:int8", 1_000), tmp_path / "no" / "where.toml")
    with pytest.raises(BadInput, match=r"facts are kept in a \.toml"):
        facts.own(tmp_path / "my.json")
    with pytest.raises(BadInput, match="a suite of boardless has this name"):
        facts.own(tmp_path / "embench.toml")
    assert facts.own(tmp_path / "my.toml") == tmp_path / "my.toml"


def test_an_unknown_suite_names_the_known_ones() -> None:
    with pytest.raises(BadInput) as caught:
        facts.load("nonsense")
    assert "embench, embench-plain" in str(caught.value)


# ---- arithmetic ----


def test_errors_of_known_rows() -> None:
    rows = [
        ProgramRow("s", "a", 100, 110, True),
        ProgramRow("s", "b", 200, 190, False),
        ProgramRow("s", "c", 50, 50, False),
    ]
    assert [r.error_percent for r in rows] == pytest.approx([10, -5, 0])
    summary = calibration.summary(rows)
    assert (summary.programs, summary.worst_program) == (3, "a")
    assert (summary.mean, summary.median, summary.worst) == pytest.approx((5, 5, 10))


@given(
    st.lists(
        st.tuples(st.floats(1, 1e12), st.floats(0.1, 1e12)).map(
            lambda t: ProgramRow("s", "p", *t, False)
        ),
        min_size=1,
    ),
    st.floats(0.001, 1000),
)
def test_errors_do_not_depend_on_the_unit(rows: list[ProgramRow], scale: float) -> None:
    here = calibration.summary(rows)
    scaled = [ProgramRow("s", "p", r.measured * scale, r.estimated * scale, False) for r in rows]
    there = calibration.summary(scaled)
    assert there.mean == pytest.approx(here.mean, rel=1e-6, abs=1e-6)
    assert 0 <= here.median <= here.worst
    assert here.mean <= here.worst * (1 + 1e-9)


# ---- digest ----


def test_words_do_not_change_the_digest(package: Path) -> None:
    before = digest.digest("cortex-m4", "stm32f407", package)
    edit(package / "price.py", "Words.", "Other words.")
    edit(package / "price.py", "    return", "    # a comment\n\n    return")
    edit(package / "price.py", "+ 1.0  # why", "+ (\n        1.0\n    )")
    edit(package / "cores" / "cortex-m4.toml", "a manual", "another one")
    edit(package / "cores" / "cortex-m4.toml", "cycles", "# comment\ncycles")
    edit(package / "counts.py", "1", "2")
    assert digest.digest("cortex-m4", "stm32f407", package) == before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("price.py", "1.0", "1.5"),
        ("cores.py", "'alu': 1.0", "'alu': 2.0"),
        ("decode/thumb.py", "1", "2"),
        ("cores/cortex-m4.toml", "2", "3"),
        ("parts/stm32f407.toml", "5", "6"),
    ],
)
def test_numbers_and_code_change_the_digest(package: Path, file: str, old: str, new: str) -> None:
    before = digest.digest("cortex-m4", "stm32f407", package)
    edit(package / file, old, new)
    assert digest.digest("cortex-m4", "stm32f407", package) != before


def test_a_digest_covers_the_core_that_is_extended(package: Path) -> None:
    (package / "cores" / "cortex-m3.toml").write_text('extends = "cortex-m4"\n')
    before = digest.digest("cortex-m3", None, package)
    edit(package / "cores" / "cortex-m4.toml", "2", "3")
    assert digest.digest("cortex-m3", None, package) != before


def test_another_instruction_set_does_not_change_the_digest(package: Path) -> None:
    before = [digest.digest(core, None, package) for core in ("cortex-m4", "esp32-c3")]
    edit(package / "decode" / "riscv.py", "1", "2")
    after = [digest.digest(core, None, package) for core in ("cortex-m4", "esp32-c3")]
    assert [a == b for a, b in zip(before, after, strict=True)] == [True, False]


def test_another_part_is_another_model(package: Path) -> None:
    assert digest.digest("cortex-m4", None, package) != digest.digest(
        "cortex-m4", "stm32f407", package
    )


# ---- results ----


def test_a_result_is_read_back_and_noticed_when_old(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration.digests, "digest", lambda core, part: "new")
    assert calibration.error("cortex-m4", None, tmp_path) is None
    rows = [ProgramRow("one", "a", 100, 104, False), ProgramRow("one", "b", 100, 98, True)]
    empty = calibration.load("cortex-m4", None, tmp_path)
    calibration.save(empty, "one", "new", "14.2.1", rows, tmp_path)
    error = calibration.error("cortex-m4", None, tmp_path)
    assert error
    assert (error.mean, error.worst, error.programs) == pytest.approx((3, 4, 2))
    assert error.held_out
    assert error.held_out.programs == 1
    assert not error.stale
    assert str(error) == "±2.0 % mean, 2.0 % worst of 1 held-out program"

    found = calibration.load("cortex-m4", None, tmp_path)
    calibration.save(
        found, "two", "old", "14.2.1", [ProgramRow("two", "a", 100, 100, False)], tmp_path
    )
    error = calibration.error("cortex-m4", None, tmp_path)
    assert error
    assert (error.programs, error.suites, error.stale) == (3, ("one", "two"), True)
    assert "older model" in str(error)


def test_a_board_of_your_own_counts_for_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calibration.digests, "digest", lambda core, part: "new")
    own = [
        ProgramRow("mine", "a:int8", 100, 97, True, "desk"),
        ProgramRow("mine", "b:int8", 100, 101, True, "desk"),
    ]
    empty = calibration.load("cortex-m4", None, tmp_path)
    calibration.save(empty, "mine", "new", "12.2.1", own, tmp_path)
    found = calibration.load("cortex-m4", None, tmp_path)
    assert list(found.row) == own
    alone = calibration.error("cortex-m4", None, tmp_path)
    assert str(alone) == "±2.0 % mean, 3.0 % worst of 2 models against your board desk"
    assert alone
    assert alone.mean == pytest.approx(2)
    calibration.save(
        found, "one", "new", "14.2.1", [ProgramRow("one", "a", 100, 110, False)], tmp_path
    )
    both = calibration.error("cortex-m4", None, tmp_path)
    assert both
    assert (both.programs, both.held_out) == (1, None)
    assert both.mean == pytest.approx(10)
    assert str(both) == (
        "±10.0 % mean, 10.0 % worst of 1 program; "
        "±2.0 % mean, 3.0 % worst of 2 models against your board desk"
    )


def test_a_result_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("a file in the place of the folder")
    empty = calibration.load("cortex-m4", None, tmp_path)
    row = ProgramRow("one", "a", 100, 104, False)
    with pytest.raises(BadInput, match="cannot write"):
        calibration.save(empty, "one", "new", "14.2.1", [row], tmp_path / "results")


def test_a_suite_replaces_its_own_rows_only(tmp_path: Path) -> None:
    tmp_path = tmp_path / "made"
    for suite, estimated in (("one", 101), ("two", 102), ("one", 103)):
        found = calibration.load("cortex-m7", "stm32h743", tmp_path)
        rows = [ProgramRow(suite, "a", 100, estimated, False)]
        calibration.save(found, suite, "d", "14.2.1", rows, tmp_path, counts=f"of {suite}")
    result = calibration.load("cortex-m7", "stm32h743", tmp_path)
    assert [(r.suite, r.estimated) for r in result.row] == [("one", 103), ("two", 102)]
    assert result.counts == {"one": "of one", "two": "of two"}
    assert [p.name for p in tmp_path.iterdir()] == ["cortex-m7-stm32h743.toml"]


def test_a_damaged_result_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "cortex-m4.toml").write_text("core = 1\n")
    with pytest.raises(BadInput, match="boardless calibrate"):
        calibration.error("cortex-m4", None, tmp_path)


@pytest.mark.parametrize("path", sorted(calibration.FOLDER.glob("*.toml")), ids=lambda p: p.stem)
def test_committed_results_fit_the_facts(path: Path) -> None:
    core, _, part = path.stem.partition("-stm32")
    result = calibration.load(core, f"stm32{part}" if part else None)
    assert result.row
    for row in result.row:
        if row.board and row.suite not in facts.names():
            continue  # of a facts file that lies elsewhere
        suite = facts.load(row.suite)
        assert (suite.core, suite.part) == (result.core, result.part)
        program = next(p for p in suite.programs if p.name == row.program)
        assert (row.measured, row.held_out) == (program.cycles, program.held_out)
    error = calibration.error(result.core, result.part)
    assert error
    assert not error.stale, "the model has changed: boardless calibrate"
    own = {suite for suite in result.digests if suite in facts.names()}
    published = {suite for suite in own if not facts.load(suite).firmware}
    assert result.counts == {suite: recorded.load(suite).digest for suite in published}


# ---- recorded counts ----


def test_recorded_counts_are_read_back(tmp_path: Path) -> None:
    code, tally = piece(["mov r8,r8", "ldr r0,[r1]", "adds r0,#1"])
    decoded = decode.instructions("thumb", code.address.tolist(), code.content)
    tally = Tally(tally.executed, tally.fallthrough, {"icache_miss": np.array([0, 2, 0])})
    recorded.save("own", "12.2.1", {"one": (code, decoded, tally)}, tmp_path)
    found = recorded.load("own", tmp_path)
    assert found.compiler == "12.2.1"
    one = found.programs["one"]
    assert one.code.content == (b"",) * 3  # no machine code is kept
    m4 = cores.load("cortex-m4")
    prices = (
        price.weights(m4, None, code, tally),
        price.weights(m4, None, one.code, one.tally, one.decoded),
    )
    assert price.cycles(prices[0], tally).tolist() == price.cycles(prices[1], tally).tolist()
    np.testing.assert_array_equal(one.tally.events["icache_miss"], [0, 2, 0])


@pytest.mark.parametrize("damage", [lambda b: b[:-9], lambda b: b"x" + b, lambda b: b""])
def test_damaged_counts_are_refused(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    code, tally = piece(["mov r8,r8"])
    decoded = decode.instructions("thumb", code.address.tolist(), code.content)
    path = recorded.save("own", "12.2.1", {"one": (code, decoded, tally)}, tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match="damaged counts"):
        recorded.load("own", tmp_path)


def test_every_recorded_program_is_in_its_suite_and_priced_as_the_results_say() -> None:
    """One program per suite is priced again; `boardless calibrate --all` prices all."""
    assert set(again.suites()) == {n for n in facts.names() if not facts.load(n).firmware}
    for name in again.suites():
        suite, kept = facts.load(name), recorded.load(name)
        assert set(kept.programs) == {p.name for p in suite.programs}
        smallest = min(kept.programs, key=lambda n: len(kept.programs[n].decoded))
        rows = calibration.load(suite.core, suite.part).row
        row = next(r for r in rows if (r.suite, r.program) == (name, smallest))
        place = (suite.core, suite.part, suite.clock_hz)
        assert again.cycles(kept.programs[smallest], *place) == pytest.approx(row.estimated, abs=1)
