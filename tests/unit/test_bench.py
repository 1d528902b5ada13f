"""`boardless bench` on given counts, without an emulator."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from boardless.front import bench
from boardless.front.bench import table as report
from boardless.judge.predictions import Verdict
from boardless.model import compiler, graph, random_network, structures, zoo
from command_line import Cli
from some_build import BUILD

PLAN = bench.plan()
GOOD = Verdict(True, "", 1.0, True, 0.0, (), None, None)


def row(case: bench.BenchCase, instructions: int, **kinds: bench.Kind) -> bench.BenchRow:
    built = dataclasses.replace(
        BUILD, model=case.model, output_count=2, flash_bytes=2, nominal_macs=7_489_664
    )
    named = {name.replace("_", " "): kind for name, kind in kinds.items()}
    return bench.BenchRow(
        case, built, True, GOOD, instructions, kinds=named, reference_instructions=2 * instructions
    )


def test_every_limit_belongs_to_a_case_and_names_something_measured() -> None:
    known = {(case.model, case.fold, case.weights_in_ram) for case in PLAN.cases}
    timed = {time.model for time in PLAN.published}
    figures = ("instructions", "per_mac", "cycles_per_mac", "arena_bytes", *bench.KINDS)
    for limit in PLAN.limits:
        assert (limit.model, limit.fold, limit.weights_in_ram) in known
        assert limit.what in figures or (limit.what == "milliseconds" and limit.model in timed)


@pytest.mark.parametrize("peer", PLAN.peers, ids=lambda peer: peer.name)
def test_peers_figures_fit_together(peer: bench.Peer) -> None:
    assert peer.model in {case.model for case in PLAN.cases}
    assert peer.macs
    assert peer.instructions / peer.macs == pytest.approx(peer.per_mac, rel=2e-3)
    assert set(peer.kinds) <= set(bench.KINDS)
    model, _ = bench.find(peer.model)
    # MACs of the model here: the peers' authors leave those of the last layer out or not
    assert compiler.compile_graph(model.graph).nominal_macs == pytest.approx(peer.macs, rel=1e-3)


def test_a_named_model_brings_all_of_its_cases() -> None:
    assert bench.cases(()) == PLAN.cases
    assert bench.cases(("vww_96_int8",)) == (
        bench.BenchCase("vww_96_int8"),
        bench.BenchCase("vww_96_int8", fold=False),
    )
    assert bench.cases(("my.tflite", "my.tflite")) == (bench.BenchCase("my.tflite"),)


def test_without_data_the_structure_stands_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("BOARDLESS_DATA", "BOARDLESS_MLPERF"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("BOARDLESS_BUILD_DIR", str(tmp_path))
    for name, kind in (("vww_96_int8", "int8"), ("vww_96_float", "float32")):
        model, trained = bench.find(name)
        assert (model.name, trained) == (name, False)
        assert model.graph.input_tensor.dtype == kind
        assert compiler.compile_graph(model.graph, fold=False).macs == 7_489_664


def test_pico_has_the_published_size() -> None:
    content = structures.build("micromobilenet_pico")
    program = compiler.compile_graph(graph.read(content, "pico"))
    assert program.macs == program.nominal_macs == 53_616
    shapes = [layer.output_shapes[0] for layer in program.layers if layer.op == "CONV_2D"]
    assert shapes == [f"float32 1x{n}x{n}x{c}" for n, c in ((32, 3), (16, 6), (8, 12), (4, 24))] + [
        "float32 1x1x1x2"
    ]


def test_layers_go_to_kinds_and_the_rest_is_overhead() -> None:
    program = compiler.compile_graph(zoo.find("mobile_lenet:int8").graph)
    counts = tuple(range(1, len(program.layers) + 1))
    kinds = bench.by_kind(program, counts, sum(counts) + 7)
    assert {name: kind.layers for name, kind in kinds.items()} == {
        "first convolution": 1,
        "pointwise": 6,
        "depthwise": 6,
        "fully connected": 1,
        "pool and mean": 1,
        "softmax": 1,
        "overhead": 0,
    }
    assert kinds["first convolution"].instructions == 1
    assert kinds["overhead"].instructions == 7
    assert sum(kind.instructions for kind in kinds.values()) == sum(counts) + 7
    assert sum(kind.macs for kind in kinds.values()) == program.macs
    assert kinds["softmax"].per_mac is None


def test_a_second_spatial_convolution_is_another_kind() -> None:
    net = random_network.Network((1, 6, 6, 4))
    net.conv(4, 1, 1, random_network.NONE)
    net.conv(4, 3, 1, random_network.RELU)
    net.conv(4, 3, 1, random_network.RELU)
    program = compiler.compile_graph(graph.read(net.content(), "two"), fold=False)
    kinds = bench.by_kind(program, (1, 2, 4), 7)
    assert {name: kind.instructions for name, kind in kinds.items()} == {
        "pointwise": 1,
        "first convolution": 2,
        "other convolution": 4,
        "overhead": 0,
    }


def test_a_limit_is_kept_below_and_exceeded_at_its_value() -> None:
    limits = {(x.what, x.fold): x.below for x in PLAN.limits if x.model == "vww_96_int8"}
    most = int(limits["instructions", True])
    case = bench.BenchCase("vww_96_int8")
    assert bench.exceeded(row(case, most - 1)) == []
    assert [x.what for x in bench.exceeded(row(case, most))] == ["instructions"]
    unfolded = bench.BenchCase("vww_96_int8", fold=False)
    fast = bench.Kind(1, 1000, int(1000 * limits["pointwise", False]) - 1)
    slow = bench.Kind(1, 1000, round(1000 * limits["depthwise", False]))
    made = row(unfolded, 1_000_000, pointwise=fast, depthwise=slow)
    assert [x.what for x in bench.exceeded(made)] == ["depthwise", "first convolution"]
    assert not bench.ok([made])


def test_random_weights_are_not_judged_by_what_folding_saves(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Nothing folds without the file of visual wake words, which is no fault of a kernel."""
    real = row(bench.BenchCase("vww_96_int8"), 9_687_378)
    assert [x.what for x in bench.exceeded(real)] == ["instructions"]
    made = dataclasses.replace(real, trained=False)
    assert bench.ok([made])
    limits = report.record([made], "mps2-an386")["rows"][0]["limits"]
    assert {limit["kept"] for limit in limits} == {None}
    report.show([made])
    shown = capsys.readouterr().out
    assert "limit not judged: vww_96_int8, folded: instructions 9,687,378, below 5.75 M" in shown
    assert "(<" not in shown
    assert "(NOT" not in shown


