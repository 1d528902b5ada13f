"""The gate's comparison, tolerances and baseline files, without an emulator."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from boardless import boards, paths, zoo
from boardless.errors import BadInput
from boardless.gate import baseline, compare, figures, judge, tolerances, toolchain
from boardless.gate.baseline import Baseline
from boardless.gate.compare import Finding
from boardless.gate.figures import Counted, Figures
from boardless.gate.toolchain import Toolchain
from conftest import Cli

MEMORY = {
    "arena_bytes": 1000,
    "code_bytes": 5000,
    "flash_bytes": 7000,
    "stack_bytes": 400,
    "static_ram_bytes": 1300,
    "weights_bytes": 2000,
}
LAYERS = {"conv 0": 600, "depthwise conv 1": 300, "conv 2": 90}
OLD = Figures("m", "o", "1 2 3", MEMORY, Counted(1000, LAYERS, 1005))
GCC = Toolchain("gcc 12", ("-O2",), "l", "2.40")
MPS2 = boards.load("mps2-an386")


def no_tolerance(metric: str) -> float:
    return 0.0


def lines(new: Figures, old: Figures = OLD, **options: Any) -> list[str]:
    """What is said of `new`, before the command that accepts it."""
    found = compare.compare(old, new, options.pop("limit", no_tolerance), **options)
    return [str(f) for f in found]


def counted(**changes: int) -> Counted:
    """The old instructions with other layers, "conv_0" for "conv 0"; the whole is their sum."""
    layers = LAYERS | {k.replace("_", " "): v for k, v in changes.items()}
    return Counted(10 + sum(layers.values()), layers, 15 + sum(layers.values()))


def replaced(**changes: Any) -> Figures:
    return msgspec.structs.replace(OLD, **changes)


def with_memory(**changes: int) -> Figures:
    return replaced(memory=MEMORY | changes)


# --- Comparison ---------------------------------------------------------------------------------
def test_equal_figures_are_nothing_to_say() -> None:
    assert lines(OLD) == []


def test_a_slower_layer_is_one_line() -> None:
    assert lines(replaced(instructions=counted(conv_2=100))) == [
        "conv 2: 90 -> 100 instructions (+11.1 %, limit 0 %)"
    ]


def test_the_line_of_the_documentation() -> None:
    row = judge.Row(
        judge.Case("mobile_lenet", "int8", MPS2),
        reason="",
        inputs="",
        new=OLD,
        after="accept: boardless gate --update mobile_lenet",
    )
    finding = Finding("worse", "conv 3", "", "", "cycles cortex-m4", 812_334, 901_120)
    assert row.line(finding) == (
        "mobile_lenet:int8 mps2-an386 conv 3: 812,334 -> 901,120 cycles cortex-m4 "
        "(+10.9 %, limit 0 %); accept: boardless gate --update mobile_lenet"
    )


def test_a_faster_layer_is_told_and_fails_nothing() -> None:
    (found,) = compare.compare(OLD, replaced(instructions=counted(conv_0=540)), no_tolerance)
    assert str(found) == "conv 0: 600 -> 540 instructions (-10.0 %), better"
    assert not found.fails


def test_what_lies_between_layers_is_a_place_of_its_own() -> None:
    slower = replaced(instructions=Counted(1003, LAYERS, 1008))
    assert lines(slower) == ["between layers: 10 -> 13 instructions (+30.0 %, limit 0 %)"]


def test_the_slowest_input_counts_where_the_first_does_not_tell() -> None:
    slower = replaced(instructions=Counted(1000, LAYERS, 1100))
    assert lines(slower) == ["slowest inference: 1,005 -> 1,100 instructions (+9.5 %, limit 0 %)"]


def test_a_slower_worst_case_is_no_excuse_for_a_faster_first_input() -> None:
    new = replaced(instructions=Counted(940, LAYERS | {"conv 0": 540}, 1050))
    assert lines(new) == [
        "conv 0: 600 -> 540 instructions (-10.0 %), better",
        "slowest inference: 1,005 -> 1,050 instructions (+4.5 %, limit 0 %)",
    ]


def test_small_steps_within_a_tolerance_add_up_in_the_whole() -> None:
    slower = replaced(instructions=counted(conv_0=618, conv_2=92))  # +3 %, +2.2 %; whole +2 %
    limits = {"instructions.layer": 5.0, "instructions": 1.0, "instructions.worst": 5.0}
    assert lines(slower, limit=lambda metric: limits.get(metric, 0.0)) == [
        "inference: 1,000 -> 1,020 instructions (+2.0 %, limit 1 %)"
    ]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"arena_bytes": 1512, "static_ram_bytes": 1812},
            "arena: 1,000 -> 1,512 bytes of RAM (+51.2 %, limit 0 %)",
        ),
        (
            {"static_ram_bytes": 1308},
            "RAM beside the arena: 300 -> 308 bytes (+2.7 %, limit 0 %)",
        ),
        (
            {"code_bytes": 5004, "flash_bytes": 7004},
            "code: 5,000 -> 5,004 bytes of flash (+0.1 %, limit 0 %)",
        ),
        (
            {"weights_bytes": 2008, "flash_bytes": 7008},
            "weights: 2,000 -> 2,008 bytes of flash (+0.4 %, limit 0 %)",
        ),
        ({"stack_bytes": 408}, "stack: 400 -> 408 bytes of RAM (+2.0 %, limit 0 %)"),
    ],
)
def test_memory_that_grew_is_one_line(changes: dict[str, int], said: str) -> None:
    assert lines(with_memory(**changes)) == [said]


def test_other_outputs_are_changed_predictions_and_leave_counts_alone() -> None:
    other = replaced(outputs="x", top_1="1 2 0", instructions=counted(conv_2=91))
    assert lines(other) == [
        "predictions: changed: top class of 1 of 3 inputs; the model is the same, "
        "counts are not compared"
    ]
    assert "outputs, no top class" in lines(replaced(outputs="x"))[0]
    assert "no output on these 3 inputs; the model is another" in lines(replaced(model="x"))[0]
    assert "2 inputs instead of 3" in lines(replaced(top_1="1 2"))[0]


def test_a_new_layer_and_one_that_is_gone_do_not_move_the_others() -> None:
    layers = {"conv 0": 600, "pad 1": 50, "depthwise conv 2": 300, "conv 3": 95}
    new = replaced(instructions=Counted(1055, layers, 1060))
    assert lines(new) == [
        "layer pad 1 is new, 50 instructions",
        "conv 3: 90 -> 95 instructions (+5.6 %, limit 0 %)",
    ]
    assert lines(OLD, new) == [
        "layer pad 1 is gone, 50 instructions",
        "conv 2: 95 -> 90 instructions (-5.3 %), better",
    ]


def test_lost_and_new_instruction_counts_are_reported() -> None:
    (lost,) = compare.compare(OLD, replaced(instructions=None), no_tolerance)
    assert (lost.kind, str(lost)) == ("missing", "instructions are not counted any more")
    (found,) = compare.compare(replaced(instructions=None), OLD, no_tolerance)
    assert (found.kind, str(found)) == ("new", "instructions are counted now")


# --- Cycles -------------------------------------------------------------------------------------
def priced(whole: int, conv_2: int, table: str = "t") -> Counted:
    return Counted(whole, LAYERS | {"conv 2": conv_2}, table=table)


def test_one_place_is_one_line_by_the_cycles_of_the_boards_core() -> None:
    old = replaced(cycles={"cortex-m4": priced(1500, 590), "cortex-m7": priced(1200, 290)})
    new = replaced(
        instructions=counted(conv_2=100),
        cycles={"cortex-m4": priced(1520, 610), "cortex-m7": priced(1300, 390)},
    )
    (found,) = compare.compare(old, new, no_tolerance, core="cortex-m4")
    assert str(found) == "conv 2: 590 -> 610 cycles cortex-m4 (+3.4 %, limit 0 %)"
    assert [f.unit for f in found.also] == ["cycles cortex-m7", "instructions"]


def test_more_instructions_in_fewer_cycles_are_two_lines() -> None:
    old = replaced(cycles={"cortex-m4": priced(1500, 590)})
    new = replaced(instructions=counted(conv_2=100), cycles={"cortex-m4": priced(1400, 490)})
    found = compare.compare(old, new, no_tolerance, core="cortex-m4")
    assert [(f.kind, f.unit) for f in found] == [
        ("worse", "instructions"),
        ("better", "cycles cortex-m4"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "kind", "said"),
    [
        ({}, {}, "skipped", "cycles not available: no plugin"),
        ({"m4": "a"}, {}, "skipped", "cycles not available: no plugin"),
        ({"m4": "a"}, {"m4": "b"}, "skipped", "cycles not comparable: the table of m4 changed"),
        ({}, {"m4": "a"}, "skipped", "cycles of m4 are not in the baseline yet"),
        ({"m4": "a", "m7": "a"}, {"m4": "a"}, "unused", "no cycles of m7 any more"),
    ],
)
def test_cycles_that_cannot_be_compared(
    old: dict[str, str], new: dict[str, str], kind: str, said: str
) -> None:
    def cycles(tables: dict[str, str]) -> Figures:
        return replaced(cycles={core: priced(1, 1, table) for core, table in tables.items()})

    why = "cycles not available: no plugin"
    (found,) = compare.compare(cycles(old), cycles(new), no_tolerance, no_cycles=why)
    assert (found.kind, str(found)) == (kind, said)


# --- Another tool chain, other inputs ------------------------------------------------------------
def test_another_compiler_compares_predictions_arena_and_weights_alone() -> None:
    other = msgspec.structs.replace(
        with_memory(code_bytes=9000, flash_bytes=11_000, stack_bytes=900, static_ram_bytes=1999),
        outputs="other last bits",
        instructions=counted(conv_0=9999),
    )
    assert lines(other, same_compiler=False, exact_outputs=False) == []
    grown = with_memory(arena_bytes=1008, static_ram_bytes=1308, weights_bytes=1999)
    assert lines(grown, same_compiler=False) == [
        "arena: 1,000 -> 1,008 bytes of RAM (+0.8 %, limit 0 %)",
        "weights: 2,000 -> 1,999 bytes of flash (-0.1 %), better",
    ]
    wrong = replaced(top_1="1 2 0")
    assert len(lines(wrong, same_compiler=False, exact_outputs=False)) == 1


def test_other_inputs_compare_memory_alone() -> None:
    other = msgspec.structs.replace(
        with_memory(stack_bytes=401), top_1="0", instructions=counted(conv_0=9999)
    )
    assert lines(other, same_inputs=False) == ["stack: 400 -> 401 bytes of RAM (+0.2 %, limit 0 %)"]


@pytest.mark.parametrize("what", ["compiler", "libraries", "linker"])
def test_a_tool_chain_differs_in_each_of_its_parts(what: str) -> None:
    other = msgspec.structs.replace(GCC, **{what: "x"})
    assert toolchain.difference(GCC, GCC) == ""
    assert toolchain.difference(GCC, other).startswith(f"{what} 'x', the baseline has ")


def test_flags_are_named_in_full() -> None:
    other = msgspec.structs.replace(GCC, flags=("-Os", "-g"))
    assert toolchain.difference(GCC, other) == "flags '-Os -g', the baseline has '-O2'"


def test_flags_are_those_of_the_build() -> None:
    assert toolchain.project_flags(MPS2)[:2] == ("-std=gnu11", "-O2")
    own = dataclasses.replace(MPS2, folder=Path("/nowhere"), name="another")
    assert toolchain.project_flags(own) == toolchain.project_flags(MPS2)


def test_what_does_not_fit_the_board_is_wrong() -> None:
    assert compare.beyond_board(MEMORY, 7000, 1700) == []
    assert compare.beyond_board(MEMORY, 0, 0) == []  # a board that states no size
    found = compare.beyond_board(MEMORY, 6999, 1699)
    assert [str(f) for f in found] == [
        "flash: 7,000 bytes, the board has 6,999",
        "RAM: 1,700 bytes, the board has 1,699",
    ]
    assert all(f.kind == "wrong" for f in found)


# --- Tolerances ---------------------------------------------------------------------------------
def test_the_last_tolerance_that_fits_counts(tmp_path: Path) -> None:
    file = tmp_path / "gate.toml"
    file.write_text(
        """
        tolerance = [
          { metric = "instructions*", percent = 2 },
          { metric = "instructions.layer", percent = 3, model = "digits_cnn:*" },
          { metric = "*", percent = 1, board = "other" },
        ]
        """
    )
    found = tolerances.load(file)
    assert found.of("mobile_lenet:int8", "mps2-an386")("instructions.layer") == 2
    assert found.of("digits_cnn:int8", "mps2-an386")("instructions.layer") == 3
    assert found.of("digits_cnn:int8", "other")("instructions.layer") == 1
    assert found.of("digits_cnn:int8", "mps2-an386")("arena_bytes") == 0


def test_tolerances_that_fit_nothing_are_named() -> None:
    entries = [
        tolerances.Tolerance("instructions*", 1.0, "digits_cnn:*", "mps2-*"),
        tolerances.Tolerance("cycles.cortex-m4.layer", 1.0),
        tolerances.Tolerance("instuctions", 1.0),
        tolerances.Tolerance("*", 1.0, "gone:int8", "gone"),
    ]
    assert tolerances.Tolerances(tuple(entries)).idle() == [
        "models/gate.toml: tolerance 3 is unused: no metric is 'instuctions'",
        "models/gate.toml: tolerance 4 is unused: no model is 'gone:int8'",
        "models/gate.toml: tolerance 4 is unused: no board is 'gone'",
    ]


@pytest.mark.parametrize("text", ["[[tolerance]]\npercent = 1", "tolerances = []", "x", "\xff"])
def test_a_damaged_tolerance_file_is_named(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gate.toml"
    file.write_bytes(text.encode("latin1"))
    with pytest.raises(BadInput, match=r"gate\.toml: "):
        tolerances.load(file)


def test_the_committed_tolerances_allow_nothing() -> None:
    assert tolerances.load() == tolerances.Tolerances()
    assert tolerances.load(Path("nowhere.toml")) == tolerances.Tolerances()


# --- Inputs and digests --------------------------------------------------------------------------
def test_noise_is_the_same_on_every_machine() -> None:
    made = figures.noise((8, 8, 1))
    assert made.shape == (figures.NOISE, 8, 8, 1)
    assert figures.digest(made) == "6667e406f83ae5c6"


def test_inputs_need_no_download() -> None:
    assert figures.inputs("digits_cnn").name.startswith("16 of noise, 16 of digits, ")
    assert figures.inputs("mobile_lenet").name.startswith("16 of noise, ")
    assert "bloodmnist" not in figures.inputs("mobile_lenet").name


def test_a_digest_tells_every_bit_type_and_shape_apart() -> None:
    values = np.arange(6, dtype=np.int8)
    seen = {figures.digest(v) for v in (values, values.reshape(2, 3), values.astype(np.int16))}
    assert len(seen) == 3


def test_a_models_digest_is_of_what_it_computes() -> None:
    model = zoo.find("digits_cnn:int8").graph
    assert figures.model_digest(model) == figures.model_digest(model.replace(name="another"))
    number = model.operators[0].inputs[1]
    weights = model.tensors[number].data
    assert weights is not None
    flipped = weights.copy()
    flipped.flat[0] ^= 1
    tensor = dataclasses.replace(model.tensors[number], data=flipped)
    tensors = (*model.tensors[:number], tensor, *model.tensors[number + 1 :])
    assert figures.model_digest(model) != figures.model_digest(model.replace(tensors=tensors))


def test_cycles_are_read_from_the_json_of_a_run() -> None:
    layers = [
        {"index": 0, "op": "CONV_2D", "cycles": {"cortex-m4": 700.4}},
        {"index": 1, "op": "SOFTMAX", "cycles": {"cortex-m4": 20}},
    ]
    data = {"cycles": {"cortex-m4": {"median": 731.0, "table": "t"}}, "layers": layers}
    assert figures.cycles_from_json(data) == {
        "cortex-m4": Counted(731, {"conv 0": 700, "softmax 1": 20}, table="t")
    }
    assert figures.cycles_from_json({"cycles": {}, "layers": layers}) == {}


# --- Baseline files ------------------------------------------------------------------------------
@pytest.fixture
def own_zoo(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A zoo with the folder of one model, whose files are those of the real one."""
    monkeypatch.setattr(paths, "ZOO", tmp_path)
    real = Path(__file__).parents[2] / "models" / "zoo" / "digits_cnn"
    folder = tmp_path / "digits_cnn"
    folder.mkdir()
    for name in ("results.toml", "int8.tflite", "float32.tflite"):
        (folder / name).symlink_to(real / name)
    return tmp_path


