"""Baseline files: read, written, updated, and those that are committed."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import msgspec
import pytest
from boardless.core import paths
from boardless.core.errors import BadInput, TooSmall
from boardless.device import boards
from boardless.judge import baseline, figures, gating, judged, records, tolerances
from boardless.judge.baseline import Baseline
from boardless.judge.figures import Figures, Spent
from boardless.judge.growth import Finding
from boardless.model import zoo
from command_line import Cli
from gate_figures import (
    GCC,
    LAYERS,
    OLD,
    replaced,
    with_memory,
)

MPS2 = boards.load("mps2-an386")


JUDGED = "accepted: which cases are judged, in models/judged.toml"


@pytest.fixture
def own_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with the folder of one model, whose files are those of the real one."""
    folder = tmp_path / "zoo"
    monkeypatch.setattr(paths, "ZOO", folder)
    real = Path(__file__).parents[2] / "models" / "zoo" / "digits_cnn"
    (folder / "digits_cnn").mkdir(parents=True)
    for name in ("results.toml", "int8.tflite", "float32.tflite"):
        (folder / "digits_cnn" / name).symlink_to(real / name)
    return folder


def test_a_baseline_comes_back_as_it_was_written(own_zoo: Path) -> None:
    cycles = {"cortex-m4": Spent(1000, LAYERS, 1000, table="t")}
    content = Baseline("noise", GCC, int8=OLD, float32=replaced(instructions=None, cycles=cycles))
    file = baseline.write("digits_cnn", "mps2-an386", content)
    assert file == own_zoo / "digits_cnn" / "baseline" / "mps2-an386.toml"
    assert baseline.read("digits_cnn", "mps2-an386") == content
    assert baseline.write("digits_cnn", "mps2-an386", content) is None  # nothing new
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_one_figure_is_one_line_of_a_baseline(own_zoo: Path) -> None:
    one = baseline.text("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD))
    slower = replaced(instructions=Spent(1000, LAYERS | {"conv 2": 91}, 1005))
    two = baseline.text("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=slower))
    differ = [(a, b) for a, b in zip(one.splitlines(), two.splitlines(), strict=True) if a != b]
    assert differ == [('"conv 2" = 90', '"conv 2" = 91')]
    assert "boardless gate --update digits_cnn`; do not edit" in one.splitlines()[0]


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("arena_bytes = 1000", "arena_bytes = 'many'", "Expected `int`"),
        ("arena_bytes = 1000\n", "", "must hold arena_bytes, code_bytes"),
        ("[int8.memory]", "[int8.memroy]", "memroy"),
        ("[toolchain]", "[toolchain", "damaged baseline"),
        ('inputs = "noise"', "", "inputs"),
        ("arena_bytes = 1000", "arena_bytes = -1", "Expected `int` >= 0"),
        ("flash_bytes = 7000", "flash_bytes = 70000", "flash_bytes is not the sum"),
        ("arena_bytes = 1000", "arena_bytes = 9000", "static_ram_bytes is less than arena_bytes"),
        ("= 1300", "= 8000000", "RAM: 8,000,400 bytes, the board has 4,194,304"),
        ("whole = 1000", "whole = 10000000000000", "instructions: a whole of 10,000,000,000,000"),
        ("whole = 1000", "whole = 900", "instructions: a whole of 900, layers of 990"),
        ("worst = 1005\n", "", "the worst of all inputs is less than the first"),
    ],
)
def test_a_damaged_baseline_is_one_line(own_zoo: Path, old: str, new: str, says: str) -> None:
    file = baseline.write("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD))
    assert file
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    with pytest.raises(BadInput) as caught:
        baseline.read("digits_cnn", "mps2-an386")
    said = str(caught.value)
    assert says in said
    assert "mps2-an386.toml: damaged baseline" in said
    assert "boardless gate --update digits_cnn" in said
    assert "\n" not in said


def test_baselines_that_belong_to_nothing(own_zoo: Path) -> None:
    for model, board in (("digits_cnn", "gone-board"), ("gone_model", "mps2-an386")):
        (own_zoo / model).mkdir(exist_ok=True)
        assert baseline.write(model, board, Baseline("noise", GCC, int8=OLD))
    said = gating.unused(())
    assert said == [
        f"{own_zoo}/digits_cnn/baseline/gone-board.toml: unused baseline, there is no board "
        "gone-board; accept: boardless gate --update digits_cnn",
        f"{own_zoo}/gone_model/baseline/mps2-an386.toml: unused baseline, there is no model "
        "gone_model; accept: boardless gate --update",
    ]
    assert not records.Judgement((), tuple(said)).ok
    assert gating.update((), ("digits_cnn",)) == [
        f"deleted: {own_zoo}/digits_cnn/baseline/gone-board.toml"
    ]
    assert len(gating.update((), ())) == 1
    assert gating.unused(()) == []


def test_what_was_judged_stays_so_until_it_is_accepted_by_name(own_zoo: Path) -> None:
    content = Baseline("noise", GCC, int8=OLD, float32=OLD)
    file = baseline.write("digits_cnn", "mps2-an386", content)
    assert file
    assert gating.unused(()) == [
        f"digits_cnn:{kind} mps2-an386: it has a baseline, but is not in models/judged.toml; "
        "accept: boardless gate --update digits_cnn"
        for kind in ("float32", "int8")
    ]
    assert gating.update((), ("digits_cnn",)) == [JUDGED]
    assert gating.unused(()) == []
    # A board that is no default one stays among the cases.
    host = boards.load("host")
    baseline.write("digits_cnn", "host", Baseline("noise", GCC, int8=OLD))
    judged.update(())
    assert [c.names for c in gating.cases((), ())][-1] == "digits_cnn:int8 host"
    assert [c.names for c in gating.cases(("digits_cnn:int8",), ("host",))] == [
        "digits_cnn:int8 host"
    ]
    # Without its baseline it has none, which fails; one that does not fit any more fails, too.
    baseline.remove(baseline.path("digits_cnn", "host"))
    assert gating.unused(()) == []
    assert gating.misfit(records.Case("digits_cnn", "int8", host), TooSmall("small")).fitted
    # Without the model's folder only its name is left.
    shutil.rmtree(own_zoo / "digits_cnn")
    (own_zoo / "digits_cnn").mkdir()
    said = gating.unused(())
    assert len(said) == 3
    assert said[0] == (
        "digits_cnn:float32 mps2-an386: it was judged, and there is no such model any more; "
        "accept: boardless gate --update digits_cnn"
    )
    assert gating.cases(("digits_cnn",), ()) == []
    assert gating.update((), ("another",)) == []
    assert gating.update((), ("digits_cnn",)) == [JUDGED]
    assert gating.unused(()) == []


def test_the_list_of_what_is_judged_is_that_of_the_baselines() -> None:
    assert judged.cases() == judged.accepted()


def test_a_type_that_is_gone_is_unused(own_zoo: Path) -> None:
    content = Baseline("noise", GCC, int8=OLD, float32=OLD)
    baseline.write("digits_cnn", "mps2-an386", content)
    assert judged.update(())
    (own_zoo / "digits_cnn" / "float32.tflite").unlink()
    assert gating.unused(()) == [
        "digits_cnn:float32 mps2-an386: it was judged, and the model has no float32 any more; "
        "accept: boardless gate --update digits_cnn"
    ]
    (own_zoo / "digits_cnn" / "int8.tflite").unlink()
    assert len(gating.unused(())) == 3
    assert len(gating.update((), ("digits_cnn",))) == 2
    assert gating.unused(()) == []


def row(kind: str, new: Figures, **changes: Any) -> records.Comparison:
    case = records.Case("digits_cnn", kind, MPS2)
    made = records.Comparison(case, "", "noise", new, "accept: ...", toolchain=GCC)
    return dataclasses.replace(made, **changes)


def test_update_keeps_the_type_that_did_not_run(own_zoo: Path) -> None:
    baseline.write("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD, float32=OLD))
    new = with_memory(stack_bytes=1)
    assert gating.update([row("int8", new)], ()) == [
        f"accepted: {own_zoo}/digits_cnn/baseline/mps2-an386.toml",
        JUDGED,
    ]
    found = baseline.read("digits_cnn", "mps2-an386")
    assert found
    assert (found.int8, found.float32) == (new, OLD)


def test_update_does_not_mix_tool_chains(own_zoo: Path) -> None:
    baseline.write("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD, float32=OLD))
    other = msgspec.structs.replace(GCC, compiler="gcc 13")
    with pytest.raises(BadInput, match="so float32 must be accepted, too"):
        gating.update([row("int8", OLD, toolchain=other)], ())
    gating.update([row(kind, OLD, toolchain=other) for kind in ("int8", "float32")], ())
    found = baseline.read("digits_cnn", "mps2-an386")
    assert found
    assert found.toolchain == other


def test_figures_of_another_runtime_stand_beside_ours(own_zoo: Path) -> None:
    case = records.Case("digits_cnn", "int8", MPS2, reference="tflm", runtime="bakenn:portable")
    made = row("int8", OLD, case=case, version="toy 1")
    file = own_zoo / "digits_cnn/baseline/bakenn/portable/mps2-an386.toml"
    assert gating.update([made], ()) == [f"accepted: {file}", JUDGED]
    assert 'runtime = "toy 1"' in file.read_text()
    assert baseline.read("digits_cnn", "mps2-an386") is None
    found = baseline.read("digits_cnn", case.place)
    assert found
    assert (found.int8, found.runtime, baseline.of_place(case.place)) == (
        OLD,
        "toy 1",
        ("mps2-an386", "bakenn:portable"),
    )
    # Without a model, those that were accepted are judged, and only by their own runtime.
    assert judged.of_runtime("bakenn:portable") == {("digits_cnn", "int8", "mps2-an386")}
    assert [c.names for c in gating.cases((), (), runtime="bakenn:portable")] == [case.names]
    assert len(gating.cases((), ("mps2-an386",))) == 2
    with pytest.raises(BadInput, match="no figures of bakenn were accepted"):
        gating.cases((), (), runtime="bakenn")
    # A file that is deleted leaves its case in the list, and a type of another version goes along.
    with pytest.raises(BadInput, match="runtime or inputs changed, so int8 must be accepted, too"):
        gating.update([row("float32", OLD, case=case_of(case, "float32"), version="toy 2")], ())
    baseline.remove(file)
    assert gating.misfit(case, TooSmall("small")).fitted
    assert gating.update((), ("digits_cnn",)) == [JUDGED]
    assert judged.cases() == set()


def case_of(case: records.Case, kind: str) -> records.Case:
    return dataclasses.replace(case, kind=kind)


@pytest.mark.parametrize("runtime", ["toy:../../..", "toy:/home/checkout", "..", "toy:a\\b"])
def test_a_folder_of_one_machine_has_no_baselines(runtime: str) -> None:
    assert not baseline.has_place(runtime)


def test_a_type_that_another_runtime_refuses_is_a_note(own_zoo: Path) -> None:
    taken = records.Case("digits_cnn", "int8", MPS2, reference="tflm", runtime="bakenn")
    refused = records.Failure(case_of(taken, "float32"), BadInput("toy takes no float32"))

    def judgement(*models: str, rows: tuple[records.Comparison, ...]) -> records.Judgement:
        return gating.judgement(rows, tolerances.Tolerances(), models, failures=[refused])

    both = judgement("digits_cnn", rows=(row("int8", OLD, case=taken),))
    assert (both.exit_status, both.notes) == (0, (refused.line,))
    assert judgement("digits_cnn", rows=()).exit_status == 2
    named = judgement("digits_cnn:float32", rows=(row("int8", OLD, case=taken),))
    assert named.exit_status == 2


def test_wrong_outputs_are_not_accepted(own_zoo: Path) -> None:
    wrong = row("int8", OLD, findings=(Finding("wrong", "predictions", "1 of 3 differ"),))
    assert gating.update([wrong], ()) == ["digits_cnn mps2-an386: not accepted, see above"]
    assert baseline.read("digits_cnn", "mps2-an386") is None
    assert wrong.lines() == ["digits_cnn:int8 mps2-an386 predictions: 1 of 3 differ"]


def test_what_is_better_fails_where_nothing_may_be_lost_again() -> None:
    better = Finding("better", "stack", "", "stack_bytes", "bytes of RAM", 400, 300)
    found = row("int8", OLD, old=OLD, findings=(better,))
    plain = gating.judgement([found], tolerances.load())
    assert plain.ok
    kept = gating.judgement([found], tolerances.load(), ratchet=True)
    assert (kept.ok, kept.exit_status, kept.rows[0].word) == (False, 1, "better")
    said = "stack: 400 -> 300 bytes of RAM (-25.0 %), better but not accepted; accept: ..."
    assert kept.failing() == [f"digits_cnn:int8 mps2-an386 {said}"]
    assert gating.accepted(kept).ok


def test_cycles_that_are_not_counted_any_more_fail_there_too() -> None:
    note = Finding("skipped", "", gating.no_cycles("no plugin"))
    old = replaced(cycles={"cortex-m4": Spent(1000, LAYERS, 1000, table="t")})
    found = row("int8", OLD, old=old, findings=(note,))
    assert gating.judgement([found], tolerances.load()).ok
    assert gating.judgement([found], tolerances.load(), ratchet=True).failing() == [
        "digits_cnn:int8 mps2-an386: cycles are not judged: no plugin; accept: ..."
    ]


def test_a_note_names_whom_it_concerns_unless_all() -> None:
    note = Finding("skipped", "", "not comparable")
    int8, float32 = row("int8", OLD, findings=(note,)), row("float32", OLD)
    assert records.Judgement((int8, float32)).skipped() == [
        "digits_cnn:int8 mps2-an386: not comparable"
    ]
    assert records.Judgement((int8,)).skipped() == ["not comparable"]
    assert records.Judgement((int8, float32)).ok


def test_what_does_not_fit_into_a_board_is_one_line() -> None:
    def small(kind: str) -> records.Misfit:
        case = records.Case("digits_cnn", kind, boards.load("microbit"))
        what = f"digits_cnn:{kind} does not fit: RAM is too small by {len(kind)} bytes"
        return records.Misfit(case, what, fitted=False)

    assert records.Judgement((), misfits=(small("int8"),)).skipped() == [
        "microbit: digits_cnn:int8 does not fit: RAM is too small by 4 bytes"
    ]
    assert records.Judgement((), misfits=(small("int8"), small("float32"))).skipped() == [
        "microbit: 2 do not fit: digits_cnn:int8 (RAM is too small by 4 bytes), "
        "digits_cnn:float32 (RAM is too small by 7 bytes)"
    ]


# --- The committed baselines, and the command -----------------------------------------------------
@pytest.mark.slow
@pytest.mark.parametrize("name", zoo.names())
def test_every_model_has_a_baseline_of_every_default_board(name: str) -> None:
    for board in map(boards.load, boards.names()):
        if board.default:
            found = baseline.read(name, board.name)
            assert found, f"boardless gate --update {name}"
            assert "int8" in found.types  # float32 need not fit into every board
            assert set(found.types) <= set(zoo.types(name))
            assert found.inputs == figures.inputs(name).name
            assert baseline.path(name, board.name).read_text() == baseline.text(
                name, board.name, found
            )
    assert gating.unused(()) == []


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_int8_needs_fewer_instructions_than_float32(board: str) -> None:
    """Users quantise to save instructions; a layer without a variant once needed more."""
    both = 0
    for name in zoo.names():
        accepted = baseline.read(name, board)
        if accepted and accepted.int8 and accepted.float32:
            int8, float32 = accepted.int8.instructions, accepted.float32.instructions
            assert int8
            assert float32
            assert int8.whole < float32.whole, name
            both += 1
    assert both > 5


def test_models_are_named_as_elsewhere() -> None:
    assert [c.names for c in gating.cases(("digits_cnn",), ())][:2] == [
        "digits_cnn:int8 mps2-an386",
        "digits_cnn:float32 mps2-an386",
    ]
    twice = gating.cases(("digits_cnn:int8", "digits_cnn:int8"), ("host", "host"))
    assert [c.names for c in twice] == ["digits_cnn:int8 host"]


def test_bad_usage_is_one_line(cli: Cli) -> None:
    assert "'nonsense' is no model of the zoo" in cli.fails(2, "gate", "nonsense")
    assert "it has int8 and float32" in cli.fails(2, "gate", "digits_cnn:int4")
    assert "unknown board 'nonsense'" in cli.fails(2, "gate", "--board", "nonsense")
    done = cli("gate", "--update", "--against", "HEAD")
    assert done.returncode == 2
    assert "mutually exclusive" in done.stderr


def test_what_was_not_measured_is_not_said_to_be_as_accepted(cli: Cli) -> None:
    words = ("gate", "--update", "digits_cnn:int8", "--board", "host")
    done = cli(*words, BOARDLESS_BUILD_DIR="/dev/null/builds")
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == "nothing is accepted: nothing was measured"