def test_a_model_without_products_has_no_figure_per_product(
    capsys: pytest.CaptureFixture[str],
) -> None:
    made = row(bench.BenchCase("sums.tflite"), 400)
    made = dataclasses.replace(made, build=dataclasses.replace(made.build, nominal_macs=0))
    assert report.record([made], "mps2-an386")["rows"][0]["per_mac"] is None
    report.show([made])
    assert "400" in capsys.readouterr().out


def test_rows_say_where_the_weights_lie() -> None:
    cases = [bench.BenchCase("ad01_int8", weights_in_ram=held) for held in (False, True)]
    rows = report.record([row(case, 1) for case in cases], "mps2-an386")["rows"]
    assert [each["weights_in_ram"] for each in rows] == [False, True]


def test_a_model_that_is_not_there_is_refused_before_any_is_measured(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bench, "measure", None)
    words = ("bench", "digits_cnn", "ad01_int8")
    line = cli.fails(2, *words, BOARDLESS_MLPERF=str(tmp_path))
    assert f"no .tflite file below {tmp_path} is ad01_int8, whose SHA-256 begins with " in line
    line = cli.fails(2, *words, BOARDLESS_MLPERF="", BOARDLESS_DATA="")
    assert "ad01_int8 is not here" in line


def test_wrong_outputs_leave_no_counts_in_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    wrong = dataclasses.replace(GOOD, ok=False, reason="1 of 2 predictions differ")
    made = dataclasses.replace(row(bench.BenchCase("vww_96_int8"), 9_999_999), verdict=wrong)
    data = report.record([made], "mps2-an386")
    assert data["ok"] is False
    assert "instructions" not in data["rows"][0]
    assert "limits" not in data["rows"][0]
    report.show([made])
    shown = capsys.readouterr().out
    assert "9,999,999" not in shown
    assert "WRONG, no counts: 1 of 2 predictions differ" in shown


def test_unknown_model(cli: Cli) -> None:
    done = cli("bench", "no_such_model")
    assert done.returncode == 2
    assert "unknown model 'no_such_model'" in done.stderr