def test_a_baseline_comes_back_as_it_was_written(own_zoo: Path) -> None:
    cycles = {"cortex-m4": priced(1, 2)}
    content = Baseline("noise", GCC, int8=OLD, float32=replaced(instructions=None, cycles=cycles))
    file = baseline.write("digits_cnn", "mps2-an386", content)
    assert file == own_zoo / "digits_cnn" / "baseline" / "mps2-an386.toml"
    assert baseline.read("digits_cnn", "mps2-an386") == content
    assert baseline.write("digits_cnn", "mps2-an386", content) is None  # nothing new
    assert [p.name for p in file.parent.iterdir()] == [file.name]


def test_one_figure_is_one_line_of_a_baseline(own_zoo: Path) -> None:
    one = baseline.text("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD))
    slower = replaced(instructions=Counted(1000, LAYERS | {"conv 2": 91}, 1005))
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
    cases = judge.cases((), ())
    said = judge.unused(cases, ())
    assert said == [
        f"{own_zoo}/digits_cnn/baseline/gone-board.toml: unused baseline, there is no board "
        "gone-board; accept: boardless gate --update digits_cnn",
        f"{own_zoo}/gone_model/baseline/mps2-an386.toml: unused baseline, there is no model "
        "gone_model; accept: boardless gate --update",
    ]
    assert not judge.Report((), tuple(said)).ok
    assert judge.update((), ("digits_cnn",)) == [
        f"deleted: {own_zoo}/digits_cnn/baseline/gone-board.toml"
    ]
    assert len(judge.update((), ())) == 1
    assert judge.unused(cases, ()) == []


def test_a_type_that_is_gone_is_unused(own_zoo: Path) -> None:
    content = Baseline("noise", GCC, int8=OLD, float32=OLD)
    baseline.write("digits_cnn", "mps2-an386", content)
    (own_zoo / "digits_cnn" / "float32.tflite").unlink()
    assert judge.unused(judge.cases((), ()), ()) == [
        "digits_cnn:float32 mps2-an386: unused baseline, the model has no float32; "
        "accept: boardless gate --update digits_cnn"
    ]


def row(kind: str, new: Figures, **changes: Any) -> judge.Row:
    case = judge.Case("digits_cnn", kind, MPS2)
    made = judge.Row(case, "", "noise", new, "accept: ...", toolchain=GCC)
    return dataclasses.replace(made, **changes)


def test_update_keeps_the_type_that_did_not_run(own_zoo: Path) -> None:
    baseline.write("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD, float32=OLD))
    new = with_memory(stack_bytes=1)
    assert judge.update([row("int8", new)], ()) == [
        f"accepted: {own_zoo}/digits_cnn/baseline/mps2-an386.toml"
    ]
    found = baseline.read("digits_cnn", "mps2-an386")
    assert found
    assert (found.int8, found.float32) == (new, OLD)


def test_update_does_not_mix_tool_chains(own_zoo: Path) -> None:
    baseline.write("digits_cnn", "mps2-an386", Baseline("noise", GCC, int8=OLD, float32=OLD))
    other = msgspec.structs.replace(GCC, compiler="gcc 13")
    with pytest.raises(BadInput, match="so float32 must be accepted, too"):
        judge.update([row("int8", OLD, toolchain=other)], ())
    judge.update([row(kind, OLD, toolchain=other) for kind in ("int8", "float32")], ())
    found = baseline.read("digits_cnn", "mps2-an386")
    assert found
    assert found.toolchain == other


def test_wrong_outputs_are_not_accepted(own_zoo: Path) -> None:
    wrong = row("int8", OLD, findings=(Finding("wrong", "predictions", "1 of 3 differ"),))
    assert judge.update([wrong], ()) == ["digits_cnn mps2-an386: not accepted, see above"]
    assert baseline.read("digits_cnn", "mps2-an386") is None
    assert wrong.lines() == ["digits_cnn:int8 mps2-an386 predictions: 1 of 3 differ"]


def test_a_note_names_whom_it_concerns_unless_all() -> None:
    note = Finding("skipped", "", "not comparable")
    int8, float32 = row("int8", OLD, findings=(note,)), row("float32", OLD)
    assert judge.Report((int8, float32)).skipped() == ["digits_cnn:int8 mps2-an386: not comparable"]
    assert judge.Report((int8,)).skipped() == ["not comparable"]
    assert judge.Report((int8, float32)).ok


# --- The committed baselines, and the command -----------------------------------------------------
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
    assert judge.unused(judge.cases((), ()), ()) == []


def test_models_are_named_as_elsewhere() -> None:
    assert [c.names for c in judge.cases(("digits_cnn",), ())][:2] == [
        "digits_cnn:int8 mps2-an386",
        "digits_cnn:float32 mps2-an386",
    ]
    twice = judge.cases(("digits_cnn:int8", "digits_cnn:int8"), ("host", "host"))
    assert [c.names for c in twice] == ["digits_cnn:int8 host"]


def test_bad_usage_is_one_line(cli: Cli) -> None:
    assert "'nonsense' is no model of the zoo" in cli.fails(2, "gate", "nonsense")
    assert "it has int8 and float32" in cli.fails(2, "gate", "digits_cnn:int4")
    assert "unknown board 'nonsense'" in cli.fails(2, "gate", "--board", "nonsense")
    done = cli("gate", "--update", "--against", "HEAD")
    assert done.returncode == 2
    assert "exclude each other" in done.stderr


# --- What stands in the zoo ---------------------------------------------------------------------
@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_int8_needs_fewer_instructions_than_float32(board: str) -> None:
    """That is what a user quantises for; a layer without a twin once made it untrue."""
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
